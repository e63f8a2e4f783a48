import { beforeAll, describe, expect, it } from 'vitest'
import { SQL } from '../db'
import { call, pointers, tally } from '../http/api'
import { openTill, rewards, type Till } from '../pos/till'

let till: Till

beforeAll(async () => {
  till = await openTill({
    rewards: {
      ...rewards,
      once: { name: { en: 'Once' }, points: 5, limit: { most: 1, per: 'ever' } },
    },
  })
})

/** A member with 500 points and a new coupon, after that 495. */
async function withCoupon(rewardId = 'tea') {
  const memberId = await till.member(500)
  return { memberId, code: await till.redeem(memberId, rewardId) }
}

const seenBy = async (memberId: string, path: string, headers: Record<string, string> = {}) =>
  (await call('GET', path, { key: await till.token(memberId), headers })).json

describe('a redemption', () => {
  it('of the member gives a coupon that works at once at a till', async () => {
    const memberId = await till.member(500)
    const key = await till.token(memberId)
    const { status, json } = await call('POST', '/me/redemptions', {
      key,
      body: { rewardId: 'tea', expectedPoints: 5 },
      headers: { 'idempotency-key': crypto.randomUUID(), 'accept-language': 'zh' },
    })
    expect(status).toBe(201)
    expect(json).toMatchObject({
      entries: [{ kind: 'redeem', points: -5, rewardId: 'tea', actor: { kind: 'member' } }],
      balance: { balance: 495 },
      coupon: {
        rewardId: 'tea',
        name: '茶',
        status: 'open',
        points: 5,
        issuedAt: '2027-08-31T02:00:00.000Z',
        expiresAt: '2027-11-29T16:00:00.000Z',
        endedAt: null,
        orderId: null,
      },
    })
    const shown = await till.coupon(json.coupon.code)
    expect(shown).toMatchObject({ status: 200, json: { memberId, status: 'open', name: 'Tea' } })
    expect((await till.use(json.coupon.code, { orderId: 'o' })).status).toBe(201)
  })

  it.each([
    ['an unknown reward', { rewardId: 'yacht' }, 404, 'not_found'],
    ['too few points', { rewardId: 'cup' }, 409, 'insufficient_points'],
    ['points', { points: 5 }, 400, 'validation_failed'],
    ['an order', { rewardId: 'tea', orderId: 'o' }, 400, 'validation_failed'],
  ])('of the member is refused with %s', async (_, body, status, code) => {
    const memberId = await till.member(50)
    const answer = await call('POST', '/me/redemptions', {
      key: await till.token(memberId),
      body,
      headers: { 'idempotency-key': crypto.randomUUID() },
    })
    expect([answer.status, answer.json.code]).toEqual([status, code])
    expect(await till.kinds(memberId)).toEqual(['adjust'])
  })
})

describe('the use of a coupon', () => {
  it('answers the receipt and the coupon', async () => {
    const { memberId, code } = await withCoupon()
    const { status, json } = await till.use(code, { orderId: 'o' })
    expect(status).toBe(201)
    expect(json).toMatchObject({
      entries: [{ kind: 'use', points: 0, orderId: 'o' }],
      balance: { balance: 495 },
      coupon: { code, status: 'used', orderId: 'o', endedAt: '2027-08-31T02:00:00.000Z' },
    })
    expect((await till.coupon(code)).json).toEqual({ memberId, ...json.coupon })
  })

  it('comes once; the same call, and the same order, get the same answer', async () => {
    const { code } = await withCoupon()
    const first = await till.use(code, { orderId: 'o' }, 'k')
    for (const key of ['k', 'l']) {
      const again = await till.use(code, { orderId: 'o' }, key)
      expect([again.status, again.text]).toEqual([first.status, first.text])
      expect(again.headers.get('idempotent-replayed')).toBe('true')
    }
    for (const body of [{ orderId: 'p' }, {}]) {
      const answer = await till.use(code, body)
      expect(answer).toMatchObject({ status: 409, json: { code: 'coupon_ended' } })
    }
    expect((await till.use(code, { orderId: 'p' }, 'k')).status).toBe(422)
  })

  it('at many tills at once comes once', async () => {
    const { memberId, code } = await withCoupon()
    const uses = Array.from({ length: 10 }, (_, i) => till.use(code, { orderId: `o${i}` }))
    const answers = await Promise.all(uses)
    expect(tally(answers)).toEqual({ 201: 1, 409: 9 })
    const kinds = await till.kinds(memberId)
    expect(kinds.filter((kind) => kind === 'use')).toHaveLength(1)
  })

  it('is refused to who is frozen, and the coupon stays good', async () => {
    const { memberId, code } = await withCoupon()
    await till.shop.post(memberId, 'freeze')
    expect((await till.use(code)).json.code).toBe('member_frozen')
    expect((await till.coupon(code)).json.status).toBe('open')
    await till.shop.post(memberId, 'unfreeze')
    expect((await till.use(code)).status).toBe(201)
  })

  it('for an order returns its points when that is refunded, and takes them back again', async () => {
    const { memberId, code } = await withCoupon('cup')
    await till.shop.buy(memberId, 'o', 40)
    await till.use(code, { orderId: 'o' })
    const refund = { orderId: 'o', refundId: 'r', amount: 1_000 }
    await till.shop.post(memberId, 'refunds', refund)
    expect(await till.balance(memberId)).toBe(400 + 25 + 30)
    await till.shop.post(memberId, 'refunds/r/reversal', { orderId: 'o' })
    expect(await till.balance(memberId)).toBe(400 + 40)
    await till.shop.post(memberId, 'refunds', { ...refund, refundId: 'all', amount: 4_000 })
    expect(await till.balance(memberId)).toBe(500)
    expect((await till.coupon(code)).json).toMatchObject({ status: 'used', orderId: 'o' })
  })

  it.each([
    ['an order of no letters', { orderId: '' }, '#/orderId'],
    ['an order of too many', { orderId: 'x'.repeat(129) }, '#/orderId'],
    ['an unknown field', { storeId: 'bund' }, '#/storeId'],
  ])('is refused with %s', async (_, body, pointer) => {
    const { code } = await withCoupon()
    const answer = await till.use(code, body)
    expect([answer.status, pointers(answer)]).toEqual([400, [pointer]])
    expect((await till.coupon(code)).json.status).toBe('open')
  })
})

describe('a coupon that is taken away', () => {
  it('is void: it cannot be used, and its points stay spent', async () => {
    const { memberId, code } = await withCoupon()
    const { status, json } = await till.post(`/v1/coupons/${code}/void`, { reason: 'copied' })
    expect(status).toBe(201)
    expect(json).toMatchObject({
      entries: [{ kind: 'void', reason: 'copied' }],
      coupon: { code, status: 'void' },
    })
    expect(await till.use(code)).toMatchObject({ status: 409, json: { code: 'coupon_ended' } })
    const sale = await till.sell({ memberId }, 'o', { redeem: { coupon: code } })
    expect(sale.json.code).toBe('coupon_ended')
    expect(await till.balance(memberId)).toBe(495)
  })

  it('is void or used, whichever comes first of many', async () => {
    const { code } = await withCoupon()
    const path = `/v1/coupons/${code}/void`
    const answers = await Promise.all([
      till.post(path),
      till.use(code),
      till.post(path, { reason: 'x' }),
    ])
    expect(tally(answers)).toEqual({ 201: 1, 409: 2 })
  })
})

describe('a coupon whose day is over', () => {
  const quick = { name: { en: 'Quick' }, points: 5, validDays: 1 }

  it('is good to its last millisecond in the program’s zone, by its clock, and then expired', async () => {
    const own = await openTill({ rewards: { quick } })
    const memberId = await own.member(500)
    const code = await own.redeem(memberId, 'quick')
    await own.shop.move('2027-09-01T15:59:59.999Z')
    expect((await own.coupon(code)).json).toMatchObject({
      status: 'open',
      expiresAt: '2027-09-01T16:00:00.000Z',
    })
    await own.shop.move('2027-09-01T16:00:00Z')
    expect((await own.coupon(code)).json).toMatchObject({
      status: 'expired',
      endedAt: '2027-09-01T16:00:00.000Z',
    })
    expect((await own.use(code)).json.code).toBe('coupon_ended')
    expect(await own.kinds(memberId)).toEqual(['adjust', 'redeem', 'lapse'])
  })

  it('is written when the clock moves, though nobody asks', async () => {
    const own = await openTill({ rewards: { quick } })
    const memberId = await own.member(500)
    await own.redeem(memberId, 'quick')
    await own.shop.move('2027-09-05T00:00:00Z')
    const sql = 'SELECT kind, occurred_at AS at FROM entries WHERE program_id = ? AND member_id = ?'
    const { results } = await SQL.prepare(sql).bind(own.shop.id, memberId).run()
    expect(results.at(-1)).toEqual({ kind: 'lapse', at: Date.parse('2027-09-01T16:00:00Z') })
  })
})

describe('the reversal of its redemption', () => {
  it('gives the points back, and the coupon is over', async () => {
    const { memberId, code } = await withCoupon()
    const { redemptionId } = (await till.coupon(code)).json
    const path = `redemptions/${redemptionId}/reversal`
    const first = await till.shop.post(memberId, path)
    expect(first).toMatchObject({ status: 201, json: { balance: { balance: 500 } } })
    expect((await till.shop.post(memberId, path)).text).toBe(first.text)
    expect((await till.coupon(code)).json.status).toBe('returned')
    expect((await till.use(code)).json.code).toBe('coupon_ended')
  })

  it('is refused while an order is paid with it', async () => {
    const { memberId, code } = await withCoupon()
    await till.sell({ memberId, redeem: { coupon: code } }, 'o')
    const { redemptionId } = (await till.coupon(code)).json
    const answer = await till.shop.post(memberId, `redemptions/${redemptionId}/reversal`)
    expect(answer).toMatchObject({ status: 409, json: { code: 'coupon_ended' } })
    expect((await till.coupon(code)).json.status).toBe('used')
  })
})

describe('the member’s list', () => {
  it('has all coupons, the newest first, by name, page by page', async () => {
    const memberId = await till.member(500)
    const codes: string[] = []
    for (let i = 0; i < 5; i++) {
      codes.unshift(await till.redeem(memberId))
    }
    await till.use(codes[4]!, { orderId: 'o' })
    await till.post(`/v1/coupons/${codes[3]}/void`)
    const { data, nextCursor } = await seenBy(memberId, '/me/coupons', {
      'accept-language': 'zh-CN',
    })
    expect(data.map(({ code }: { code: string }) => code)).toEqual(codes)
    expect(data.map(({ status }: { status: string }) => status)).toEqual([
      'open',
      'open',
      'open',
      'void',
      'used',
    ])
    expect(data[4]).toMatchObject({ name: '茶', orderId: 'o', points: 5 })
    expect(nextCursor).toBe(null)
    const page = await seenBy(memberId, '/me/coupons?limit=3')
    const rest = await seenBy(memberId, `/me/coupons?limit=3&cursor=${page.nextCursor}`)
    expect([...page.data, ...rest.data].map(({ code }) => code)).toEqual(codes)
    expect(rest.nextCursor).toBe(null)
  })

  it('has none of a reward with a limit that was for an order, reversed or not', async () => {
    const memberId = await till.member(500)
    const { json } = await till.shop.post(memberId, 'redemptions', {
      rewardId: 'once',
      orderId: 'o',
    })
    await till.shop.post(memberId, `redemptions/${json.seq}/reversal`)
    expect((await seenBy(memberId, '/me/coupons')).data).toEqual([])
  })
})
