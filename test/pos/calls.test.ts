import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { call } from '../http/api'
import { counting, openTill, type Till } from './till'

let till: Till
let member: string

beforeAll(async () => {
  till = await openTill()
  member = await till.member(1_000, { phone: '+8613800138000' })
  await till.sell({ memberId: member }, 'first')
})

beforeEach(async () => {
  // However slow the machine is, what was known at the start is known at the end.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  await till.look({ memberId: member })
})

afterEach(() => {
  vi.useRealTimers()
})

let orders = 0
/** Sells for 30 and counts. */
async function sell(who: object, rest: object = {}, bindings?: Partial<Env>) {
  const count = counting()
  const answer = await call('POST', '/v1/pos/sales', {
    key: till.key,
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: { ...who, sale: { orderId: `o${++orders}`, currency: 'CNY', total: 3_000 }, ...rest },
    env: { ...count.env, ...bindings },
    isHasty: bindings !== undefined,
  })
  return { ...count, answer }
}

describe('once key and program are known', () => {
  it('a member’s card is one call to the member’s object, and none to D1', async () => {
    const key = await till.token(member)
    await call('GET', '/me/card', { key })
    for (const accept of ['application/json', 'image/svg+xml']) {
      const count = counting()
      const card = await call('GET', '/me/card', { key, headers: { accept }, env: count.env })
      expect([card.status, count.calls, count.statements]).toEqual([200, ['read'], []])
    }
  })

  it.each<[string, () => Promise<object>]>([
    ['alone', () => Promise.resolve({})],
    ['with points', () => Promise.resolve({ redeem: { points: 10 } })],
    ['with a reward', () => Promise.resolve({ redeem: { rewardId: 'tea' } })],
    ['with a coupon', async () => ({ redeem: { coupon: await till.redeem(member) } })],
    ['in a language', () => Promise.resolve({ locale: 'zh-CN' })],
  ])('a sale by the card’s QR is one call, and none to D1: %s', async (_, rest) => {
    const { answer, calls, statements } = await sell(
      { card: await till.card(member) },
      await rest(),
    )
    expect([answer.status, calls, statements]).toEqual([201, ['execute'], []])
  })

  it('a sale by the member’s id is one call, and none to D1', async () => {
    const { answer, calls, statements } = await sell({ memberId: member })
    expect([answer.status, calls, statements]).toEqual([201, ['execute'], []])
  })

  it('a sale by phone or by the number of a card is one call, and one statement', async () => {
    const { json } = await till.shop.get(`/v1/members/${member}`)
    for (const who of [{ phone: '13800138000' }, { card: json.cardNumber }]) {
      const { answer, calls, statements } = await sell(who)
      expect([answer.status, calls, statements.length]).toEqual([201, ['execute'], 1])
    }
  })

  it('a coupon is looked at, used and taken away in one call each', async () => {
    const [one, two] = [await till.redeem(member), await till.redeem(member)]
    const asked: [string, string, object | undefined, string][] = [
      ['GET', `/v1/coupons/${one}`, undefined, 'read'],
      ['POST', `/v1/coupons/${one}/use`, { orderId: 'x' }, 'execute'],
      ['POST', `/v1/coupons/${two}/void`, {}, 'execute'],
    ]
    for (const [method, path, body, expected] of asked) {
      const count = counting()
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const answer = await call(method, path, { key: till.key, headers, body, env: count.env })
      expect([answer.status < 300, count.calls, count.statements]).toEqual([true, [expected], []])
    }
  })

  it('nobody waits for a D1 that hangs: not the card, not the sale by it', async () => {
    const never = () => new Promise<never>(() => {})
    const statement = { bind: () => statement, all: never, first: never, run: never, raw: never }
    const DB = { prepare: () => statement, batch: never } as unknown as D1Database
    const key = await till.token(member)
    await call('GET', '/me/card', { key })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_000 })
    const card = await call('GET', '/me/card', { key, env: { DB }, isHasty: true })
    expect(card.status).toBe(200)
    const { answer } = await sell({ card: card.json.token }, {}, { DB })
    expect(answer.status).toBe(201)
  })
})
