import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayOf } from '../../src/program/calendar'
import { UNDO_ENTRIES } from '../../src/ledger/undo'
import { Audit, stateOf } from './model-check'
import { rules } from './model-rules'
import { pairOf, run } from './step'
import { step } from './steps'
import { imported } from './steps-import'
import {
  actor,
  DAY_MS,
  earningOf,
  levelOf,
  living,
  programOf,
  ruleOf,
  tiersOf,
  World,
} from './world'

const byImport = { ...actor, requestId: 'import' }

/** One point a unit; silver from 100 units within a year. */
const program = programOf({
  earning: earningOf([ruleOf(1, 100)]),
  tiers: tiersOf([levelOf('bronze', 0), levelOf('silver', 10_000)]),
  expiry: living(12),
})

/** A purchase of so many whole units, so many days ago, as an import books it. */
const bookOld = (world: World, orderId: string, major: number, daysAgo: number) => {
  const occurredAt = world.now - daysAgo * DAY_MS
  const request = { orderId, currency: 'CNY', lines: [], total: major * 100, occurredAt }
  return world.do({ type: 'purchase', request: { ...request, channel: 'import' } }, byImport)
}

/** A refund of one. */
const refundOld = (
  world: World,
  orderId: string,
  major: number,
  daysAgo: number,
  by = byImport,
) => {
  const occurredAt = world.now - daysAgo * DAY_MS
  const request = { orderId, refundId: `r-${daysAgo}`, amount: major * 100, occurredAt }
  return world.do({ type: 'refund', request: { ...request, channel: 'import' } }, by)
}

/** A ledger with an order of its own, to which an import has added one of 100 units and 50 points. */
function withImport(changes: object = {}) {
  const world = new World({ ...program, ...changes })
  world.buy('own', 20)
  bookOld(world, 'o', 100, 0)
  const balance = { points: 50, reason: 'Opening balance', allowDebt: false }
  world.do({ type: 'adjust', request: balance }, byImport)
  return world
}

const undo = (world: World) => world.do({ type: 'undoImport', importId: 'import' }, byImport)

const counted = ({ state }: Pick<World, 'state'>) =>
  state.days
    .map(([, ...figures]) => figures)
    .filter((figures) => figures.some((each) => each !== 0))

describe('an imported order of which all points have lapsed', () => {
  it('is not owed a second time for a refund before that', () => {
    const world = new World(program)
    world.buy('own', 20)
    bookOld(world, 'old', 100, 600)
    expect(world.balance).toBe(20)
    expect(refundOld(world, 'old', 40, 590).code).toBeNull()
    expect(refundOld(world, 'old', 60, 580).code).toBeNull()
    expect([world.balance, world.state.debt]).toEqual([20, 0])
    expect(counted(world)).toEqual([[2_000, 20, 1]])
    expect(world.reverseRefund('r-580').code).toBeNull()
    expect(world.balance).toBe(20)
    undo(world)
    expect([world.balance, world.state.debt]).toEqual([20, 0])
  })

  it('is taken from others by a refund after that, as any is', () => {
    const world = new World(program)
    world.buy('own', 20)
    bookOld(world, 'old', 100, 600)
    refundOld(world, 'old', 100, 0)
    expect([world.balance, world.state.debt]).toEqual([-80, 80])
    undo(world)
    expect([world.balance, world.state.debt]).toEqual([20, 0])
  })

  it('is taken from its own where it lives', () => {
    const world = new World(program)
    world.buy('own', 20)
    bookOld(world, 'old', 100, 300)
    refundOld(world, 'old', 40, 290)
    expect(world.balance).toBe(80)
  })
})

describe('an import that is undone', () => {
  it('takes back what it booked, newest first, and says so', () => {
    const world = withImport()
    expect([world.balance, world.state.tier]).toEqual([170, 'silver'])
    const { entries } = undo(world)
    expect(entries.map((e) => [e.kind, e.points, e.ref, e.orderId, e.detail.undo])).toEqual([
      ['clawback', -50, 4, null, true],
      ['clawback', -100, 2, 'o', true],
      ['tier', 0, 6, null, undefined],
    ])
    expect([world.balance, world.state.tier]).toEqual([20, 'bronze'])
    expect(counted(world)).toEqual([[2_000, 20, 1]])
  })

  it.each([
    ['debt', -140],
    ['clamp', 0],
  ])('owes what was spent meanwhile, or drops it, by the clawback %s', (clawback, balance) => {
    const world = withImport({ clawback })
    world.redeem(160)
    undo(world)
    expect(world.balance).toBe(balance)
  })

  it('leaves held points to their hold', () => {
    const world = withImport()
    const { seq } = world.hold(170).entries[0]!
    undo(world)
    expect([world.state.held, world.state.debt]).toEqual([170, 150])
    world.release(seq)
    expect([world.state.available, world.state.debt]).toEqual([20, 0])
  })

  it('does not take twice what has lapsed', () => {
    const world = withImport()
    world.redeem(30)
    world.until(world.now + 380 * DAY_MS)
    expect(world.balance).toBe(0)
    undo(world)
    // Of the 30 that were spent, 20 were those of the order of its own.
    expect(world.balance).toBe(-10)
  })

  it('takes nothing of points that had lapsed when they were booked', () => {
    const world = new World(program)
    bookOld(world, 'o', 100, 600)
    expect(world.entries.map(({ kind, points }) => [kind, points])).toEqual([
      ['award', 100],
      ['expire', -100],
    ])
    undo(world)
    expect([world.balance, world.state.debt]).toEqual([0, 0])
  })

  it('leaves an order of which others have given something back', () => {
    const world = withImport()
    world.refund('o', 'r', 40)
    expect(world.balance).toBe(130)
    undo(world)
    expect([world.balance, world.state.tier]).toEqual([80, 'bronze'])
    expect(world.reverseRefund('r').code).toBeNull()
    expect(world.balance).toBe(120)
  })

  it('gives back what its refunds had taken from orders of others', () => {
    const world = new World(program)
    world.buy('own', 100)
    refundOld(world, 'own', 50, 1)
    refundOld(world, 'own', 50, 0)
    expect([world.balance, world.state.tier]).toEqual([0, 'bronze'])
    undo(world)
    expect([world.balance, world.state.tier]).toEqual([100, 'silver'])
    expect(counted(world)).toEqual([[10_000, 100, 1]])
  })

  it('leaves an order to the refunds of another import, until that is undone too', () => {
    const world = withImport()
    const byOther = { ...actor, requestId: 'other' }
    refundOld(world, 'o', 40, 0, byOther)
    undo(world)
    expect(world.balance).toBe(80)
    world.do({ type: 'undoImport', importId: 'other' }, byOther)
    expect(world.balance).toBe(120)
    undo(world)
    expect(world.balance).toBe(20)
  })

  it('leaves its orders free: they can be booked with other content, refunded and reversed', () => {
    const world = withImport()
    world.refund('o', 'r', 40)
    world.reverseRefund('r')
    undo(world)
    expect(world.refund('o', 'r', 10).code).toBe('not_found')
    expect(world.buy('o', 70).code).toBeNull()
    expect(world.buy('o', 70).first?.points).toBe(70)
    world.refund('o', 'r', 20)
    expect(world.balance).toBe(70)
    expect(world.reverseRefund('r').code).toBeNull()
    expect(world.balance).toBe(90)
  })

  it('leaves what paid its orders: that comes back once, by a refund or by its reversal', () => {
    const world = new World(program)
    world.give(50)
    const { seq } = world.redeem(50, 'o').entries[0]!
    bookOld(world, 'o', 100, 0)
    world.refund('o', 'r', 100)
    world.reverseRefund('r')
    expect(world.balance).toBe(100)
    undo(world)
    expect(world.balance).toBe(0)
    world.reverse(seq)
    expect(world.balance).toBe(50)
    expect(world.reverse(seq).first).not.toBeNull()
  })

  it('gives no coupon back a second time whose points a refund had returned', () => {
    const world = new World({ ...program, rewards: { tea: { name: { en: 'Tea' }, points: 50 } } })
    world.give(50)
    const seq = world.coupon('tea')
    world.use(seq, 'o')
    bookOld(world, 'o', 100, 0)
    world.refund('o', 'r', 100)
    expect(world.balance).toBe(50)
    undo(world)
    world.reverse(seq)
    expect(world.balance).toBe(50)
  })

  it('changes nothing where it booked nothing', () => {
    const { code, entries } = withImport().do({ type: 'undoImport', importId: 'unknown' })
    expect([code, entries]).toEqual([null, []])
  })
})

describe('a long import that is undone', () => {
  /** An import of so many orders, every tenth of them returned. */
  const withOrders = (count: number) => {
    const world = new World(program)
    world.buy('own', 20)
    for (let i = 0; i < count; i++) {
      bookOld(world, `o${i}`, 10, i % 700)
    }
    for (let i = 0; i < count; i += 10) {
      const request = { orderId: `o${i}`, refundId: 'r', amount: 400, channel: 'import' } as const
      world.do({ type: 'refund', request }, byImport)
    }
    return world
  }

  it('is taken back in parts, each of which goes on after the one before', () => {
    const world = withOrders(700)
    const parts = Array.from({ length: 4 }, () => undo(world).entries)
    expect(parts.map((entries) => entries.length > 0)).toEqual([true, true, false, false])
    expect(parts[0]!.length).toBeLessThan(UNDO_ENTRIES + 10)
    expect([world.balance, world.state.debt]).toEqual([20, 0])
    expect(counted(world)).toEqual([[2_000, 20, 1]])
    const taken = parts.flat().filter(({ detail }) => detail.undo)
    expect(new Set(taken.map(({ ref }) => ref)).size).toBe(770)
    expect(taken).toHaveLength(770)
  })

  it('leaves to what happens between two parts what it has not taken back yet', () => {
    const world = withOrders(700)
    undo(world)
    const { balance } = world
    expect(balance).toBeGreaterThan(500)
    world.redeem(balance)
    undo(world)
    expect(world.balance).toBe(20 - balance)
  })
})

describe('an import that is undone at once', () => {
  /** Rules by which nothing stays of what was: a tier that is kept, a life that went on, a debt that was dropped. */
  const fleeting = rules.filter(
    ({ clawback, expiry, tiers: { down, grace, levels } }) =>
      clawback === 'debt' &&
      expiry.kind !== 'inactivity' &&
      down === 'qualifying' &&
      !grace.toMonthEnd &&
      grace.months + grace.days === 0 &&
      levels.every(({ neverBelow }) => neverBelow === undefined),
  )

  const partsOf = (world: World) => {
    const { lots: _, ...rest } = stateOf(world)
    // A new day makes the ledger forget those that no window reaches.
    const today = dayOf(world.now, world.program.timeZone)
    const recent = world.state.days.filter(([day]) => day > today - 400)
    return { ...rest, counted: counted({ state: { ...world.state, days: recent } }) }
  }

  it('leaves balance, tier and what counts as if it had never been', () => {
    const before = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' })
    const property = fc.property(fleeting, before, imported, (some, steps, booking) => {
      const pair = pairOf(some)
      const audit = new Audit(pair.world)
      steps.forEach((each) => each(pair))
      // New rules may have been published on the way.
      const { clawback, expiry } = pair.world.program
      fc.pre(clawback === 'debt' && expiry.kind !== 'inactivity')
      const was = partsOf(pair.world)
      const known = new Set(pair.model.imports.keys())
      booking(pair)
      for (const importId of pair.model.imports.keys()) {
        if (!known.has(importId)) {
          run(pair, { type: 'undoImport', importId }, importId)
        }
      }
      expect(partsOf(pair.world)).toEqual(was)
      expect(audit.look()).toEqual([])
    })
    fc.assert(property, { numRuns: 400 })
  })
})
