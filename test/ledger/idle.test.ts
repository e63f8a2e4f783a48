import { describe, expect, it } from 'vitest'
import type { Expiry } from '../../src/program/document'
import { at, DAY_MS, living, NOON, programOf, World } from './world'

const day = (text: string) => at(`${text}T00:00:00+08:00`)
const noon = (text: string) => at(`${text}T12:00:00+08:00`)
const idle = (days: number): Expiry => ({ kind: 'inactivity', days, to: 'day' })
/** Thirty days: of points of 10 March, the end is 10 April. */
const program = programOf({ expiry: idle(30) })
const END = day('2026-04-10')
/** What 20 March makes of it. */
const RENEWED = day('2026-04-20')

/** A member with 100 idle points of 10 March, ten days later. */
function quiet(): World {
  const world = new World(program)
  world.buy('o', 100)
  world.until(noon('2026-03-20'))
  return world
}

const ends = (world: World) => world.lots.map(([expiresAt]) => expiresAt)

describe('points that lapse after inactivity', () => {
  it('lapse together when nothing was done for so long', () => {
    const world = quiet()
    world.buy('p', 10)
    world.buy('q', 5)
    expect(ends(world)).toEqual([RENEWED, RENEWED, RENEWED])
    expect(world.until(RENEWED - 1)).toEqual([])
    expect(world.until(RENEWED)).toMatchObject([
      { kind: 'expire', points: -115, occurredAt: RENEWED },
    ])
  })

  it.each<[string, (world: World) => unknown]>([
    ['a purchase', (world) => world.buy('p', 10)],
    ['a purchase that earns nothing', (world) => world.buy('p', 0)],
    ['an activity', (world) => world.visit('check-in')],
    ['a redemption', (world) => world.redeem(10)],
    ['a capture', (world) => world.capture(world.hold(10).entries[0]!.seq, 5)],
  ])('live on by %s', (_, act) => {
    const world = quiet()
    act(world)
    expect(new Set(ends(world))).toEqual(new Set([RENEWED]))
    expect(world.entries.at(-1)!.detail.renews).toMatchObject([[expect.any(String), RENEWED, 1]])
    expect(world.until(RENEWED - 1)).toEqual([])
    world.until(RENEWED)
    expect(world.balance).toBe(0)
  })

  it.each<[string, (world: World) => unknown]>([
    ['an adjustment', (world) => world.give(10)],
    ['a negative adjustment', (world) => world.owe(10)],
    ['a hold', (world) => world.hold(10, 60)],
    ['a hold that is released', (world) => world.release(world.hold(10).entries[0]!.seq)],
    ['a refund', (world) => world.refund('o', 'r', 10)],
    ['the reversal of a refund', (world) => [world.refund('o', 'r', 10), world.reverseRefund('r')]],
    ['a command that is refused', (world) => world.redeem(1_000)],
    ['an order told twice', (world) => world.buy('o', 100)],
  ])('do not live on by %s', (_, act) => {
    const world = quiet()
    act(world)
    expect(new Set(ends(world))).toEqual(new Set([END]))
    world.until(END)
    expect(world.balance).toBe(0)
  })

  it('do not live on by the reversal of a redemption', () => {
    const world = new World(program)
    world.buy('o', 100)
    const { seq } = world.redeem(100).entries[0]!
    world.until(noon('2026-03-20'))
    world.reverse(seq)
    expect(world.lots).toEqual([[END, 100]])
  })

  it('live on by what happened then, not when it was told, and never shorter', () => {
    const world = quiet()
    world.until(noon('2026-03-25'))
    world.buy('p', 10, { occurredAt: noon('2026-03-22') })
    expect(ends(world)).toEqual([day('2026-04-22'), day('2026-04-22')])
    world.buy('q', 10, { occurredAt: noon('2026-03-01') })
    expect(new Set(ends(world))).toEqual(new Set([day('2026-04-22')]))
  })

  it('once lapsed do not come back with what is done later', () => {
    const world = quiet()
    world.until(noon('2026-04-11'))
    expect(world.balance).toBe(0)
    world.buy('p', 10)
    expect(world.lots).toEqual([[day('2026-05-12'), 10]])
    world.until(day('2026-05-12'))
    expect(world.balance).toBe(0)
  })

  it('once lapsed do not come back with an activity before that, told too late', () => {
    const world = quiet()
    world.until(noon('2026-04-15'))
    world.buy('p', 10, { occurredAt: noon('2026-04-01') })
    expect(world.balance).toBe(10)
    expect(world.lots).toEqual([[day('2026-05-02'), 10]])
  })

  it('of an order so long ago that they would have lapsed since lapse at once', () => {
    const world = new World(program)
    const { entries } = world.buy('o', 100, { occurredAt: noon('2026-01-10') })
    expect(entries).toMatchObject([
      { kind: 'award' },
      { kind: 'expire', occurredAt: day('2026-02-10') },
    ])
  })

  it('by hand join those that there are, and live their own time where there are none', () => {
    const world = quiet()
    world.give(10)
    expect(ends(world)).toEqual([END, END])
    world.until(noon('2026-04-10'))
    world.give(10)
    expect(world.lots).toEqual([[day('2026-05-11'), 10]])
  })

  it('by hand with an end of their own keep it', () => {
    const world = new World(program)
    world.give(10, day('2026-03-15'))
    world.buy('o', 10)
    expect(ends(world)).toEqual([day('2026-03-15'), END])
  })
})

describe('idle points that are held', () => {
  it('past their end lapse when the hold ends, though something was done since', () => {
    const world = quiet()
    world.until(END - DAY_MS)
    const { seq } = world.hold(100, 3 * 86_400).entries[0]!
    world.until(END + 1_000)
    expect(world.balance).toBe(100)
    world.buy('p', 10)
    expect(world.release(seq).entries).toMatchObject([
      { kind: 'release' },
      { kind: 'expire', points: -100 },
    ])
    expect(world.balance).toBe(10)
  })

  it('past their end can still be captured; what the capture frees lapses', () => {
    const world = quiet()
    world.until(END - DAY_MS)
    const { seq } = world.hold(100, 3 * 86_400).entries[0]!
    world.until(END + 1_000)
    expect(world.capture(seq, 60).entries).toMatchObject([
      { kind: 'capture', points: -60 },
      { kind: 'expire', points: -40 },
    ])
    expect(world.balance).toBe(0)
  })
})

describe('idle points that come back', () => {
  const spentAndQuiet = (changes: object = {}) => {
    const world = new World(programOf({ expiry: idle(30), ...changes }))
    world.buy('o', 100)
    const { seq } = world.redeem(100).entries[0]!
    return { world, seq }
  }

  it('live as long as the others by now', () => {
    const { world, seq } = spentAndQuiet()
    world.until(noon('2026-04-01'))
    world.buy('p', 10)
    world.until(noon('2026-04-20'))
    world.reverse(seq)
    expect(world.lots).toEqual([
      [day('2026-05-02'), 100],
      [day('2026-05-02'), 10],
    ])
  })

  it('after their end lapse again, though others live', () => {
    const { world, seq } = spentAndQuiet()
    world.until(noon('2026-04-20'))
    world.buy('p', 10)
    expect(world.reverse(seq).entries).toMatchObject([
      { kind: 'restore', points: 100 },
      { kind: 'expire', points: -100 },
    ])
    expect(world.lots).toEqual([[day('2026-05-21'), 10]])
  })

  it('after their end live days of grace, which no activity makes longer', () => {
    const { world, seq } = spentAndQuiet({ restoreGraceDays: 5 })
    world.until(noon('2026-04-20'))
    world.buy('p', 10)
    world.reverse(seq)
    world.until(noon('2026-04-22'))
    world.buy('q', 10)
    expect(world.lots).toEqual([
      [day('2026-04-26'), 100],
      [day('2026-05-23'), 10],
      [day('2026-05-23'), 10],
    ])
  })
})

describe('a change from or to inactivity', () => {
  it('keeps the end of old lots, and the idle life of old idle ones', () => {
    const world = new World(programOf({ expiry: living(12) }))
    world.buy('o', 100)
    world.publish({ expiry: idle(30) })
    world.buy('p', 50)
    world.publish({ expiry: idle(60) })
    world.buy('q', 20)
    world.publish({ expiry: { kind: 'never' } })
    world.until(noon('2026-03-20'))
    world.buy('r', 5)
    expect(world.lots).toEqual([
      [RENEWED, 50],
      [day('2026-05-20'), 20],
      [day('2027-03-11'), 100],
      [Number.MAX_SAFE_INTEGER, 5],
    ])
  })

  it('gives new points their own life, not that of older ones', () => {
    const world = new World(program)
    world.buy('o', 100)
    world.publish({ expiry: idle(5) })
    world.buy('p', 10)
    expect(world.lots).toEqual([
      [day('2026-03-16'), 10],
      [END, 100],
    ])
    world.until(NOON + 6 * DAY_MS)
    expect(world.balance).toBe(100)
  })
})

describe('idle lives that are over', () => {
  it('are forgotten with the next activity, so that entries do not grow with old rules', () => {
    const world = new World(program)
    for (let days = 2; days < 10; days++) {
      world.publish({ expiry: idle(days) })
      world.buy(`o${days}`, 10)
    }
    expect(world.state.idle).toHaveLength(8)
    world.publish({ expiry: { kind: 'never' } })
    world.until(NOON + 200 * DAY_MS)
    world.buy('late', 10)
    expect(world.entries.at(-1)!.detail.renews).toBeUndefined()
    world.publish({ expiry: idle(20) })
    world.buy('later', 10)
    expect(world.state.idle.map(([life]) => JSON.parse(life).days)).toEqual([20])
    expect(world.state.lots.map((lot) => lot.idle !== undefined)).toEqual([true, false])
  })
})
