import { describe, expect, it } from 'vitest'
import { call, tally } from '../http/api'
import { levelOf, tiersOf } from '../ledger/world'
import { openTill, type Till } from '../pos/till'

const name = { en: 'Tea', 'zh-CN': '茶' }

/** A till, a member with 1,000 points, and a token of that member. */
async function open(reward: object, rest: object = {}) {
  const till = await openTill({ rewards: { tea: { name, points: 100, ...reward } }, ...rest })
  const memberId = await till.member(1_000)
  return { till, memberId, key: await till.token(memberId) }
}

/** What a member is offered. */
const offered = async (key: string) => (await call('GET', '/me/rewards', { key })).json.data[0]

/** A member redeems. */
const redeem = (key: string) =>
  call('POST', '/me/redemptions', {
    key,
    body: { rewardId: 'tea' },
    headers: { 'idempotency-key': crypto.randomUUID() },
  })

const sell = (till: Till, memberId: string, orderId: string) =>
  till.sell({ memberId }, orderId, { redeem: { rewardId: 'tea' } })

describe('a reward with a limit', () => {
  it('is had as often as that says, in whatever way, and says how often still', async () => {
    const { till, memberId, key } = await open({ limit: { most: 3, per: 'day' } })
    expect(await offered(key)).toMatchObject({ left: 3, isAvailable: true })
    expect((await redeem(key)).status).toBe(201)
    expect((await sell(till, memberId, 'o')).status).toBe(201)
    const { status } = await till.shop.post(memberId, 'redemptions', { rewardId: 'tea' })
    expect(status).toBe(201)
    expect(await offered(key)).toMatchObject({ left: 0, isAvailable: false, isAffordable: false })
    for (const answer of [await redeem(key), await sell(till, memberId, 'p')]) {
      expect(answer).toMatchObject({ status: 409, json: { code: 'limit_reached' } })
    }
    expect(await till.balance(memberId)).toBe(1_000 - 300 + 30)
  })

  it('asked for at once is had as often as that says', async () => {
    const { till, memberId, key } = await open({ limit: { most: 2, per: 'ever' } })
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => redeem(key)))
    expect(tally(answers)).toEqual({ 201: 2, 409: 4 })
    expect(await till.balance(memberId)).toBe(800)
  })

  it('is each member’s own', async () => {
    const { till, key } = await open({ limit: { most: 1, per: 'ever' } })
    await redeem(key)
    const other = await till.token(await till.member(100))
    expect((await redeem(other)).status).toBe(201)
  })

  it.each([
    ['day', '2027-08-31T15:59:59.999Z', '2027-08-31T16:00:00Z', 201],
    ['month', '2027-08-31T15:59:59.999Z', '2027-08-31T16:00:00Z', 201],
    ['year', '2027-12-31T15:59:59.999Z', '2027-12-31T16:00:00Z', 201],
    ['ever', '2027-12-31T15:59:59.999Z', '2028-01-01T00:00:00Z', 409],
  ])('by the %s is had again in the next, of its zone', async (per, before, after, status) => {
    const { till, key, memberId } = await open({ limit: { most: 1, per } })
    await redeem(key)
    await till.shop.move(before)
    expect((await sell(till, memberId, 'before')).json.code).toBe('limit_reached')
    await till.shop.move(after)
    expect((await sell(till, memberId, 'after')).status).toBe(status)
    expect((await sell(till, memberId, 'again')).json.code).toBe('limit_reached')
  })

  it('is given back with its redemption', async () => {
    const { till, key, memberId } = await open({ limit: { most: 1, per: 'ever' } })
    const { json } = await redeem(key)
    await till.shop.post(memberId, `redemptions/${json.seq}/reversal`)
    expect((await offered(key)).left).toBe(1)
    expect((await redeem(key)).status).toBe(201)
  })
})

describe('a reward with a window', () => {
  it('is had within it alone, and is shown before', async () => {
    const startsAt = '2027-09-01T00:00:00+08:00'
    const endsAt = '2027-09-03T00:00:00+08:00'
    const { till, key, memberId } = await open({ startsAt, endsAt })
    expect(await offered(key)).toMatchObject({
      startsAt,
      endsAt,
      isAvailable: false,
      isAffordable: false,
      missing: 0,
    })
    expect((await redeem(key)).json.code).toBe('limit_reached')
    await till.shop.move('2027-08-31T16:00:00Z')
    expect(await offered(key)).toMatchObject({ isAvailable: true, isAffordable: true })
    const { json } = await redeem(key)
    await till.shop.move('2027-09-02T16:00:00Z')
    expect((await sell(till, memberId, 'late')).json.code).toBe('limit_reached')
    expect((await till.use(json.coupon.code)).status).toBe(201)
  })
})

describe('a reward with a price for a tier', () => {
  const tiers = tiersOf([levelOf('bronze', 0), levelOf('silver', 10_000)])

  it('is shown and sold at that price, from the tier on', async () => {
    const { till, key, memberId } = await open({ tierPoints: { silver: 60 } }, { tiers })
    expect((await offered(key)).points).toBe(100)
    await till.shop.buy(memberId, 'o', 100)
    expect((await offered(key)).points).toBe(60)
    const { json } = await redeem(key)
    expect([json.entries[0].points, json.coupon.points]).toEqual([-60, 60])
    const reversal = await till.shop.post(memberId, `redemptions/${json.seq}/reversal`)
    expect(reversal.json.entries[0].points).toBe(60)
  })

  it('costs the price of before in the sale that reaches the tier', async () => {
    const { till, memberId } = await open({ tierPoints: { silver: 60 } }, { tiers })
    const big = { redeem: { rewardId: 'tea' }, sale: { total: 10_000 } }
    const { json } = await till.sell({ memberId }, 'o', big)
    expect(
      json.entries.map(({ kind, points }: { kind: string; points: number }) => [kind, points]),
    ).toEqual([
      ['redeem', -100],
      ['award', 100],
      ['tier', 0],
    ])
  })
})

describe('a reward that the program has no more', () => {
  it('is no more offered; its coupons stay good, by its id', async () => {
    const { till, key, memberId } = await open({})
    const { json } = await redeem(key)
    await till.shop.publish({ rewards: {} })
    expect((await call('GET', '/me/rewards', { key })).json.data).toEqual([])
    expect((await redeem(key)).json.code).toBe('not_found')
    const { code } = json.coupon
    expect((await till.coupon(code)).json).toMatchObject({ name: 'tea', status: 'open' })
    const sale = await till.sell({ memberId }, 'o', { redeem: { coupon: code } })
    expect(sale.json.print).toContain('Coupon used: tea')
  })
})
