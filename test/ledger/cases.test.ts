import { describe, expect, it } from 'vitest'
import type {
  EarningRule,
  Expiry,
  ProgramDocument,
  Rounding,
  Tiers,
} from '../../src/program/document'
import { NEVER } from '../../src/program/expiry'
import { at, DAY_MS, earningOf, levelOf, living, programOf, ruleOf, tiersOf, World } from './world'

// Figures restated from public test suites and vendors' documentation, by their number there.

const day = (text: string) => at(`${text}T00:00:00+08:00`)
const points = (world: World, kind: string) =>
  world.entries.filter((entry) => entry.kind === kind).map((entry) => entry.points)

describe('lots and expiry', () => {
  it('A1: +100, −30 leaves 70 in that lot', () => {
    const world = new World()
    world.give(100, day('2027-01-01'))
    world.redeem(30)
    expect(world.balance).toBe(70)
    expect(world.lots).toEqual([[day('2027-01-01'), 70]])
  })

  it.each<[string, number, number]>([
    ['A2', day('2027-06-01'), day('2027-01-01')],
    ['A3', NEVER, day('2027-01-01')],
  ])('%s: the lot that lapses first is spent first, whenever it came', (_, later, sooner) => {
    const world = new World()
    world.give(100, later)
    world.give(100, sooner)
    world.redeem(100)
    expect(world.lots).toEqual([[later, 100]])
  })

  it('A4: +50, +50, −70 leaves one open lot of 30', () => {
    const world = new World()
    world.give(50, day('2027-01-01'))
    world.give(50, day('2027-02-01'))
    world.redeem(70)
    expect(world.balance).toBe(30)
    expect(world.lots).toEqual([[day('2027-02-01'), 30]])
  })

  it('A5: +50, −80 into debt, +100 leaves 70, no debt and one open lot', () => {
    const world = new World()
    world.give(50, day('2027-01-01'))
    world.owe(80)
    expect(world.state).toMatchObject({ debt: 30, available: 0 })
    world.give(100, day('2027-02-01'))
    expect(world.balance).toBe(70)
    expect(world.state.debt).toBe(0)
    expect(world.lots).toEqual([[day('2027-02-01'), 70]])
  })

  it.each<[string, number]>([
    ['2027-03-01', 100],
    ['2027-07-01', 300],
  ])('A6: by %s, %i of +100, +200 and +50 that never lapse are gone', (until, lapsed) => {
    const world = new World()
    world.give(100, day('2027-02-01'))
    world.give(200, day('2027-06-01'))
    world.give(50, NEVER)
    world.until(day(until))
    expect(world.balance).toBe(350 - lapsed)
  })

  it.each<[string, number, number[]]>([
    ['A7', 0, [-150]],
    ['A8', 50, [-100]],
    ['A9', 150, []],
  ])('%s: of 150 that lapsed, %i were spent before: expiries %j, once', (_, spent, expiries) => {
    const world = new World()
    world.give(150, day('2026-03-11'))
    if (spent > 0) {
      world.redeem(spent)
    }
    world.until(day('2026-03-12'))
    expect(world.settle()).toEqual([])
    expect(points(world, 'expire')).toEqual(expiries)
    expect(world.balance).toBe(0)
    expect(world.lots).toEqual([])
  })

  const toMonthEnd = (months: number): Expiry => ({ kind: 'after', months, to: 'month' })

  it.each<[string, string, Expiry, string]>([
    ['A10', '2026-01-25', living(1), '2026-02-26'],
    ['A10', '2026-01-31', living(1), '2026-03-01'],
    ['A10, rounded to month end', '2026-01-25', toMonthEnd(1), '2026-03-01'],
    ['A10, rounded to month end', '2026-01-31', toMonthEnd(1), '2026-03-01'],
    ['A11', '2020-07-06', toMonthEnd(12), '2021-08-01'],
  ])('%s: earned on %s by %j, points are there until %s begins', (...row) => {
    const [, earned, expiry, gone] = row
    const world = new World(programOf({ expiry }))
    world.now = at(`${earned}T23:59:59+08:00`)
    world.buy('o', 10)
    world.until(day(gone) - 1)
    expect(world.balance).toBe(10)
    expect(world.until(day(gone))).toMatchObject([{ kind: 'expire', occurredAt: day(gone) }])
    expect(world.balance).toBe(0)
  })

  it('A12: the same order awarded twice earns once', () => {
    const world = new World()
    const { entries } = world.buy('o', 200)
    const again = world.buy('o', 200)
    expect(again).toEqual({ entries: [], code: null, first: entries[0] })
    expect(world.balance).toBe(200)
  })
})

describe('clawback and redemption', () => {
  it('B1: earn 150, refund it all, and again: 0, by one entry of −150', () => {
    const world = new World()
    world.buy('o', 150)
    world.refund('o', 'r1', 150)
    expect(world.refund('o', 'r2', 150)).toEqual({ entries: [], code: null, first: null })
    expect(world.balance).toBe(0)
    expect(points(world, 'clawback')).toEqual([-150])
  })

  it.each<[ProgramDocument['clawback'], number, number, number]>([
    ['clamp', 0, 0, -50],
    ['debt', -100, 100, -150],
  ])('B2: earn 150, spend 100, refund all with %s: balance %i, debt %i, entry %i', (...row) => {
    const [clawback, balance, debt, entry] = row
    const world = new World(programOf({ clawback }))
    world.buy('o', 150)
    world.redeem(100)
    world.refund('o', 'r', 150)
    expect(world.balance).toBe(balance)
    expect(world.state.debt).toBe(debt)
    expect(points(world, 'clawback')).toEqual([entry])
  })

  it('B3: redeem 300 of 1,000, reverse it, reverse it again: 1,000 both times', () => {
    const world = new World()
    world.give(1_000)
    const { seq } = world.redeem(300).entries[0]!
    const { entries } = world.reverse(seq)
    expect(world.balance).toBe(1_000)
    expect(world.reverse(seq)).toEqual({ entries: [], code: null, first: entries[0] })
    expect(world.balance).toBe(1_000)
  })

  it('B6: of two holds of 100 on 100 points, the second is refused', () => {
    const world = new World()
    world.give(100)
    expect(world.hold(100).code).toBe(null)
    expect(world.hold(100).code).toBe('insufficient_points')
    expect(world.state).toMatchObject({ available: 0, held: 100 })
  })

  it('B7: a full refund takes what the order earned and returns what it was paid with', () => {
    const world = new World(
      programOf({
        earning: earningOf([ruleOf(70, 100)]),
        rewards: { cup: { name: { en: 'Cup' }, points: 150 } },
      }),
    )
    world.give(200)
    world.do({ type: 'redeem', request: { rewardId: 'cup', orderId: 'o' } })
    world.buy('o', 1)
    expect(world.balance).toBe(120)
    world.refund('o', 'r', 1)
    expect(world.balance).toBe(200)
  })

  it('B8: a refund goes by the rules of the award, not by those of today', () => {
    const world = new World()
    world.buy('o', 50)
    world.program = { ...world.program, version: 2, earning: earningOf([ruleOf(2, 100)]) }
    world.refund('o', 'r', 50)
    expect(points(world, 'clawback')).toEqual([-50])
  })

  it('B9: takes back 40 % in all for two refunds of 20 %', () => {
    const world = new World()
    world.buy('o', 100)
    world.refund('o', 'r1', 20)
    world.refund('o', 'r2', 20)
    expect(world.balance).toBe(60)
  })

  it('B10: the catalogue says what a reward costs, and the entry says what the till expected', () => {
    const world = new World(programOf({ rewards: { cup: { name: { en: 'Cup' }, points: 5 } } }))
    world.give(5)
    const request = { rewardId: 'cup', expectedPoints: 1 }
    const [entry] = world.do({ type: 'redeem', request }).entries
    expect(entry).toMatchObject({ points: -5, detail: { rewardId: 'cup', expectedPoints: 1 } })
  })
})

describe('earning', () => {
  const starting = (startsAt: string) => ruleOf(1, 100, { startsAt })
  const earned = (program: Partial<ProgramDocument>, total: number) =>
    new World(programOf(program)).buy('o', 0, { total }).entries[0]!.points

  it.each<[string, number, EarningRule[], number]>([
    ['C1: 1999 minor at 1 per 100 earns 19', 1999, [ruleOf(1, 100)], 19],
    [
      'C2: 1999 minor at 1 per 100 and 1 per 200 earns 19 and 9',
      1999,
      [ruleOf(1, 100), ruleOf(1, 200, { id: 'b' })],
      28,
    ],
    ['C6: a rule that is off earns nothing', 1999, [ruleOf(1, 100, { isOff: true })], 0],
    [
      'C6: a rule that starts in 2099 earns nothing yet',
      1999,
      [starting('2099-01-01T00:00:00Z')],
      0,
    ],
    ['C6: a rule that has started earns', 1999, [starting('2026-01-01T00:00:00Z')], 19],
    ['C6: no rule earns nothing', 1999, [], 0],
    ['C9: $7 at 10 points for $2 earns 30', 700, [ruleOf(10, 200, { wholeSteps: true })], 30],
    ['C10: $105 at 1 point for $10 earns 10', 10_500, [ruleOf(1, 1_000)], 10],
  ])('%s', (_, total, rules, expected) => {
    expect(earned({ earning: earningOf(rules) }, total)).toBe(expected)
  })

  it.each<[Rounding, number]>([
    ['floor', 28],
    ['half-up', 29],
    ['ceil', 29],
  ])('C5: 19 × 1.5, rounded %s, is %i', (rounding, expected) => {
    const tiers = tiersOf([levelOf('bronze', 0, { factor: 150 })])
    const earning = earningOf([ruleOf(1, 100)], { rounding })
    expect(earned({ earning, tiers }, 1_900)).toBe(expected)
  })

  it.each<[string, Partial<ProgramDocument['earning']['base']>, number]>([
    ['goods net of tax', { tax: 'excluded' }, 4_200],
    ['the order with tax', { shipping: 'included' }, 6_000],
    ['the order net of tax', { shipping: 'included', tax: 'excluded' }, 5_000],
    ['the default base', {}, 5_000],
  ])('C7: of 6000 with 1000 tax, shipping 1000 in it, %s is %j: %i', (_, base, expected) => {
    const standard = programOf().earning
    const earning = { ...standard, base: { ...standard.base, ...base } }
    const world = new World(programOf({ earning }))
    const [award] = world.buy('o', 0, {
      lines: [{ sku: 'sku', quantity: 1, amount: 5_000, tax: 800 }],
      shipping: 1_000,
      tax: 1_000,
      total: 6_000,
    }).entries
    expect(award).toMatchObject({ points: expected / 100, detail: { earning: { base: expected } } })
    expect(world.state.days.at(-1)![1]).toBe(expected)
  })
})

describe('tiers', () => {
  const levels = [
    levelOf('bronze', 0),
    levelOf('silver', 1_000_000, { factor: 200 }),
    levelOf('gold', 2_000_000, { factor: 300 }),
  ]
  const opened = (spent: number, rest: Partial<Tiers> = {}): World => {
    const world = new World(programOf({ tiers: tiersOf(levels, rest) }))
    if (spent > 0) {
      world.buy('before', spent)
    }
    return world
  }

  it.each<[number, number, string, number]>([
    [0, 6_000, 'bronze', 1],
    [0, 15_000, 'silver', 1],
    [0, 25_000, 'gold', 1],
    [4_000, 500, 'bronze', 1],
    [8_000, 3_000, 'silver', 1],
    [18_000, 3_000, 'gold', 2],
    [22_000, 5_000, 'gold', 3],
  ])('T1: %i spent so far and an order of %i make %s; it earns by the tier before', (...row) => {
    const [spent, order, tier, factor] = row
    const world = opened(spent)
    const [award] = world.buy('order', order).entries
    expect(world.state.tier).toBe(tier)
    expect(award!.points).toBe(order * factor)
  })

  it('T2: gold stays gold when all points are redeemed', () => {
    const world = opened(25_000)
    world.redeem(world.state.available)
    expect(world.state).toMatchObject({ available: 0, tier: 'gold' })
    world.until(world.now + 30 * DAY_MS)
    expect(world.state.tier).toBe('gold')
  })

  it('T3: a refund that undoes silver makes bronze at once', () => {
    const world = opened(9_000)
    world.buy('order', 3_000)
    expect(world.state.tier).toBe('silver')
    const { entries } = world.refund('order', 'r', 3_000)
    expect(world.state.tier).toBe('bronze')
    expect(entries.at(-1)).toMatchObject({
      kind: 'tier',
      tier: 'bronze',
      occurredAt: world.now,
      ref: entries[0]!.seq,
      detail: { reason: 'fell' },
    })
  })

  it("T3: with grace to the month's end it makes bronze when the next month starts", () => {
    const world = opened(9_000, { grace: { months: 0, days: 0, toMonthEnd: true } })
    world.buy('order', 3_000)
    world.refund('order', 'r', 3_000)
    expect(world.state).toMatchObject({ tier: 'silver', fallsAt: day('2026-04-01') })
    expect(world.until(day('2026-04-01') - 1)).toEqual([])
    expect(world.until(day('2026-04-01'))).toMatchObject([
      { kind: 'tier', tier: 'bronze', occurredAt: day('2026-04-01'), detail: { reason: 'fell' } },
    ])
  })
})
