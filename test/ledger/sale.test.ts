import { describe, expect, it } from 'vitest'
import { DAY_MS, NOON, programOf, proofOf, World } from './world'

const rewards = {
  cup: { name: { en: 'Cup' }, points: 100 },
  tea: { name: { en: 'Tea' }, points: 5, validDays: 1 },
}
const till = { storeId: 'bund', terminalId: 't1' }

const rich = (changes: Parameters<typeof programOf>[0] = {}, points = 1_000) => {
  const world = new World(programOf({ rewards, ...changes }))
  world.give(points)
  return world
}

const kinds = ({ entries }: { entries: readonly { kind: string; points: number }[] }) =>
  entries.map(({ kind, points }) => [kind, points])

describe('a sale', () => {
  it('without a payment earns as a purchase does', () => {
    const [sold, bought] = [rich(), rich()]
    sold.sell('o', 30, undefined, till)
    bought.buy('o', 30, till)
    expect(sold.entries).toEqual(bought.entries)
  })

  it.each([
    ['points', { points: 40 }, [['redeem', -40]]],
    ['a reward', { rewardId: 'cup' }, [['redeem', -100]]],
  ] as const)('is paid with %s first, then it earns', (_, payment, paid) => {
    const world = rich()
    const done = world.sell('o', 30, payment, till)
    expect(kinds(done)).toEqual([...paid, ['award', 30]])
    expect(done.entries.map(({ orderId }) => orderId)).toEqual(['o', 'o'])
    expect(world.state.coupons).toEqual([])
  })

  it('is paid with a coupon first, then it earns', () => {
    const world = rich()
    const seq = world.coupon('cup')
    const done = world.sell('o', 30, proofOf(seq))
    expect(kinds(done)).toEqual([
      ['use', 0],
      ['award', 30],
    ])
    expect(done.entries[0]).toMatchObject({ ref: seq, orderId: 'o' })
    expect(world.state.coupons).toEqual([])
  })

  it('cannot be paid with the points that it earns', () => {
    const world = rich({}, 10)
    expect(world.sell('o', 30, { points: 11 }).code).toBe('insufficient_points')
    expect(world.sell('o', 30, { points: 10 }).code).toBe(null)
    expect(world.balance).toBe(30)
  })

  it('is charged the catalogue, whatever the till expected', () => {
    const world = rich()
    const { entries } = world.sell('o', 30, { rewardId: 'tea', expectedPoints: 1 })
    expect(entries[0]).toMatchObject({ points: -5, detail: { expectedPoints: 1 } })
    const right = world.sell('p', 30, { rewardId: 'tea', expectedPoints: 5 })
    expect(right.entries[0]!.detail).not.toHaveProperty('expectedPoints')
  })

  it.each([
    ['points that are not there', { points: 1_001 }, {}, 'insufficient_points'],
    ['an unknown reward', { rewardId: 'yacht' }, {}, 'not_found'],
    ['an unknown coupon', proofOf(99), {}, 'not_found'],
    ['an entry that is no coupon', proofOf(1), {}, 'not_found'],
    ['another currency', { points: 10 }, { currency: 'USD' }, 'validation_failed'],
    ['a wrong sum', { points: 10 }, { shipping: 1 }, 'validation_failed'],
    ['a day to come', { points: 10 }, { occurredAt: NOON + DAY_MS }, 'validation_failed'],
  ] as const)('is all or nothing: with %s nothing is booked', (_, payment, rest, code) => {
    const world = rich()
    const before = structuredClone(world.state)
    const lines = [{ sku: 'TEA', quantity: 1, amount: 3_000 }]
    expect(world.sell('o', 30, payment, { lines, ...rest })).toMatchObject({ code, entries: [] })
    expect(world.state).toEqual(before)
    expect(world.sell('o', 30, { points: 10 }).code).toBe(null)
  })

  it('takes no coupon that was used, is void or is over', () => {
    const world = rich()
    const [used, gone, late] = [world.coupon('tea'), world.coupon('tea'), world.coupon('tea')]
    world.use(used)
    world.voidCoupon(gone)
    expect(world.sell('o', 30, proofOf(used)).code).toBe('coupon_ended')
    expect(world.sell('o', 30, proofOf(gone)).code).toBe('coupon_ended')
    world.until(NOON + 2 * DAY_MS)
    expect(world.sell('o', 30, proofOf(late)).code).toBe('coupon_ended')
    expect(world.buy('o', 30).code).toBe(null)
  })

  it('takes the coupon that was used for its order before', () => {
    const world = rich()
    const seq = world.coupon('tea')
    world.use(seq, 'o')
    expect(kinds(world.sell('o', 30, proofOf(seq)))).toEqual([['award', 30]])
  })
})

describe('an order that was sold before', () => {
  it.each([
    ['as it was', (world: World) => world.sell('o', 30, { points: 40 })],
    ['without what paid it', (world: World) => world.sell('o', 30)],
    ['by a webhook', (world: World) => world.buy('o', 30, { channel: 'webhook' })],
  ])('is the same %s', (_, again) => {
    const world = rich()
    const [, award] = world.sell('o', 30, { points: 40 }).entries
    expect(again(world)).toEqual({ entries: [], code: null, first: award })
  })

  it.each([
    ['another number of points', { points: 41 }],
    ['a reward of as many', { rewardId: 'cup' }],
    ['a coupon', proofOf(2)],
  ])('is another with %s', (_, payment) => {
    const world = rich()
    world.coupon('cup')
    world.sell('o', 30, { points: 100 })
    expect(world.sell('o', 30, payment).code).toBe('already_exists')
    expect(world.state.coupons).toHaveLength(1)
  })

  it('by a webhook first is another with a payment, and nothing is paid', () => {
    const world = rich()
    const [award] = world.buy('o', 30, { channel: 'webhook' }).entries
    expect(world.sell('o', 30).first).toBe(award)
    expect(world.sell('o', 30, { points: 40 }).code).toBe('already_exists')
    expect(world.balance).toBe(1_030)
  })
})

describe('the void of a sale', () => {
  it.each([
    ['points', { points: 40 }],
    ['a reward', { rewardId: 'cup' }],
  ])('leaves what was before it, paid with %s', (_, payment) => {
    const world = rich()
    world.give(5, NOON + DAY_MS)
    const [lots, { days }] = [world.lots, world.state]
    world.sell('o', 30, payment, till)
    const done = world.voidSale('o', till)
    expect(done.entries.map(({ kind }) => kind)).toEqual(['restore', 'clawback'])
    expect(done.entries.at(-1)).toMatchObject({ reference: 'void', points: -30 })
    expect(world.lots).toEqual(lots)
    expect([days, world.state.days.every(([, ...all]) => all.every((n) => n === 0))]).toEqual([
      [],
      true,
    ])
  })

  it('opens its coupon again, for another sale', () => {
    const world = rich()
    const seq = world.coupon('cup')
    const before = world.state.coupons
    world.sell('o', 30, proofOf(seq))
    expect(kinds(world.voidSale('o'))).toEqual([
      ['use', 0],
      ['clawback', -30],
    ])
    expect(world.state.coupons).toEqual(before)
    expect(world.balance).toBe(900)
    expect(world.sell('p', 30, proofOf(seq)).code).toBe(null)
    expect(world.voidSale('o').first).toBeTruthy()
    expect(world.state.coupons).toEqual([])
  })

  it('gives the points back of a coupon that is over by now', () => {
    const world = rich()
    const seq = world.coupon('tea')
    world.sell('o', 30, proofOf(seq))
    world.until(NOON + 5 * DAY_MS)
    const { entries } = world.voidSale('o')
    expect(entries.map(({ kind }) => kind)).toEqual(['restore', 'clawback'])
    expect(entries[0]!.points).toBe(-world.entries[seq - 1]!.points)
    expect(world.state.coupons).toEqual([])
    expect(world.sell('p', 30, proofOf(seq)).code).toBe('coupon_ended')
    expect(world.reverse(seq).code).toBe('coupon_ended')
  })

  it('comes once, and stays', () => {
    const world = rich()
    world.sell('o', 30, { points: 40 }, till)
    const clawback = world.voidSale('o', till).entries.at(-1)
    expect(world.voidSale('o', till)).toEqual({ entries: [], code: null, first: clawback })
    expect(world.reverseRefund('void', 'o').code).toBe('already_exists')
    expect(world.reverseRefund('void').code).toBe('already_exists')
    expect(kinds(world.refund('o', 'r', 30))).toEqual([])
    expect(world.balance).toBe(1_000)
  })

  it('does not let its order earn again', () => {
    const world = rich()
    world.sell('o', 30)
    world.voidSale('o')
    expect(world.sell('o', 30).entries).toEqual([])
    expect(world.balance).toBe(1_000)
  })

  it.each([
    ['another terminal', { ...till, terminalId: 't2' }],
    ['another store', { ...till, storeId: 'web' }],
    ['no terminal', { storeId: 'bund' }],
    ['none', {}],
  ])('is refused to %s', (_, other) => {
    const world = rich()
    world.sell('o', 30, { points: 40 }, till)
    expect(world.voidSale('o', other)).toMatchObject({ code: 'forbidden', entries: [] })
    expect(world.voidSale('o', till).code).toBe(null)
    expect(world.voidSale('o', other).code).toBe('forbidden')
  })

  it.each(['web', 'app', 'webhook', 'import'] as const)('is refused of a sale by %s', (channel) => {
    const world = rich()
    world.buy('o', 30, { channel })
    expect(world.voidSale('o').code).toBe('forbidden')
    expect(world.balance).toBe(1_030)
  })

  it('is refused of an order that nobody sold', () => {
    const world = rich()
    world.redeem(10, 'o')
    expect(world.voidSale('o').code).toBe('not_found')
  })

  it('after a refund in part takes back the rest', () => {
    const world = rich()
    world.sell('o', 30, { points: 40 })
    expect(kinds(world.refund('o', 'r', 10))).toEqual([
      ['restore', 13],
      ['clawback', -10],
    ])
    expect(kinds(world.voidSale('o'))).toEqual([
      ['restore', 27],
      ['clawback', -20],
    ])
    expect(world.balance).toBe(1_000)
  })

  it('lets no refund from before it be reversed: the sale is as if it never was', () => {
    const world = rich()
    world.sell('o', 30, { points: 40 })
    world.refund('o', 'r1', 10)
    world.refund('o', 'r2', 10)
    const [reversal] = world.reverseRefund('r1').entries
    world.voidSale('o')
    expect(world.reverseRefund('r2')).toMatchObject({ code: 'already_exists', entries: [] })
    expect(world.reverseRefund('r1')).toEqual({ entries: [], code: null, first: reversal })
    expect(world.balance).toBe(1_000)
  })

  it('after a refund of all says that the sale is undone for good', () => {
    const world = rich()
    world.sell('o', 30, { points: 40 })
    world.refund('o', 'r', 30)
    expect(kinds(world.voidSale('o'))).toEqual([['clawback', 0]])
    expect(world.reverseRefund('r').code).toBe('already_exists')
    expect(world.sell('o', 30, undefined).code).toBe('already_exists')
  })

  it('of a sale for nothing is one, too', () => {
    const world = rich()
    const seq = world.coupon('cup')
    world.sell('o', 0, proofOf(seq))
    expect(kinds(world.voidSale('o'))).toEqual([
      ['use', 0],
      ['clawback', 0],
    ])
    expect(world.state.coupons).toHaveLength(1)
  })
})
