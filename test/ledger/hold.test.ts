import { describe, expect, it } from 'vitest'
import { DAY_MS, NOON, World } from './world'

const held = (points: number, hold = points, seconds = 900): [World, number] => {
  const world = new World()
  world.give(points)
  return [world, world.hold(hold, seconds).entries[0]!.seq]
}

describe('hold', () => {
  it('reserves the lots that lapse first', () => {
    const world = new World()
    world.give(50, NOON + 2 * DAY_MS)
    world.give(50, NOON + DAY_MS)
    const [entry] = world.hold(60).entries
    expect(entry).toMatchObject({
      points: 0,
      lots: [
        [2, 0, 50],
        [1, 0, 10],
      ],
    })
    expect(entry!.endsAt).toBe(NOON + 900_000)
    expect(world.state).toMatchObject({ available: 40, held: 60 })
  })

  it('refuses points that are held, pending or lapsed', () => {
    const [world] = held(10, 4)
    world.buyPending('o', 100, NOON + DAY_MS, NOON + 9 * DAY_MS)
    expect(world.hold(7).code).toBe('insufficient_points')
    expect(world.redeem(7).code).toBe('insufficient_points')
    expect(world.hold(6).code).toBe(null)
  })

  it('opens 100 at once and no more', () => {
    const world = new World()
    world.give(200)
    for (let i = 0; i < 100; i += 1) {
      expect(world.hold(1).code).toBe(null)
    }
    expect(world.hold(1).code).toBe('limit_reached')
    world.release(2)
    expect(world.hold(1).code).toBe(null)
  })
})

describe('capture', () => {
  it('spends part of a hold, soonest expiry first, and frees the rest', () => {
    const world = new World()
    world.give(50, NOON + 2 * DAY_MS)
    world.give(50, NOON + DAY_MS)
    const { seq } = world.hold(80, 900, 'o').entries[0]!
    const [entry] = world.capture(seq, 60).entries
    expect(entry).toMatchObject({
      points: -60,
      ref: seq,
      orderId: 'o',
      lots: [
        [2, -50, -50],
        [1, -10, -30],
      ],
    })
    expect(world.state).toMatchObject({ available: 40, held: 0, holds: [] })
  })

  it('spends all of a hold where no number is given', () => {
    const [world, hold] = held(10, 4)
    world.capture(hold)
    expect(world.state).toMatchObject({ available: 6, held: 0 })
  })

  it('refuses more than is held and leaves the hold', () => {
    const [world, hold] = held(10, 4)
    expect(world.capture(hold, 5).code).toBe('insufficient_points')
    expect(world.state).toMatchObject({ available: 6, held: 4 })
  })

  it('pays debt with what it frees', () => {
    const [world, hold] = held(100)
    world.owe(30)
    const [entry] = world.capture(hold, 50).entries
    expect(entry).toMatchObject({ points: -50, debt: -30, lots: [[1, -80, -100]] })
    expect(world.state).toMatchObject({ available: 20, held: 0, debt: 0 })
  })
})

describe('release', () => {
  it('frees a hold, once', () => {
    const [world, hold] = held(10)
    expect(world.release(hold).entries).toMatchObject([{ kind: 'release', points: 0, ref: hold }])
    expect(world.release(hold).code).toBe('hold_ended')
    expect(world.capture(hold).code).toBe('hold_ended')
    expect(world.state).toMatchObject({ available: 10, held: 0 })
  })

  it('answers that there is no such hold', () => {
    const [world] = held(10)
    expect(world.release(1).code).toBe('not_found')
    expect(world.capture(99).code).toBe('not_found')
  })

  it('pays debt first, and the balance is the same', () => {
    const [world, hold] = held(10)
    world.owe(15)
    expect(world.state).toMatchObject({ available: 0, held: 10, debt: 15 })
    world.release(hold)
    expect(world.state).toMatchObject({ available: 0, held: 0, debt: 5 })
    expect(world.balance).toBe(-5)
  })

  it('lets lapse at once what would have lapsed while it was held', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    const { seq } = world.hold(4, 7 * 86_400).entries[0]!
    expect(world.until(NOON + DAY_MS)).toMatchObject([{ kind: 'expire', points: -6 }])
    expect(world.state.held).toBe(4)
    world.now += DAY_MS
    expect(world.release(seq).entries).toMatchObject([
      { kind: 'release', occurredAt: world.now },
      { kind: 'expire', points: -4, occurredAt: world.now },
    ])
  })

  it('happens by itself when the time of the hold is over', () => {
    const [world, hold] = held(10)
    expect(world.until(NOON + 899_999)).toEqual([])
    world.now = NOON + DAY_MS
    expect(world.capture(hold).code).toBe('hold_ended')
    expect(world.entries.at(-1)).toMatchObject({ kind: 'release', occurredAt: NOON + 900_000 })
  })

  it('lets held points be captured although their day has passed', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    const { seq } = world.hold(10, 7 * 86_400).entries[0]!
    world.until(NOON + 3 * DAY_MS)
    expect(world.capture(seq).entries).toMatchObject([{ kind: 'capture', points: -10 }])
  })
})
