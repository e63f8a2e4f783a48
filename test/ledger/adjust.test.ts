import { describe, expect, it } from 'vitest'
import { at, DAY_MS, NOON, World } from './world'

describe('adjust', () => {
  it('gives a lot that lives as long as earned points, or as long as is said', () => {
    const world = new World()
    world.give(5)
    world.give(5, NOON + 1)
    expect(world.lots).toEqual([
      [NOON + 1, 5],
      [at('2027-03-11T00:00:00+08:00'), 5],
    ])
    expect(world.entries[0]).toMatchObject({ kind: 'adjust', points: 5, reason: 'test' })
  })

  it.each([NOON, NOON - 1])('refuses points that would have lapsed at %i', (expiresAt) => {
    expect(new World().give(5, expiresAt).code).toBe('validation_failed')
  })

  it('takes by expiry, and refuses what is not there', () => {
    const world = new World()
    world.give(5)
    world.give(5, NOON + DAY_MS)
    expect(world.give(-11).code).toBe('insufficient_points')
    expect(world.give(-7).entries[0]!.lots).toEqual([
      [2, -5],
      [1, -2],
    ])
  })

  it('takes into debt where that is allowed, but never what is held or pending', () => {
    const world = new World()
    world.give(10)
    world.hold(4)
    world.buyPending('o', 20, NOON + DAY_MS, NOON + 9 * DAY_MS)
    expect(world.owe(8).entries[0]).toMatchObject({ points: -8, debt: 2, lots: [[1, -6]] })
    expect(world.state).toMatchObject({ available: 0, held: 4, pending: 20, debt: 2 })
  })

  it('that gives points pays debt first', () => {
    const world = new World()
    world.owe(10)
    world.give(4)
    world.give(9)
    expect(world.state).toMatchObject({ available: 3, debt: 0 })
  })
})
