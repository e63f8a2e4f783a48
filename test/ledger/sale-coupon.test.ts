import { describe, expect, it } from 'vitest'
import { DAY_MS, NOON, programOf, proofOf, World } from './world'

const rewards = {
  cup: { name: { en: 'Cup' }, points: 100 },
  tea: { name: { en: 'Tea' }, points: 5 },
}

const rich = (changes: Parameters<typeof programOf>[0] = {}, points = 1_000) => {
  const world = new World(programOf({ rewards, ...changes }))
  world.give(points)
  return world
}

const kinds = ({ entries }: { entries: readonly { kind: string; points: number }[] }) =>
  entries.map(({ kind, points }) => [kind, points])

/** How many points of a redemption came back, less what was taken again. */
const returned = ({ entries }: World, seq: number): number =>
  entries
    .filter(({ kind, ref }) => kind === 'restore' && ref === seq)
    .reduce((sum, restore) => {
      const again = entries.filter(({ kind, ref }) => kind === 'clawback' && ref === restore.seq)
      return again.reduce((left, { points }) => left + points, sum + restore.points)
    }, 0)

describe('a voided sale whose coupon had come back in part', () => {
  it('gives the rest as points too: the coupon stays used', () => {
    const world = rich()
    const seq = world.coupon('cup')
    world.sell('o', 30, proofOf(seq))
    world.refund('o', 'r', 10)
    expect(kinds(world.voidSale('o'))).toEqual([
      ['restore', 67],
      ['clawback', -20],
    ])
    expect([world.state.coupons, world.balance]).toEqual([[], 1_000])
    expect(world.reverse(seq).code).toBe('coupon_ended')
  })

  it('gives it as points when a refund came and went: other lots may have paid instead', () => {
    const world = new World(programOf({ rewards: { cup: { name: { en: 'Cup' }, points: 10 } } }))
    world.give(10, NOON + 3 * DAY_MS)
    world.give(10, NOON + 4 * DAY_MS)
    const lots = world.lots
    const seq = world.coupon('cup')
    world.sell('o', 0, proofOf(seq))
    world.refund('o', 'r', 0)
    const held = world.hold(7).entries[0]!.seq
    world.reverseRefund('r')
    expect(returned(world, seq)).toBe(0)
    world.voidSale('o')
    world.reverse(seq)
    world.release(held)
    expect([world.state.coupons, returned(world, seq)]).toEqual([[], 10])
    expect(world.lots).toEqual(lots)
  })

  it.each(['clamp', 'debt'] as const)('never returns more than it cost, by %s', (clawback) => {
    const world = rich({ clawback }, 100)
    const seq = world.coupon('cup')
    world.sell('o', 0, proofOf(seq))
    world.refund('o', 'r', 0)
    world.redeem(100)
    world.reverseRefund('r')
    world.voidSale('o')
    world.use(seq, 'p')
    world.sell('p', 0)
    world.refund('p', 's', 0)
    world.reverse(seq)
    expect(returned(world, seq)).toBeLessThanOrEqual(100)
    expect(world.balance).toBeLessThanOrEqual(0)
  })

  it('never returns more than it cost where what came back had lapsed', () => {
    const world = rich({}, 1)
    world.give(99, NOON + DAY_MS)
    const seq = world.coupon('cup')
    world.sell('o', 10, proofOf(seq))
    world.until(NOON + 2 * DAY_MS)
    world.refund('o', 'r', 5)
    world.reverseRefund('r')
    world.voidSale('o')
    world.reverse(seq)
    expect(returned(world, seq)).toBeLessThanOrEqual(100)
  })
})

describe('the refund of an order that a coupon paid', () => {
  /** A coupon paid from three lots, used for an order of 90. */
  function paid() {
    const world = new World(programOf({ rewards }))
    world.give(50, NOON + 3 * DAY_MS)
    world.give(30, NOON + 4 * DAY_MS)
    world.give(20, NOON + 5 * DAY_MS)
    const lots = world.lots
    const seq = world.coupon('cup')
    world.sell('o', 90, proofOf(seq))
    return { world, seq, lots }
  }

  it('returns its points to their lots, each its part, and the coupon stays used', () => {
    const { world, seq } = paid()
    const [restore] = world.refund('o', 'r1', 30).entries
    expect(restore).toMatchObject({ kind: 'restore', points: 33, ref: seq, orderId: 'o' })
    expect(restore!.lots.map(([lot, points]) => [lot, points])).toEqual([
      [1, 16],
      [2, 10],
      [3, 7],
    ])
    expect(world.state.coupons).toEqual([])
    expect(world.use(seq, 'p').code).toBe('coupon_ended')
  })

  it('in parts returns all at the end, to the lots that paid', () => {
    const { world, seq, lots } = paid()
    ;[13, 20, 1, 56].forEach((major, i) => world.refund('o', `r${i}`, major))
    expect(world.lots).toEqual(lots)
    expect(returned(world, seq)).toBe(100)
  })

  it('takes them again when it is reversed', () => {
    const { world, seq } = paid()
    const before = world.lots
    world.refund('o', 'r', 45)
    expect(returned(world, seq)).toBe(50)
    world.reverseRefund('r')
    expect(world.lots).toEqual(before)
    expect(returned(world, seq)).toBe(0)
    world.refund('o', 's', 90)
    expect(returned(world, seq)).toBe(100)
  })

  it('by lines is the same', () => {
    const world = rich()
    const seq = world.coupon('cup')
    const lines = [
      { sku: 'TEA', quantity: 2, amount: 3_000 },
      { sku: 'POT', quantity: 1, amount: 6_000 },
    ]
    world.sell('o', 90, proofOf(seq), { lines })
    const refund = { refundId: 'r', orderId: 'o', lines: [{ lineId: '1', quantity: 1 }] }
    world.do({ type: 'refund', request: refund })
    expect(returned(world, seq)).toBe(16)
  })

  it('returns what each of its payments cost', () => {
    const world = rich()
    const [one, two] = [world.coupon('cup'), world.coupon('tea')]
    world.sell('o', 90, proofOf(one))
    world.use(two, 'o')
    const { seq: points } = world.redeem(40, 'o').entries[0]!
    world.refund('o', 'r', 45)
    expect([one, two, points].map((seq) => returned(world, seq))).toEqual([50, 2, 20])
    world.refund('o', 's', 45)
    expect([one, two, points].map((seq) => returned(world, seq))).toEqual([100, 5, 40])
    expect(world.balance).toBe(1_000)
  })

  it('that came before its coupon was used returns its part with the rest', () => {
    const world = rich()
    const seq = world.coupon('cup')
    world.buy('o', 90)
    world.refund('o', 'r', 45)
    world.use(seq, 'o')
    world.refund('o', 's', 45)
    expect(returned(world, seq)).toBe(100)
  })
})
