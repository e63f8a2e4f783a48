import { describe, expect, it } from 'vitest'
import { NEVER } from '../../src/ledger/ledger'
import { dueAt } from '../../src/ledger/settle'
import type { Rules } from '../../src/program/program'
import { at, DAY_MS, NOON, programOf, World } from './world'

const told = (world: World, from: number) =>
  world.entries.slice(from).map(({ kind, occurredAt }) => [kind, occurredAt])

const tiers: Rules['tiers'] = [
  { id: 'bronze', name: 'Bronze', from: 0, factor: 100 },
  { id: 'silver', name: 'Silver', from: 10_000, factor: 100 },
  { id: 'gold', name: 'Gold', from: 20_000, factor: 100 },
]

describe('settle', () => {
  it('does what is due in time order, each at its own moment, however late', () => {
    const world = new World()
    world.give(20, NOON + 3 * DAY_MS)
    world.hold(5, 86_400)
    world.buyPending('o', 10, NOON + 2 * DAY_MS, NOON + 9 * DAY_MS)
    world.until(NOON + 5 * DAY_MS)
    expect(told(world, 3)).toEqual([
      ['release', NOON + DAY_MS],
      ['activate', NOON + 2 * DAY_MS],
      ['expire', NOON + 3 * DAY_MS],
    ])
    expect(world.entries.at(-1)).toMatchObject({ points: -20, recordedAt: NOON + 5 * DAY_MS })
    expect(world.settle()).toEqual([])
  })

  it('of what is due at one instant ends holds first, wakes, lapses, and lowers the tier last', () => {
    const instant = at('2026-04-10T00:00:00+08:00')
    const world = new World(programOf({ tiers, tierMonths: 1, expiryMonths: 6 }))
    world.buy('o', 100)
    world.until(instant - 7 * DAY_MS)
    world.give(10, instant)
    world.hold(5, 7 * 86_400)
    world.buyPending('p', 10, instant, NOON + 90 * DAY_MS)
    const { seq } = world.state
    world.until(instant)
    expect(told(world, seq)).toEqual([
      ['release', instant],
      ['activate', instant],
      ['expire', instant],
      ['tier', instant],
    ])
    expect(world.entries.find((entry) => entry.kind === 'expire')!.points).toBe(-10)
  })

  it('lets all lots of an instant wake or lapse in one entry', () => {
    const world = new World()
    for (let i = 0; i < 200; i += 1) {
      world.buyPending(`o${i}`, 3, NOON + DAY_MS, NOON + 2 * DAY_MS)
    }
    world.owe(10)
    const [woken, lapsed] = world.until(NOON + 2 * DAY_MS)
    expect(woken).toMatchObject({ kind: 'activate', points: 0, debt: -10 })
    expect(woken!.lots).toHaveLength(200)
    expect(lapsed).toMatchObject({ kind: 'expire', points: -590 })
  })

  it('lets points that wake pay debt, unless they lapse at that instant', () => {
    const world = new World()
    world.buyPending('o', 10, NOON + DAY_MS, NOON + DAY_MS)
    world.buyPending('p', 3, NOON + DAY_MS, NOON + 2 * DAY_MS)
    world.owe(8)
    world.until(NOON + DAY_MS)
    expect(world.state).toMatchObject({ available: 0, pending: 0, debt: 5 })
  })

  it('lets pending points lapse that never woke', () => {
    const world = new World()
    world.buyPending('o', 10, NOON + 2 * DAY_MS, NOON + DAY_MS)
    expect(world.until(NOON + DAY_MS)).toMatchObject([{ kind: 'expire', points: -10 }])
    expect(world.state).toMatchObject({ pending: 0, lots: [] })
  })

  it('frees a hold that ends as its points lapse, and they lapse', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    world.hold(10, 86_400)
    world.owe(4)
    expect(world.until(NOON + DAY_MS)).toMatchObject([
      { kind: 'release', debt: 0 },
      { kind: 'expire', points: -10 },
    ])
    expect(world.state).toMatchObject({ available: 0, held: 0, debt: 4 })
  })

  it('lowers the tier on the day on which the purchase stops counting, step by step', () => {
    const world = new World(programOf({ tiers, tierMonths: 1 }))
    world.buy('o', 100)
    world.until(NOON + 5 * DAY_MS)
    world.buy('p', 100)
    expect(world.state.tier).toBe('gold')
    const { seq } = world.state
    world.until(NOON + 90 * DAY_MS)
    expect(world.entries.slice(seq).map(({ tier, occurredAt }) => [tier, occurredAt])).toEqual([
      ['silver', at('2026-04-10T00:00:00+08:00')],
      ['bronze', at('2026-04-15T00:00:00+08:00')],
    ])
  })
})

describe('dueAt', () => {
  const due = ({ state, program, now }: World) => dueAt(state, program, now)

  it('is the next moment of a hold, a lot or the tier', () => {
    const world = new World(programOf({ tiers, tierMonths: 1 }))
    expect(due(world)).toBe(null)
    world.give(10, NEVER)
    expect(due(world)).toBe(null)
    world.buy('o', 100)
    expect(due(world)).toBe(at('2026-04-10T00:00:00+08:00'))
    world.give(10, NOON + 3 * DAY_MS)
    expect(due(world)).toBe(NOON + 3 * DAY_MS)
    world.buyPending('p', 10, NOON + 2 * DAY_MS, NOON + 9 * DAY_MS)
    expect(due(world)).toBe(NOON + 2 * DAY_MS)
    world.hold(10)
    expect(due(world)).toBe(NOON + 900_000)
  })

  it('does not wait for a lot that is wholly held', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    world.hold(10, 3 * 86_400)
    expect(due(world)).toBe(NOON + 3 * DAY_MS)
  })
})
