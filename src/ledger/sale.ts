import { bookedOtherwise } from './call'
import { fail, ok, type Refusal, type Result } from '../result'
import { purchase } from './award'
import { reopen, useCoupon, usesOf } from './coupon'
import { isSecretOf } from './coupon-code'
import type { Command } from './decide'
import type { Journal } from './journal'
import { type Actor, type Entry } from './ledger'
import { type History, orderThread } from './thread'
import { awardOf, orderOf, VOIDING } from './order'
import { redeem } from './redeem'
import { refund } from './refund'
import { isWhole } from './restore'
import type { Purchase } from './schema'

/** A coupon by its redemption, and what shows that the caller has its code. */
export interface Proof {
  seq: number
  secret: string
}

/** What a sale is partly paid with: points, a reward's price, or a coupon. */
export type Payment =
  | { points: number }
  | { rewardId: string; expectedPoints?: number | undefined }
  | Proof

/** A card that was shown at the till, good for one sale; it is over at `endsAt`, in real milliseconds. */
export interface Shown {
  id: string
  endsAt: number
  /** Of the sessions, when it was shown. */
  epoch: number
}

/** Whether a command is about a coupon whose code was made up. */
export function isForged(command: Command, couponKey: string): boolean {
  const proof = proofOf(command)
  return proof !== null && !isSecretOf(couponKey, proof)
}

function proofOf(command: Command): Proof | null {
  if (command.type === 'useCoupon' || command.type === 'voidCoupon') {
    return command
  }
  return command.type === 'sale' && command.payment && 'seq' in command.payment
    ? command.payment
    : null
}

/** Cards that were used, by id, and when each is over (real milliseconds). */
type Cards = readonly (readonly [id: string, endsAt: number])[]

const tooOld = fail('card_refused', 'The code is too old. Show the card anew.')
const wasUsed = fail('card_refused', 'The code was used. Show the card anew.')

/** Why a card that was shown is not taken at `now`: a picture of it is too old, was used before, or all were signed out since. */
export function refuseCard(
  card: Shown | undefined,
  { cards, epoch }: { cards: Cards; epoch: number },
  now: number,
): Refusal | null {
  if (card === undefined) {
    return null
  }
  if (card.endsAt <= now || card.epoch !== epoch) {
    return tooOld
  }
  return cards.some(([id]) => id === card.id) ? wasUsed : null
}

/** The card by which a command came. */
export const cardOf = (command: Command): Shown | undefined =>
  command.type === 'sale' ? command.card : undefined

/** The cards that are to be remembered once a command is booked. */
export function useCard(card: Shown | undefined, used: Cards, now: number): { cards?: Cards } {
  const live = used.filter(([, endsAt]) => endsAt > now)
  return card ? { cards: [...live, [card.id, card.endsAt]] } : {}
}

/** Books a sale at a till: first what it is paid with, then what it earns; all or nothing. */
export function sale(
  journal: Journal,
  { request, payment }: { request: Purchase; payment?: Payment | undefined },
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const thread = history.thread(orderThread(request.orderId))
  const first = awardOf(thread)
  if (!first.ok) {
    return first
  }
  if (first.value) {
    const isSame = payment === undefined || thread.some((entry) => isPaying(entry, payment))
    return isSame ? first : { ok: false, failure: bookedOtherwise }
  }
  if (payment) {
    const { orderId } = request
    const paid =
      'seq' in payment
        ? useCoupon(journal, { seq: payment.seq, orderId }, actor, history)
        : redeem(journal, { ...payment, orderId }, actor, history)
    if (!paid.ok) {
      return paid
    }
  }
  return purchase(journal, request, actor, history)
}

function isPaying({ kind, ref, points, detail }: Entry, payment: Payment): boolean {
  if ('seq' in payment) {
    return kind === 'use' && ref === payment.seq
  }
  if ('points' in payment) {
    return kind === 'redeem' && detail.rewardId === undefined && points === -payment.points
  }
  return kind === 'redeem' && detail.rewardId === payment.rewardId
}

/** Where a sale was made. */
export interface Till {
  storeId?: string | undefined
  terminalId?: string | undefined
}

/** Undoes a sale of the same till: what it earned is taken back, points and coupons that paid it are there again. */
export function voidSale(
  journal: Journal,
  { orderId, till }: { orderId: string; till: Till },
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const thread = history.thread(orderThread(orderId))
  const order = orderOf(thread)
  if (!order) {
    return fail('not_found', `This member has no purchase ${orderId}.`)
  }
  const { channel, storeId, terminalId } = order.award.detail
  if (channel !== 'pos' || storeId !== till.storeId || terminalId !== till.terminalId) {
    return fail('forbidden', 'The sale was made at another till. A refund undoes it.')
  }
  const first = order.refunds.find((entry) => entry.reference === VOIDING)
  if (first) {
    return ok(first)
  }
  // Of a coupon that is over, or whose points came back once, all comes back as points.
  const coupons = usesOf(thread)
    .map((use) => history.entry(use.ref!)!)
    .filter((redemption) => redemption.endsAt! > journal.now && isWhole(redemption, thread))
  reopen(journal, coupons, orderId, actor)
  const request = { refundId: VOIDING, orderId, amount: order.total }
  return refund(journal, request, actor, history, { isVoid: true, reopened: coupons })
}
