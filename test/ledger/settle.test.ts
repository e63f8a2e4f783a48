import { describe, expect, it } from 'vitest'
import { dueAt } from '../../src/ledger/settle'
import { NEVER } from '../../src/program/expiry'
import { at, DAY_MS, levelOf, living, NOON, programOf, tiersOf, World } from './world'

const told = (world: World, from: number) =>
  world.entries.slice(from).map(({ kind, occurredAt }) => [kind, occurredAt])

const levels = [levelOf('bronze', 0), levelOf('silver', 10_000), levelOf('gold', 20_000)]
const tiers = tiersOf(levels, { window: { kind: 'rolling', months: 1 } })

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
    const world = new World(programOf({ tiers, expiry: living(6) }))
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

  it.each<['month' | 'quarter' | 'year' | string[], string]>([
    ['month', '2026-04-01'],
    ['quarter', '2026-04-01'],
    ['year', '2027-01-01'],
    [['06-30', '12-31'], '2026-07-01'],
  ])('lets what is earned lapse at the end of the %s in which it was earned', (to, gone) => {
    const world = new World(programOf({ expiry: { kind: 'after', to } }))
    world.buy('o', 10)
    const end = at(`${gone}T00:00:00+08:00`)
    expect(world.until(end - 1)).toEqual([])
    world.buy('p', 5)
    expect(world.lots).toEqual([
      [end, 10],
      [end, 5],
    ])
    expect(world.until(end)).toMatchObject([{ kind: 'expire', points: -15, occurredAt: end }])
    world.buy('q', 1)
    expect(world.balance).toBe(1)
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
    const world = new World(programOf({ tiers }))
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
    const world = new World(programOf({ tiers }))
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
