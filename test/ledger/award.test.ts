import { describe, expect, it } from 'vitest'
import {
  at,
  DAY_MS,
  earningOf,
  levelOf,
  NOON,
  programOf,
  purchaseOf,
  ruleOf,
  tiersOf,
  World,
} from './world'

describe('purchase', () => {
  it('awards a lot that lives twelve months to the end of the local day', () => {
    const world = new World()
    const [award] = world.buy('o', 12).entries
    expect(award).toMatchObject({ kind: 'award', points: 12, orderId: 'o', debt: 0 })
    expect(world.lots).toEqual([[at('2027-03-11T00:00:00+08:00'), 12]])
  })

  it('keeps how the points came about, and the lines after all discounts', () => {
    const world = new World()
    const lines = [
      { sku: 'tea', quantity: 2, amount: 1_000, discount: 100, category: 'drinks' },
      { lineId: 'x', sku: 'bun', quantity: 1, amount: 600 },
      { sku: 'nap', quantity: 1, amount: 0 },
    ]
    const { request } = purchaseOf('o', 0, { lines, discount: 150, total: 1_350, storeId: 's' })
    const [award] = world.do({ type: 'purchase', request }).entries
    expect(award!.detail).toEqual({
      earning: {
        version: 1,
        base: 1_350,
        factor: 100,
        rounding: 'floor',
        rules: [['purchase', 13]],
      },
      total: 1_350,
      lines: [
        ['tea', 2, 810, null, 'drinks'],
        ['bun', 1, 540, 'x'],
        ['nap', 1, 0],
      ],
      channel: 'pos',
      storeId: 's',
    })
  })

  it('awards 0 for an order of zero value, and makes no lot', () => {
    const world = new World()
    const { entries } = world.buy('o', 0)
    expect(entries).toMatchObject([{ kind: 'award', points: 0, lot: null }])
    expect(world.lots).toEqual([])
  })

  it.each([
    ['another currency', { currency: 'USD' }],
    ['a total that does not add up', { lines: [{ sku: 'a', quantity: 1, amount: 5 }] }],
    ['a day more than 400 days ago', { occurredAt: NOON - 401 * DAY_MS }],
    ['more than five minutes ahead', { occurredAt: NOON + 300_001 }],
  ])('refuses %s and writes nothing', (_, wrong) => {
    const world = new World()
    expect(world.buy('o', 1, wrong)).toEqual({
      entries: [],
      code: 'validation_failed',
      first: null,
    })
    expect(world.state.seq).toBe(0)
  })

  it.each([NOON - 400 * DAY_MS, NOON + 300_000])('takes what happened at %i', (occurredAt) => {
    expect(new World().buy('o', 1, { occurredAt }).code).toBe(null)
  })

  it('pays debt before it makes a lot', () => {
    const world = new World()
    world.owe(30)
    const [award] = world.buy('o', 100).entries
    expect(award).toMatchObject({ points: 100, debt: -30 })
    expect(world.state).toMatchObject({ available: 70, debt: 0 })
    world.owe(170)
    world.buy('p', 40)
    expect(world.state).toMatchObject({ available: 0, debt: 60, lots: [] })
  })

  it('of more than a year ago lapses at once, on its own day, and pays no debt', () => {
    const world = new World()
    world.owe(5)
    const occurredAt = at('2025-03-05T12:00:00+08:00')
    const { entries } = world.buy('o', 10, { occurredAt })
    expect(entries).toMatchObject([
      { kind: 'award', points: 10, occurredAt },
      { kind: 'expire', points: -10, occurredAt: at('2026-03-06T00:00:00+08:00') },
    ])
    expect(world.state).toMatchObject({ available: 0, debt: 5 })
  })

  it('that is backdated counts for the tier by its own day', () => {
    const world = new World()
    world.buy('o', 2_000, { occurredAt: at('2025-03-20T12:00:00+08:00') })
    expect(world.state.tier).toBe('silver')
    expect(world.until(at('2026-03-20T00:00:00+08:00') - 1)).toEqual([])
    const fallen = world.until(at('2026-03-25T08:00:00+08:00'))
    expect(fallen).toMatchObject(
      [
        { kind: 'expire' },
        { kind: 'tier', tier: 'bronze', occurredAt: at('2026-03-20T00:00:00+08:00') },
      ].toReversed(),
    )
  })

  it('refuses a balance that numbers cannot count, and keeps the last that they can', () => {
    const world = new World(programOf({ earning: earningOf([ruleOf(1, 1)]) }))
    world.buy('o', 0, { total: Number.MAX_SAFE_INTEGER })
    expect(world.balance).toBe(Number.MAX_SAFE_INTEGER)
    expect(world.give(1).code).toBe('limit_reached')
    world.redeem(Number.MAX_SAFE_INTEGER)
    world.owe(Number.MAX_SAFE_INTEGER)
    expect(world.owe(1).code).toBe('limit_reached')
    expect(world.balance).toBe(-Number.MAX_SAFE_INTEGER)
  })

  it('refuses an award beyond 2^53 though debt would swallow part of it', () => {
    const tiers = tiersOf([levelOf('bronze', 0, { factor: 150 })])
    const world = new World(programOf({ earning: earningOf([ruleOf(1, 1)]), tiers }))
    world.owe(Number.MAX_SAFE_INTEGER)
    expect(world.buy('o', 0, { total: Number.MAX_SAFE_INTEGER }).code).toBe('limit_reached')
    expect(world.balance).toBe(-Number.MAX_SAFE_INTEGER)
  })
})

describe('activity', () => {
  const visit = (world: World, type: string, reference?: string) =>
    world.do({ type: 'activity', request: { type, reference } })

  it('counts a check-in once a local day', () => {
    const world = new World()
    const first = visit(world, 'check-in')
    expect(first.entries).toMatchObject([{ points: 1, detail: { day: '2026-03-10' } }])
    world.until(at('2026-03-10T23:59:59+08:00'))
    expect(visit(world, 'check-in').first).toEqual(first.entries[0])
    expect(visit(world, 'check-in', 'shop 2').code).toBe('limit_reached')
    world.until(at('2026-03-11T00:00:00+08:00'))
    expect(visit(world, 'check-in').entries).toHaveLength(1)
    expect(world.balance).toBe(2)
  })

  it('counts a review once for each thing that it is about, for ever', () => {
    const world = new World()
    const first = visit(world, 'review', 'tea')
    visit(world, 'review', 'bun')
    world.until(NOON + 30 * DAY_MS)
    expect(visit(world, 'review', 'tea').first).toEqual(first.entries[0])
    expect(world.balance).toBe(10)
  })

  it.each([
    ['an unknown type', 'dance', 'a'],
    ['a name that every object has', 'constructor', 'a'],
    ['a review of nothing', 'review', undefined],
  ])('refuses %s', (_, type, reference) => {
    expect(visit(new World(), type, reference).code).toBe('validation_failed')
  })
})
