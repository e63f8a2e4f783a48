import { describe, expect, it } from 'vitest'
import { fold } from '../../src/ledger/apply'
import { packEntry, unpackEntry } from '../../src/ledger/pack'
import { offerOf } from '../../src/program/reward'
import { at, DAY_MS, levelOf, NOON, programOf, tiersOf, World } from './world'

const named = { name: { en: 'Something' } }
const rewards = {
  daily: { ...named, points: 1, limit: { most: 2, per: 'day' } },
  once: { ...named, points: 1, limit: { most: 1, per: 'ever' } },
  any: { ...named, points: 1 },
  spring: {
    ...named,
    points: 1,
    startsAt: '2026-03-11T00:00:00+08:00',
    endsAt: '2026-03-12T00:00:00+08:00',
  },
  tiered: { ...named, points: 40, tierPoints: { silver: 30, gold: 50 } },
} as const
const MIDNIGHT = at('2026-03-11T00:00:00+08:00')

const rich = () => {
  const levels = [levelOf('bronze', 0), levelOf('silver', 10_000), levelOf('gold', 20_000)]
  const world = new World(programOf({ rewards, tiers: tiersOf(levels) }))
  world.give(100_000)
  return world
}

const left = ({ program, state, now }: World, id: string) => offerOf(program, id, state, now)!.left

describe('a reward with a limit', () => {
  it('is given as often as it may be had, with an order or without', () => {
    const world = rich()
    const coupon = world.coupon('daily')
    expect(world.reward('daily', 'o').code).toBe(null)
    expect(world.reward('daily').code).toBe('limit_reached')
    expect(world.reward('daily', 'p').code).toBe('limit_reached')
    expect(world.reward('any').code).toBe(null)
    world.use(coupon)
    expect(world.reward('daily').code).toBe('limit_reached')
    expect(world.balance).toBe(99_997)
  })

  it('can be had again from the midnight of its zone on', () => {
    const world = rich()
    world.coupon('daily')
    world.coupon('daily')
    world.until(MIDNIGHT - 1)
    expect(world.reward('daily').code).toBe('limit_reached')
    world.until(MIDNIGHT)
    expect(left(world, 'daily')).toBe(2)
    expect(world.reward('daily').code).toBe(null)
  })

  it('once ever is that, whatever else was taken since, and however long ago it was', () => {
    const world = rich()
    world.publish({
      rewards: { ...rewards, daily: { ...named, points: 1, limit: { most: 1_000, per: 'day' } } },
    })
    world.coupon('once')
    for (let i = 0; i < 1_000; i++) {
      world.reward('daily', `o${i}`)
    }
    expect(world.reward('daily').code).toBe('limit_reached')
    expect(world.reward('once').code).toBe('limit_reached')
    world.give(1, at('2036-01-01T00:00:00Z'))
    world.until(NOON + 3_000 * DAY_MS)
    expect(world.reward('daily', 'late').code).toBe(null)
    expect(world.reward('once', 'late').code).toBe('limit_reached')
  })

  it('counts what was had under an older limit', () => {
    const world = rich()
    world.coupon('daily')
    world.publish({ rewards: { daily: { ...named, points: 1, limit: { most: 1, per: 'month' } } } })
    expect(world.reward('daily').code).toBe('limit_reached')
  })

  it('folds to the same from its entries', () => {
    const world = rich()
    const seq = world.coupon('daily')
    world.coupon('daily')
    world.reverse(seq)
    const start = { tier: 'bronze', enrolledOn: world.state.enrolledOn }
    const entries = world.entries.map((entry) => unpackEntry(packEntry(entry)))
    expect(fold(entries, start)).toEqual(world.state)
    expect(left(world, 'daily')).toBe(1)
  })
})

describe('what is given back', () => {
  it.each<[string, (world: World, seq: number) => unknown, number]>([
    ['can be had again', (world, seq) => world.reverse(seq), 2],
    [
      'and void before can be had again',
      (world, seq) => (world.voidCoupon(seq), world.reverse(seq)),
      2,
    ],
    ['but only taken away is not', (world, seq) => world.voidCoupon(seq), 1],
    ['but used is not', (world, seq) => world.use(seq), 1],
  ])('%s', (_, end, expected) => {
    const world = rich()
    const seq = world.coupon('daily')
    expect(left(world, 'daily')).toBe(1)
    end(world, seq)
    expect(left(world, 'daily')).toBe(expected)
  })

  it('gives the day back on which it was taken, not today', () => {
    const world = rich()
    const yesterday = world.coupon('daily')
    world.until(MIDNIGHT)
    world.coupon('daily')
    world.coupon('daily')
    world.reverse(yesterday)
    expect(left(world, 'daily')).toBe(0)
  })

  it('comes back with the sale that is undone, and can be had in the next', () => {
    const world = rich()
    const once = { rewardId: 'once' }
    expect(world.sell('o', 10, once).code).toBe(null)
    expect(world.sell('p', 10, once).code).toBe('limit_reached')
    world.voidSale('o')
    expect(left(world, 'once')).toBe(1)
    expect(world.sell('p', 10, once).code).toBe(null)
    expect(world.sell('q', 10, once).code).toBe('limit_reached')
  })

  it.each<[string, (world: World, seq: number) => unknown]>([
    ['the sale alone', (world) => world.voidSale('o')],
    ['its redemption alone', (world, seq) => world.reverse(seq)],
    ['the sale first', (world, seq) => (world.voidSale('o'), world.reverse(seq))],
    ['its redemption first', (world, seq) => (world.reverse(seq), world.voidSale('o'))],
  ])('comes back once: undone is %s', (_, undo) => {
    const world = rich()
    world.coupon('daily')
    const { seq } = world.sell('o', 10, { rewardId: 'daily' }).entries[0]!
    expect(left(world, 'daily')).toBe(0)
    undo(world, seq)
    expect(left(world, 'daily')).toBe(1)
    undo(world, seq)
    expect(left(world, 'daily')).toBe(1)
  })

  it('with a limit for an order is no coupon: none was given', () => {
    const world = rich()
    const { seq } = world.reward('once', 'o').entries[0]!
    world.reverse(seq)
    expect(world.use(seq).code).toBe('not_found')
    expect(world.voidCoupon(seq).code).toBe('not_found')
  })
})

describe('a reward with a window', () => {
  it.each([
    ['before it', -1, 'limit_reached'],
    ['at its first instant', 0, null],
    ['at its last', DAY_MS - 1, null],
    ['after it', DAY_MS, 'limit_reached'],
  ])('can be redeemed %s as it says', (_, ms, code) => {
    const world = rich()
    world.until(MIDNIGHT + ms)
    expect(world.reward('spring').code).toBe(code)
    expect(world.sell('o', 10, { rewardId: 'spring' }).code).toBe(code)
  })

  it('gives a coupon that outlives it', () => {
    const world = rich()
    world.until(MIDNIGHT)
    const seq = world.coupon('spring')
    world.until(MIDNIGHT + 2 * DAY_MS)
    expect(world.use(seq, 'o').code).toBe(null)
  })
})

describe('a reward with prices of tiers', () => {
  it.each([
    ['bronze', 0, -40],
    ['silver', 100, -30],
    ['gold', 200, -50],
  ])('costs a member of %s what it says', (tier, major, points) => {
    const world = rich()
    world.buy('o', major)
    expect(world.state.tier).toBe(tier)
    expect(world.reward('tiered').entries).toMatchObject([{ points }])
  })

  it('costs what it does in the tier before the sale that it is taken with', () => {
    const world = rich()
    const { entries } = world.sell('o', 100, { rewardId: 'tiered' })
    expect(entries.map(({ kind, points }) => [kind, points])).toEqual([
      ['redeem', -40],
      ['award', 100],
      ['tier', 0],
    ])
  })
})
