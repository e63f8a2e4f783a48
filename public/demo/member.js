import { once, till } from './api.js'
import { me } from './session.js'

const ENTRIES = 12

/** What is known of the member who is signed in, null without one; it outlives a change of language. */
export let data = null

let asked = 0

/** Reads all anew, the card's QR code too; an answer that a later one has overtaken is dropped. */
export async function load() {
  const turn = ++asked
  const [member, card, balance, tier, { data: rewards }, { data: coupons }, page] =
    await Promise.all([
      me('GET', '/me'),
      me('GET', '/me/card'),
      me('GET', '/me/balance'),
      me('GET', '/me/tier'),
      me('GET', '/me/rewards'),
      me('GET', '/me/coupons?limit=20'),
      me('GET', `/me/entries?limit=${ENTRIES}`),
    ])
  if (turn === asked) {
    const { data: entries, nextCursor } = page
    data = { member, card, balance, tier, rewards, coupons, entries, nextCursor }
  }
}

/** Reads a fresh QR code. */
export async function renewCard() {
  const card = await me('GET', '/me/card')
  if (data !== null) {
    data = { ...data, card }
  }
}

/** Reads the next older entries. */
export async function loadOlder() {
  const page = await me('GET', `/me/entries?limit=${ENTRIES}&cursor=${data.nextCursor}`)
  const { data: older, nextCursor } = page
  data = { ...data, entries: [...data.entries, ...older], nextCursor }
}

/** Whether something happened elsewhere, such as at a till. */
export async function hasMoved() {
  const { seq } = await me('GET', '/me/balance')
  return data !== null && seq !== data.balance.seq
}

/** Forgets the member. */
export function forget() {
  asked++
  data = null
}

/** An order of one product, as the shop's server would report it; its receipt. */
export const order = ({ sku, price }) =>
  once(
    `buy ${data.member.id} ${sku}`,
    () => ({
      orderId: `web-${crypto.randomUUID()}`,
      currency: 'CNY',
      lines: [{ sku, quantity: 1, amount: price }],
      channel: 'web',
    }),
    (intent) => till('POST', `/v1/members/${data.member.id}/purchases`, intent),
  )

/** Today's check-in; its receipt. */
export const checkIn = () =>
  once(
    'check-in',
    () => ({ type: 'check-in' }),
    (intent) => me('POST', '/me/activities', intent),
  )

/** A reward for the points that it was shown at; its receipt, with the coupon. */
export const redeem = ({ id: rewardId, points: expectedPoints }) =>
  once(
    `redeem ${rewardId}`,
    () => ({ rewardId, expectedPoints }),
    (intent) => me('POST', '/me/redemptions', intent),
  )
