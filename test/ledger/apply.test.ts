import { describe, expect, it } from 'vitest'
import { apply, fold, madeBy } from '../../src/ledger/apply'
import { open, write } from '../../src/ledger/journal'
import { empty } from '../../src/ledger/ledger'
import { DAY_MS, NOON, World } from './world'

const start = { tier: 'bronze', enrolledOn: 20_522 }

describe('fold', () => {
  it('gives the state after any number of entries', () => {
    const world = new World()
    const states = [world.state]
    const step = (act: () => unknown) => {
      act()
      states[world.state.seq] = world.state
    }
    step(() => world.buy('o', 40))
    step(() => world.give(10, NOON + DAY_MS))
    step(() => world.hold(5))
    step(() => world.redeem(3, 'o'))
    step(() => world.until(NOON + 2 * DAY_MS))
    states.forEach((state, seq) => expect(fold(world.entries.slice(0, seq), start)).toEqual(state))
  })

  it('leaves the state alone that it starts from', () => {
    const world = new World()
    world.give(10)
    const before = structuredClone(world.state)
    const journal = open(world.state, world.program, NOON)
    const entry = write(journal, { kind: 'redeem', occurredAt: NOON, points: -4, lots: [[1, -4]] })
    apply(world.state, entry)
    expect(world.state).toEqual(before)
  })
})

describe('the days that tiers count', () => {
  const bought = (days: number[]) => {
    const world = new World()
    return days.reduce((state, day, i) => {
      const journal = open(state, world.program, NOON)
      write(journal, { kind: 'award', occurredAt: NOON, count: [day, i + 1, 1, 1] })
      return journal.state
    }, empty(start)).days
  }

  it('add up by day, oldest first', () => {
    expect(bought([20, 10, 20])).toEqual([
      [10, 2, 1, 1],
      [20, 4, 2, 2],
    ])
  })

  it('are forgotten when no window reaches them, and nothing is taken from a day that is gone', () => {
    expect(bought([10, 809])).toHaveLength(2)
    expect(bought([10, 810])).toEqual([[810, 2, 1, 1]])
    const state = { ...empty(start), days: [[810, 2, 1, 1]] as const }
    const journal = open(state, new World().program, NOON)
    write(journal, { kind: 'clawback', occurredAt: NOON, count: [10, -1, -1, -1] })
    expect(journal.state.days).toEqual([[810, 2, 1, 1]])
  })
})

describe('madeBy', () => {
  it('is what an award puts into its lot after debt', () => {
    const world = new World()
    world.owe(30)
    const [award] = world.buy('o', 100).entries
    expect(madeBy(award!)).toBe(70)
  })
})

describe('open', () => {
  it('never lets the ledger run backwards, whatever the clock does', () => {
    const world = new World()
    world.give(10)
    world.now = NOON - DAY_MS
    expect(world.redeem(1).entries[0]).toMatchObject({ recordedAt: NOON, occurredAt: NOON })
  })
})
