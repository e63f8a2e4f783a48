import { beforeAll, describe, expect, it } from 'vitest'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

let store: Storefront

beforeAll(async () => {
  store = await openStorefront()
})

/** A signed-in member who has bought for so many points. */
async function member(points = 0): Promise<Tokens> {
  const tokens = await store.newcomer()
  if (points > 0) {
    await store.buy(tokens.memberId, 'o1', points)
  }
  return tokens
}

const get = (tokens: Tokens, path: string) => mine(tokens, 'GET', path)

describe('GET /me/rewards and POST /me/redemptions', () => {
  it('show what can be had, and give a coupon for it', async () => {
    const tokens = await member(120)
    const rewards = (await get(tokens, '/rewards')).json.data
    expect(
      rewards.map((each: { id: string; isAffordable: boolean; missing: number }) => [
        each.id,
        each.isAffordable,
        each.missing,
      ]),
    ).toEqual([
      ['gift', true, 0],
      ['coupon', true, 0],
      ['item', false, 80],
    ])
    expect(rewards[0]).toMatchObject({ name: 'A small gift', points: 50, left: null })
    const { status, json } = await command(tokens, '/redemptions', { rewardId: 'gift' })
    expect(status).toBe(201)
    expect(json).toMatchObject({ balance: { available: 70 }, entries: [{ kind: 'redeem' }] })
    expect(json.coupon).toMatchObject({ status: 'open', name: 'A small gift', points: 50 })
    expect((await get(tokens, '/coupons')).json).toEqual({ data: [json.coupon], nextCursor: null })
    expect(json.entries[0].actor).toMatchObject({ kind: 'member' })
  })

  it('give once for one key: the same answer again, 422 for another reward', async () => {
    const tokens = await member(200)
    const first = await command(tokens, '/redemptions', { rewardId: 'gift' }, 'once')
    const again = await command(tokens, '/redemptions', { rewardId: 'gift' }, '"once"')
    expect([again.status, again.json]).toEqual([201, first.json])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const other = await command(tokens, '/redemptions', { rewardId: 'coupon' }, 'once')
    expect(other).toMatchObject({ status: 422, json: { code: 'idempotency_key_reused' } })
    expect((await get(tokens, '/balance')).json.balance.balance).toBe(150)
  })

  it('give what there is though ten come at once', async () => {
    const tokens = await member(120)
    const all = await Promise.all(
      Array.from({ length: 10 }, () => command(tokens, '/redemptions', { rewardId: 'gift' })),
    )
    expect(all.filter(({ status }) => status === 201)).toHaveLength(2)
    expect((await get(tokens, '/balance')).json.balance.balance).toBe(20)
    expect((await get(tokens, '/coupons')).json.data).toHaveLength(2)
  })

  it.each<[number, string, object]>([
    [409, 'insufficient_points', { rewardId: 'item' }],
    [404, 'not_found', { rewardId: 'nothing' }],
    [404, 'not_found', { rewardId: '__proto__' }],
    [404, 'not_found', { rewardId: 'constructor' }],
    [400, 'validation_failed', {}],
    [400, 'validation_failed', { points: 50 }],
    [400, 'validation_failed', { rewardId: 'gift', points: 1 }],
    [400, 'validation_failed', { rewardId: 'gift', orderId: 'o1' }],
    [400, 'validation_failed', { rewardId: 'gift', memberId: 'mp0000000000000' }],
    [400, 'validation_failed', { rewardId: 'gift', expectedPoints: -1 }],
    [400, 'validation_failed', { rewardId: '' }],
  ])('answer %i %s for %j, and nothing is spent', async (status, code, body) => {
    const tokens = await member(120)
    expect(await command(tokens, '/redemptions', body)).toMatchObject({ status, json: { code } })
    expect((await get(tokens, '/balance')).json).toMatchObject({
      seq: 1,
      balance: { balance: 120 },
    })
  })

  it('answer 400 without an Idempotency-Key', async () => {
    const tokens = await member(120)
    for (const [path, body] of [
      ['/redemptions', { rewardId: 'gift' }],
      ['/activities', { type: 'check-in' }],
    ] as const) {
      const { status, json } = await mine(tokens, 'POST', path, { body })
      expect([status, json.code]).toEqual([400, 'idempotency_key_missing'])
    }
    expect((await get(tokens, '/balance')).json.seq).toBe(1)
  })
})

describe('POST /me/activities', () => {
  it('counts what a member may report, once a day', async () => {
    const tokens = await member()
    const { status, json } = await command(tokens, '/activities', { type: 'check-in' })
    expect([status, json.balance.balance]).toEqual([201, 1])
    const again = await command(tokens, '/activities', { type: 'check-in' })
    expect([again.status, again.json]).toEqual([201, json])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await get(tokens, '/balance')).json.balance.balance).toBe(1)
  })

  it.each(['review', 'nothing', '__proto__', 'constructor', 'toString'])(
    'answers 403 to %s, and counts nothing',
    async (type) => {
      const tokens = await member()
      const answer = await command(tokens, '/activities', { type, reference: 'sku:1' })
      expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } })
      expect((await get(tokens, '/balance')).json.seq).toBe(0)
    },
  )
})
