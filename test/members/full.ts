import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { randomInt } from 'node:crypto'
import { expect } from 'vitest'
import { catchUp } from '../../src/projection/consumer'
import { SQL } from '../db'
import { type Answer, call, enrol } from '../http/api'
import type { Storefront, Tokens } from '../me/storefront'
import { Account, payment } from '../webhooks/account'

/** A member who has everything, and every text that says who that is. */
export interface Full extends Tokens {
  /** What was told when: any of it names the person. */
  texts: Record<string, string>
  /** Codes of coupons: an open one, one that was used, and a void one. */
  codes: [open: string, used: string, gone: string]
}

/** Has something done that must succeed. */
async function done(answer: Promise<Answer>): Promise<Answer['json']> {
  const { status, json, text } = await answer
  expect([status, status < 300 ? '' : text]).toEqual([status, ''])
  return json
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const pick = (from: string, count: number) =>
  Array.from({ length: count }, () => from[randomInt(from.length)]).join('')

/** What can be told of a person: names that nobody else has, because what is searched holds other tests' people too. */
const textsOf = (tag: string) => ({
  name: `Ünüs ${tag} 李`,
  email: `${tag}.post@example.com`,
  phone: `+86138${pick('0123456789', 8)}`,
  birthday: '1984-07-23',
  externalId: `customer-of-${tag}`,
  storeId: `home-of-${tag}`,
  locale: `de-x-${tag}`,
  orderId: `order-of-${tag}`,
  oddOrder: `erased:return-of-${tag}`,
  heldOrder: `hold-of-${tag}`,
  couponOrder: `coupon-order-of-${tag}`,
  paidOrder: `paid-order-of-${tag}`,
  receipt: `${tag}.receipt@example.com`,
  refundId: `refund-of-${tag}`,
  reference: `review-by-${tag}`,
  gift: `wedding of ${tag}`,
  lost: `${tag} lost the card`,
  unwanted: `${tag} did not want it`,
})

/** Has Stripe tell of what somebody paid: by two ids, and once in a currency that is not taken. */
async function pay(store: Storefront, memberId: string, tag: string, texts: Full['texts']) {
  const metadata = { memberId, orderId: texts.paidOrder }
  const { intent, charge } = payment(tag, { metadata, receipt_email: texts.receipt })
  const odd = payment(`odd-${tag}`, { metadata: { memberId } }).intent({ currency: 'jpy' })
  await (await new Account(store).connect()).tell(intent(), charge(), odd)
}

/** The rules of a program that has something of everything. */
export const rules = { currencies: { USD: { rate: '7.12' } } }

/** Enrols somebody to whom everything happens that leaves a text anywhere; frozen at the end. */
export async function fullMember(store: Storefront): Promise<Full> {
  // Eight at most, as a part of a language tag.
  const tag = pick(LETTERS, 8)
  const texts = textsOf(tag)
  const { name, email, phone, birthday, externalId, storeId, orderId } = texts
  const { locale } = texts
  const profile = { name, email, phone, birthday, externalId, storeId, locale }
  const { id, cardNumber } = await done(enrol(store.key, profile, `${email}#enrol`))
  const tokens = await store.signIn({ email })
  await store.codeFor({ phone })
  let keys = 0
  const send = (key: string, path: string, body: object) =>
    done(
      call('POST', path, {
        key,
        body,
        headers: { 'idempotency-key': `${email}#${++keys}` },
      }),
    )
  const shop = (path: string, body: object = {}) =>
    send(store.key, `/v1/members/${id}${path}`, body)
  const own = (path: string, body: object) => send(tokens.accessToken, `/me${path}`, body)
  const bought = { currency: 'CNY', channel: 'web', storeId: 'bund', terminalId: 't1' }
  const lines = [{ sku: 'TEA-1', quantity: 2, amount: 90_000 }]
  await shop('/purchases', { ...bought, orderId, lines })
  await shop('/purchases', { ...bought, currency: 'USD', orderId: texts.oddOrder, total: 5_000 })
  await pay(store, id, tag, texts)
  const card = (await call('GET', '/me/card', { key: tokens.accessToken })).json.token
  const sale = { orderId: `${orderId}-2`, currency: 'CNY', total: 3_000 }
  await send(store.key, '/v1/pos/sales', { card, sale })
  await shop('/refunds', { orderId, refundId: texts.refundId, amount: 100 })
  await shop(`/refunds/${texts.refundId}/reversal`)
  await shop('/refunds', { orderId, refundId: `${texts.refundId}-2`, amount: 20_000 })
  await shop('/activities', { type: 'review', reference: texts.reference })
  await own('/activities', { type: 'check-in' })
  await shop('/adjustments', { points: 70, reason: texts.gift })
  await shop('/holds', { points: 20, orderId: texts.heldOrder })
  const codes: string[] = []
  for (const rewardId of ['gift', 'coupon', 'gift']) {
    codes.push((await own('/redemptions', { rewardId })).coupon.code)
  }
  await send(store.key, `/v1/coupons/${codes[1]}/use`, { orderId: texts.couponOrder })
  await send(store.key, `/v1/coupons/${codes[2]}/void`, { reason: texts.unwanted })
  // A refusal is remembered under its key.
  const refused = await call('POST', `/v1/members/${id}/redemptions`, {
    key: store.key,
    body: { points: 100_000 },
    headers: { 'idempotency-key': `${email}#refused` },
  })
  expect(refused.status).toBe(409)
  const replaced = await done(
    call('POST', `/v1/members/${id}/card`, { key: store.key, body: { cardNumber } }),
  )
  await store.tokensFor(id)
  await shop('/freeze', { reason: texts.lost })
  await catchUp(env, [{ programId: store.id, memberId: id }])
  await putBack(store.id, id)
  const refreshSecret = tokens.refreshToken.split('_').at(-1)!
  return {
    ...tokens,
    texts: {
      ...texts,
      cardNumber: replaced.cardNumber,
      oldCard: cardNumber,
      refreshSecret,
      ...Object.fromEntries(codes.map((code, i) => [`code${i}`, code])),
    },
    codes: codes as Full['codes'],
  }
}

/** Notes that the lists are behind a member's ledger, until the queue finds that they are not. */
export const fallBehind = (programId: string, memberId: string) =>
  SQL.prepare('INSERT OR IGNORE INTO behind VALUES (?, ?, 1)').bind(programId, memberId).run()

/** Notes that a member's ledger was put back once. */
const putBack = (programId: string, memberId: string) =>
  SQL.batch(
    [
      'INSERT INTO histories VALUES (?, ?, 0)',
      "INSERT INTO rewinds VALUES (?, ?, 1, 0, 2, 'h4zj0v5k8qn2t6rb')",
    ].map((sql) => SQL.prepare(sql).bind(programId, memberId)),
  )

export type Row = Record<string, unknown>

/** Every row of every table of D1: other tests' rows too. */
export async function dumpD1(): Promise<Record<string, Row[]>> {
  const { results } = await SQL.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
       AND name NOT LIKE '_cf_%' AND name NOT LIKE 'd1_%'`,
  ).run<{ name: string }>()
  const rows = async ({ name }: { name: string }) =>
    [name, (await SQL.prepare(`SELECT * FROM "${name}"`).run<Row>()).results] as const
  return Object.fromEntries(await Promise.all(results.map(rows)))
}

export const ledgerOf = (programId: string, memberId: string) =>
  env.LEDGER.get(env.LEDGER.idFromName(`${programId}:${memberId}`))

/** Every row of every table of a member's object, and what it keeps beside them. */
export const dumpObject = (programId: string, memberId: string): Promise<Record<string, Row[]>> =>
  runInDurableObject(ledgerOf(programId, memberId), async (_, { storage }) => {
    const tables = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
    const rows = tables.map(({ name }) => [
      name,
      storage.sql.exec(`SELECT * FROM "${name}"`).toArray(),
    ])
    return {
      ...Object.fromEntries(rows),
      kv: [...storage.kv.list()].map(([key, value]) => ({ key, value })),
    }
  })

/** A dump as one text: bytes as hex and as what they spell. */
export const textOf = (dump: object): string =>
  JSON.stringify(dump, (_, value) => {
    const isBytes = value instanceof ArrayBuffer || ArrayBuffer.isView(value)
    const bytes = isBytes ? Buffer.from(value as ArrayBuffer) : null
    return bytes ? [bytes.toString('hex'), bytes.toString('latin1')] : (value as unknown)
  })
