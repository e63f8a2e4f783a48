import { describe, expect, it } from 'vitest'
import { NEVER } from '../../src/program/expiry'
import { DAY_MS, earningOf, NOON, programOf, World } from './world'

describe('redeem', () => {
  it('pays an order by a hundred redemptions at most, so that a refund of it stays possible', () => {
    const world = new World()
    world.give(200)
    const holdId = world.hold(1).entries[0]!.seq
    for (let i = 0; i < 100; i += 1) {
      expect(world.redeem(1, 'o').code).toBe(null)
    }
    expect(world.redeem(1, 'o').code).toBe('limit_reached')
    expect(world.capture(holdId, 1, 'o').code).toBe('limit_reached')
    expect(world.redeem(1, 'other').code).toBe(null)
    world.buy('o', 10)
    expect(world.refund('o', 'r1', 10).code).toBe(null)
    expect(world.balance).toBe(199)
  })

  it('spends soonest expiry first, never-expiring last, then the oldest', () => {
    const world = new World()
    world.give(10, NEVER)
    world.give(10, NOON + 2 * DAY_MS)
    world.give(10, NOON + DAY_MS)
    world.give(10, NOON + DAY_MS)
    const [entry] = world.redeem(35).entries
    expect(entry!.lots).toEqual([
      [3, -10],
      [4, -10],
      [2, -10],
      [1, -5],
    ])
  })

  it('is all or nothing', () => {
    const world = new World()
    world.give(10)
    expect(world.redeem(11).code).toBe('insufficient_points')
    expect(world.balance).toBe(10)
    expect(world.redeem(10).code).toBe(null)
  })

  it.each(['yacht', 'constructor', '__proto__', 'toString'])('has no reward %s', (rewardId) => {
    const world = new World()
    world.give(10)
    expect(world.do({ type: 'redeem', request: { rewardId } }).code).toBe('not_found')
  })

  it('says nothing of what the till expected where it was right', () => {
    const world = new World()
    world.give(50)
    const request = { rewardId: 'gift', expectedPoints: 50 }
    expect(world.do({ type: 'redeem', request }).entries[0]!.detail).toEqual({
      rewardId: 'gift',
      version: 1,
    })
  })

  it('spends from many lots at once', () => {
    const world = new World()
    for (let i = 0; i < 300; i += 1) {
      world.give(2, NOON + DAY_MS + i)
    }
    expect(world.redeem(599).entries[0]!.lots).toHaveLength(300)
    expect(world.lots).toEqual([[NOON + DAY_MS + 299, 1]])
  })
})

describe('the reversal of a redemption', () => {
  it('returns points to the lots that they came from, with their expiry', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    world.give(10, NOON + 2 * DAY_MS)
    const before = world.lots
    const { seq } = world.redeem(15).entries[0]!
    const [entry] = world.reverse(seq).entries
    expect(entry).toMatchObject({ kind: 'restore', points: 15, ref: seq, debt: 0 })
    expect(world.lots).toEqual(before)
  })

  it('returns what a capture spent, not what it freed', () => {
    const world = new World()
    world.give(10)
    const { seq } = world.hold(8).entries[0]!
    const [capture] = world.capture(seq, 3).entries
    expect(world.balance).toBe(7)
    world.reverse(capture!.seq)
    expect(world.state).toMatchObject({ available: 10, held: 0 })
  })

  it('pays debt first', () => {
    const world = new World()
    world.give(10)
    const { seq } = world.redeem(10).entries[0]!
    world.owe(4)
    const [entry] = world.reverse(seq).entries
    expect(entry).toMatchObject({
      points: 10,
      debt: -4,
      lots: [[1, 6, 0, expect.anything(), null]],
    })
    expect(world.state).toMatchObject({ available: 6, debt: 0 })
  })

  it('to a lot that lapsed meanwhile lapses again, at once, and pays no debt', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    const { seq } = world.redeem(10).entries[0]!
    world.until(NOON + 2 * DAY_MS)
    world.owe(4)
    expect(world.reverse(seq).entries).toMatchObject([
      { kind: 'restore', points: 10, occurredAt: world.now },
      { kind: 'expire', points: -10, occurredAt: world.now },
    ])
    expect(world.state).toMatchObject({ available: 0, debt: 4, lots: [] })
  })

  it.each([1, 2, 99])('answers that entry %i is no redemption', (seq) => {
    const world = new World()
    world.give(10)
    world.hold(1)
    expect(world.reverse(seq).code).toBe('not_found')
  })

  it('returns only what a refund did not', () => {
    const world = new World()
    world.give(100)
    const { seq } = world.redeem(100, 'o').entries[0]!
    world.buy('o', 10)
    world.refund('o', 'r', 4)
    expect(world.balance).toBe(46)
    expect(world.reverse(seq).entries[0]!.points).toBe(60)
    expect(world.balance).toBe(106)
    world.refund('o', 'rest', 6)
    expect(world.balance).toBe(100)
  })

  it('before the refund leaves nothing for the refund to return', () => {
    const world = new World(programOf({ earning: earningOf([]) }))
    world.give(100)
    const { seq } = world.redeem(100, 'o').entries[0]!
    world.buy('o', 10)
    world.reverse(seq)
    world.refund('o', 'r', 10)
    expect(world.balance).toBe(100)
  })
})
