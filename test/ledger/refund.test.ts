import { describe, expect, it } from 'vitest'
import type { Refund } from '../../src/ledger/schema'
import { at, DAY_MS, earningOf, NOON, programOf, World } from './world'

const byLines = (world: World, refundId: string, lines: Refund['lines']) =>
  world.do({ type: 'refund', request: { orderId: 'o', refundId, lines } })

describe('refund', () => {
  it('takes the own pending points of the order, then others by expiry, never pending of others', () => {
    const world = new World()
    world.buyPending('o', 100, NOON + DAY_MS, NOON + 9 * DAY_MS)
    world.buyPending('p', 100, NOON + DAY_MS, NOON + 9 * DAY_MS)
    world.refund('o', 'r1', 30)
    expect(world.state).toMatchObject({ pending: 170, debt: 0 })
    world.give(50)
    world.refund('o', 'r2', 70)
    expect(world.state).toMatchObject({ pending: 100, available: 50, debt: 0 })
  })

  it('takes the own active points of the order, then other active ones by expiry', () => {
    const world = new World()
    world.buy('o', 100)
    world.redeem(60)
    world.give(30, NOON + 2 * DAY_MS)
    world.give(30, NOON + DAY_MS)
    expect(world.refund('o', 'r', 100).entries[0]).toMatchObject({
      kind: 'clawback',
      points: -100,
      ref: 1,
      reference: 'r',
      lots: [
        [1, -40],
        [4, -30],
        [3, -30],
      ],
      debt: 0,
    })
  })

  it.each([
    ['debt', -100, 60],
    ['clamp', -40, 0],
  ] as const)('never takes held points; with %s the entry is %i and %i is owed', (...row) => {
    const [clawback, points, debt] = row
    const world = new World(programOf({ clawback }))
    world.buy('o', 100)
    world.hold(60)
    expect(world.refund('o', 'r', 100).entries[0]).toMatchObject({ points, debt })
    expect(world.state).toMatchObject({ available: 0, held: 60, debt })
  })

  it('is exact at the end, whatever the split', () => {
    const world = new World()
    world.buy('o', 10)
    for (let i = 0; i < 7; i += 1) {
      world.do({ type: 'refund', request: { orderId: 'o', refundId: `${i}`, amount: 143 } })
    }
    const taken = world.entries.slice(1).map((entry) => entry.points)
    expect(taken).toEqual([-1, -1, -2, -1, -2, -1, -2])
  })

  it('caps what is beyond the order, and then does nothing', () => {
    const world = new World()
    world.buy('o', 10)
    expect(world.refund('o', 'r1', 25).entries[0]).toMatchObject({
      points: -10,
      detail: { refund: { amount: 1_000, goods: 0, owed: 10 } },
    })
    expect(world.refund('o', 'r2', 1)).toEqual({ entries: [], code: null, first: null })
  })

  it('answers the first entry of a refund booked before', () => {
    const world = new World()
    world.buy('o', 10)
    const { entries } = world.refund('o', 'r', 5)
    expect(world.refund('o', 'r', 5)).toEqual({ entries: [], code: null, first: entries[0] })
    expect(world.balance).toBe(5)
  })

  it('answers that there is no such purchase', () => {
    const world = new World()
    world.give(10)
    world.redeem(5, 'o')
    expect(world.refund('o', 'r', 5).code).toBe('not_found')
  })

  it('lowers the spend that tiers count on the day of the purchase', () => {
    const world = new World()
    world.buy('o', 2_500)
    world.until(NOON + 40 * DAY_MS)
    const { entries } = world.refund('o', 'r', 600)
    expect(entries.map((entry) => entry.kind)).toEqual(['clawback', 'tier'])
    expect(world.state.days).toEqual([[20_522, 190_000, 1_900, 1]])
    world.refund('o', 'rest', 1_900)
    expect(world.state.days).toEqual([[20_522, 0, 0, 0]])
  })

  it('takes no more entries of an order than a thousand', () => {
    const world = new World()
    world.buy('o', 10)
    world.give(1)
    for (let i = 0; i < 499; i += 1) {
      world.refund('o', `r${i}`, 0.01)
      world.reverseRefund(`r${i}`)
    }
    expect(world.refund('o', 'x1', 1).entries).toHaveLength(1)
    expect(world.refund('o', 'x2', 1).code).toBe('limit_reached')
    expect(world.balance).toBe(10)
  })
})

describe('refund by lines', () => {
  const bought = (): World => {
    const world = new World()
    const lines = [
      { lineId: 'tea', sku: 'tea', quantity: 3, amount: 1_000 },
      { sku: 'bun', quantity: 1, amount: 2_000 },
    ]
    world.buy('o', 0, { lines, shipping: 1_500, total: 4_500 })
    return world
  }

  it('of every line is a full refund although shipping was kept', () => {
    const world = bought()
    byLines(world, 'r', [
      { lineId: 'tea', quantity: 3 },
      { lineId: '2', quantity: 1 },
    ])
    expect(world.balance).toBe(0)
  })

  it('goes by quantity, cumulative within the line', () => {
    const world = bought()
    const [first, second, third] = ['1', '2', '3'].map(
      (id) => byLines(world, id, [{ lineId: 'tea', quantity: 1 }]).entries[0]!.detail.refund!,
    )
    expect([first!.goods, second!.goods, third!.goods]).toEqual([333, 333, 334])
    expect(world.balance).toBe(20)
    expect(byLines(world, '4', [{ lineId: 'tea', quantity: 1 }]).entries).toEqual([])
  })

  it('goes by amount, never beyond the line', () => {
    const world = bought()
    byLines(world, 'r', [
      { lineId: '2', amount: 1_500 },
      { lineId: '2', amount: 1_500 },
    ])
    expect(world.balance).toBe(10)
  })

  it('and by amount add up, and overlap is not taken twice', () => {
    const world = bought()
    world.refund('o', 'half', 22.5)
    expect(world.balance).toBe(15)
    byLines(world, 'all', [
      { lineId: 'tea', quantity: 3 },
      { lineId: '2', quantity: 1 },
    ])
    expect(world.balance).toBe(0)
  })

  it('that overlapped another is taken wholly once the other failed', () => {
    const world = bought()
    world.refund('o', 'half', 22.5)
    byLines(world, 'all', [
      { lineId: 'tea', quantity: 3 },
      { lineId: '2', quantity: 1 },
    ])
    world.reverseRefund('half')
    expect(world.balance).toBe(15)
    world.refund('o', 'again', 22.5)
    expect(world.balance).toBe(0)
  })

  it('refuses a line that the order does not have', () => {
    const world = bought()
    expect(byLines(world, 'r', [{ lineId: '1', quantity: 1 }]).code).toBe('validation_failed')
    expect(world.balance).toBe(30)
  })
})

describe('the refund of an order that cost nothing', () => {
  const bought = (): World => {
    const world = new World()
    world.give(100)
    world.redeem(100, 'o')
    const lines = [{ sku: 'tea', quantity: 4, amount: 1_000 }]
    world.buy('o', 0, { lines, discount: 1_000, total: 0 })
    return world
  }

  it('by amount returns all points that paid for it', () => {
    const world = bought()
    world.refund('o', 'r', 0)
    expect(world.balance).toBe(100)
    expect(world.state.days.at(-1)![3]).toBe(0)
  })

  it('by lines returns them by the units', () => {
    const world = bought()
    byLines(world, 'r', [{ lineId: '1', quantity: 1 }])
    expect(world.balance).toBe(25)
    byLines(world, 'rest', [{ lineId: '1', quantity: 9 }])
    expect(world.balance).toBe(100)
    expect(byLines(world, 'more', [{ lineId: '1', quantity: 1 }]).entries).toEqual([])
  })
})

describe('points that an order was paid with', () => {
  it('return pro rata to their lots, by largest remainder', () => {
    const world = new World(programOf({ earning: earningOf([]) }))
    world.give(10, NOON + DAY_MS)
    world.give(5, NOON + 2 * DAY_MS)
    world.redeem(15, 'o')
    world.buy('o', 10)
    const [restore, clawback] = world.refund('o', 'r', 5).entries
    expect(restore).toMatchObject({ kind: 'restore', points: 7, reference: 'r', ref: 3 })
    expect(world.lots).toEqual([
      [NOON + DAY_MS, 5],
      [NOON + 2 * DAY_MS, 2],
    ])
    expect(clawback).toMatchObject({ kind: 'clawback', points: 0 })
    world.refund('o', 'rest', 5)
    expect(world.lots).toEqual([
      [NOON + DAY_MS, 10],
      [NOON + 2 * DAY_MS, 5],
    ])
  })

  it('lapse again where their lot lapsed meanwhile', () => {
    const world = new World()
    world.give(50, NOON + DAY_MS)
    world.redeem(50, 'o')
    world.buy('o', 20)
    world.until(NOON + 2 * DAY_MS)
    const { entries } = world.refund('o', 'r', 20)
    expect(entries.map(({ kind, points }) => [kind, points])).toEqual([
      ['restore', 50],
      ['clawback', -20],
      ['expire', -50],
    ])
    expect(world.balance).toBe(0)
  })
})

describe('the reversal of a refund', () => {
  it('puts back what was taken, where it was taken, and the figures for tiers', () => {
    const world = new World()
    world.give(30, NOON + DAY_MS)
    world.buy('o', 2_000)
    world.redeem(1_000)
    const { lots, available, days } = world.state
    world.refund('o', 'r', 1_015)
    expect(world.state.tier).toBe('bronze')
    const { entries } = world.reverseRefund('r')
    expect(entries).toMatchObject([
      { kind: 'restore', points: 1_015, reference: 'r', detail: { reversal: true } },
      { kind: 'tier', tier: 'silver' },
    ])
    expect(world.state).toMatchObject({ lots, available, days, debt: 0 })
  })

  it('happens once', () => {
    const world = new World()
    world.buy('o', 10)
    world.refund('o', 'r', 10)
    const { entries } = world.reverseRefund('r')
    expect(world.reverseRefund('r', 'o')).toEqual({ entries: [], code: null, first: entries[0] })
    expect(world.refund('o', 'r', 10).first).toMatchObject({ kind: 'clawback' })
    expect(world.balance).toBe(10)
    world.refund('o', 'again', 10)
    expect(world.balance).toBe(0)
  })

  it('asks which order is meant where several have a refund of that id', () => {
    const world = new World()
    world.buy('o', 10)
    world.buy('p', 20)
    world.refund('o', 'r', 10)
    world.refund('p', 'r', 20)
    expect(world.reverseRefund('r').code).toBe('validation_failed')
    expect(world.reverseRefund('r', 'x').code).toBe('not_found')
    expect(world.reverseRefund('q').code).toBe('not_found')
    world.reverseRefund('r', 'p')
    expect(world.balance).toBe(20)
  })

  it('clears the debt that the refund made although the lot lapsed since', () => {
    const world = new World()
    world.buy('o', 100)
    world.redeem(100)
    world.refund('o', 'r', 100)
    world.until(NOON + 390 * DAY_MS)
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 0, debt: 0 })
  })

  it('gives a lot of its own for a debt that other points paid since', () => {
    const world = new World()
    world.buy('o', 100)
    const { seq } = world.redeem(100).entries[0]!
    world.refund('o', 'r', 100)
    world.buy('p', 100)
    expect(world.balance).toBe(0)
    const [restore] = world.reverseRefund('r').entries
    expect(restore).toMatchObject({ points: 100, lots: [], lot: { activeAt: null } })
    world.reverse(seq)
    expect(world.state.lots.map((lot) => [lot.seq, lot.remaining])).toEqual([
      [1, 100],
      [restore!.seq, 100],
    ])
  })

  it('takes back the points that the refund returned', () => {
    const world = new World()
    world.give(100)
    world.redeem(60, 'o')
    world.buy('o', 10)
    world.refund('o', 'r', 5)
    expect(world.balance).toBe(75)
    world.reverseRefund('r')
    expect(world.balance).toBe(50)
    world.refund('o', 'all', 10)
    expect(world.balance).toBe(100)
  })

  it('takes back nothing of a redemption that was itself reversed', () => {
    const world = new World(programOf({ earning: earningOf([]) }))
    world.give(100)
    const { seq } = world.redeem(100, 'o').entries[0]!
    world.buy('o', 10)
    world.refund('o', 'r', 4)
    world.reverse(seq)
    world.reverseRefund('r')
    expect(world.balance).toBe(100)
  })

  it('takes back nothing of what lapsed as it was returned', () => {
    const world = new World(programOf({ earning: earningOf([]) }))
    world.give(40, NOON + DAY_MS)
    world.give(60)
    world.redeem(100, 'o')
    world.buy('o', 10)
    world.until(NOON + 2 * DAY_MS)
    world.refund('o', 'r', 10)
    expect(world.balance).toBe(60)
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 0, debt: 0 })
  })

  it('takes what it takes back first from where it was returned, a lot of its own too', () => {
    const world = new World(programOf({ earning: earningOf([]) }))
    world.give(10, NOON + DAY_MS)
    world.redeem(10, 'o')
    world.buy('o', 10)
    world.refund('o', 'r1', 10)
    world.redeem(10)
    world.reverseRefund('r1')
    expect(world.state.debt).toBe(10)
    world.give(10)
    const own = world.refund('o', 'r2', 10).entries[0]!
    expect(own).toMatchObject({ kind: 'restore', points: 10, lots: [], lot: {} })
    world.give(10, NOON + 2 * DAY_MS)
    world.reverseRefund('r2')
    expect(world.lots).toEqual([[NOON + 2 * DAY_MS, 10]])
  })
})

describe('the reversal of a refund that returned points to a lot that had lapsed', () => {
  const grace = programOf({ restoreGraceDays: 3, earning: earningOf([]) })
  const UNTIL = at('2026-03-19T00:00:00+08:00')
  /** Of 100 points that lapsed on 11 March, 60 paid the order; it is 15 March now, and the rest is held where `held`. */
  const lapsed = ({ held = false, debt = 0 } = {}): World => {
    const world = new World(grace)
    world.give(100, NOON + DAY_MS)
    world.redeem(60, 'o')
    if (held) {
      world.hold(40, 7 * 86_400)
    }
    world.buy('o', 10)
    world.until(NOON + 5 * DAY_MS)
    if (debt > 0) {
      world.owe(debt)
    }
    return world
  }
  const kept = ({ state }: World) => {
    const { available, held, debt, lots } = state
    return { available, held, debt, lots }
  }

  it.each([
    ['with grace', {}, 1],
    ['in a lot of their own', { held: true }, 5],
  ])('takes them back from where they are: %s', (_, how, seq) => {
    const world = lapsed(how)
    const before = kept(world)
    const [restore] = world.refund('o', 'r', 10).entries
    expect(restore).toMatchObject({ kind: 'restore', points: 60, debt: 0 })
    world.give(5, UNTIL - 1)
    expect(world.state.lots.find((lot) => lot.seq === seq)).toMatchObject({
      expiresAt: UNTIL,
      remaining: 60,
    })
    const undone = world.reverseRefund('r').entries.at(-1)!
    expect(undone).toMatchObject({ points: -60, debt: 0, lots: [[seq, -60]], ref: restore!.seq })
    world.owe(5)
    expect(kept(world)).toEqual(before)
  })

  it.each([
    ['with grace from then, where they had grace', {}, UNTIL + DAY_MS],
    ['to a lot of their own that still lives', { held: true }, UNTIL],
  ])('leaves them to return again %s', (_, how, end) => {
    const world = lapsed(how)
    world.refund('o', 'r', 10)
    world.reverseRefund('r')
    world.until(NOON + 6 * DAY_MS)
    world.refund('o', 'again', 10)
    expect(world.state.available).toBe(60)
    expect(world.lots.at(-1)).toEqual([end, 60])
    expect(world.refund('o', 'more', 10).entries).toEqual([])
  })

  it('leaves them to return again with grace from then, where their own lot has lapsed too', () => {
    const world = lapsed({ held: true })
    world.refund('o', 'r', 10)
    world.reverseRefund('r')
    world.until(UNTIL + DAY_MS)
    world.refund('o', 'again', 10)
    expect(world.lots).toEqual([[UNTIL + 5 * DAY_MS, 60]])
  })

  it.each([
    ['with grace', {}],
    ['in a lot of their own', { held: true }],
  ])('takes them from other points, or into debt, once they were spent: %s', (_, how) => {
    const world = lapsed(how)
    world.refund('o', 'r', 10)
    world.redeem(50)
    world.give(20)
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 0, debt: 30 })
  })

  it.each([
    ['with grace', {}],
    ['in a lot of their own', { held: true }],
  ])('takes them although they lapsed since, as they lived: %s', (_, how) => {
    const world = lapsed(how)
    world.refund('o', 'r', 10)
    world.until(UNTIL)
    expect(world.entries.at(-1)).toMatchObject({ kind: 'expire', points: -60 })
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 0, debt: 60 })
  })

  it.each([
    ['in part, the rest with grace', {}, 50],
    ['in part, the rest in a lot of its own', { held: true }, 50],
    ['wholly', {}, 60],
    ['wholly, others held', { held: true }, 60],
    ['wholly, and some is still owed', {}, 70],
  ])('makes the debt anew that they paid %s', (_, how, debt) => {
    const world = lapsed({ ...how, debt })
    const before = kept(world)
    const paid = Math.min(debt, 60)
    const [restore] = world.refund('o', 'r', 10).entries
    expect(restore).toMatchObject({ points: 60, debt: -paid, detail: { returned: [[1, 60]] } })
    expect(world.state).toMatchObject({ available: 60 - paid, debt: debt - paid })
    const undone = world.reverseRefund('r').entries.at(-1)!
    expect(undone).toMatchObject({ points: -60, debt: paid, ref: restore!.seq })
    expect(kept(world)).toEqual(before)
  })

  it('takes nothing where the redemption itself was reversed, be it into a lot of its own', () => {
    const world = lapsed({ held: true })
    world.refund('o', 'r', 5)
    world.reverse(2)
    expect(world.state).toMatchObject({ available: 60, held: 40 })
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 60, held: 40, debt: 0 })
  })
})
