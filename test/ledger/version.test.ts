import { describe, expect, it } from 'vitest'
import { open } from '../../src/ledger/journal'
import { viewOf } from '../../src/ledger/receipt'
import { settle } from '../../src/ledger/settle'
import {
  at,
  DAY_MS,
  earningOf,
  levelOf,
  living,
  NOON,
  programOf,
  ruleOf,
  tiersOf,
  World,
} from './world'

const day = (text: string) => at(`${text}T00:00:00+08:00`)
const versions = (world: World) => world.entries.map((entry) => viewOf(entry).version)

describe('a new version of the program', () => {
  it('changes the next award and not the one before, and each entry says by which it was written', () => {
    const world = new World()
    world.buy('o', 100)
    world.publish({ earning: earningOf([ruleOf(3, 100, { id: 'triple' })]) })
    world.buy('p', 100)
    world.redeem(10)
    expect(world.entries.map(({ points }) => points)).toEqual([100, 300, -10])
    expect(versions(world)).toEqual([1, 2, 2])
    expect(world.entries[1]!.detail.earning).toMatchObject({ version: 2, rules: [['triple', 300]] })
    expect(world.entries[1]!.detail.version).toBeUndefined()
    expect(world.entries[2]!.detail.version).toBe(2)
  })

  it('is not asked about an order that was awarded before, though it is told again', () => {
    const world = new World()
    const { entries } = world.buy('o', 100)
    world.publish({ earning: earningOf([ruleOf(3, 100)]) })
    expect(world.buy('o', 100).first).toEqual(entries[0])
    world.refund('o', 'r', 50)
    expect(world.balance).toBe(50)
  })

  it('keeps the expiry of every lot, also of points that come back', () => {
    const world = new World(programOf({ expiry: living(6) }))
    world.buy('o', 100)
    const { seq } = world.redeem(40).entries[0]!
    world.publish({ expiry: living(1) })
    world.buy('p', 10)
    world.publish({ expiry: { kind: 'never' } })
    world.reverse(seq)
    world.buy('q', 5)
    expect(world.lots).toEqual([
      [day('2026-04-11'), 10],
      [day('2026-09-11'), 100],
      [Number.MAX_SAFE_INTEGER, 5],
    ])
  })

  it('takes back by the clawback of today what was earned by the rules of then', () => {
    const world = new World()
    world.buy('o', 100)
    world.redeem(100)
    world.publish({ clawback: 'clamp' })
    expect(world.refund('o', 'r', 100).entries[0]).toMatchObject({ points: 0, debt: 0 })
    expect(world.balance).toBe(0)
  })

  it('sells a reward at the price of today', () => {
    const world = new World()
    world.give(500)
    const gift = { type: 'redeem', request: { rewardId: 'gift' } } as const
    world.do(gift)
    world.publish({ rewards: { gift: { name: { en: 'Gift' }, points: 70 } } })
    world.do(gift)
    world.publish({ rewards: {} })
    expect(world.do(gift).code).toBe('not_found')
    expect(world.balance).toBe(380)
  })

  it('is that of what falls due after it', () => {
    const world = new World()
    world.give(10, NOON + DAY_MS)
    world.publish({})
    expect(world.until(NOON + DAY_MS)).toMatchObject([{ kind: 'expire', detail: { version: 2 } }])
  })

  it.each([
    ['ask for less', 100, 50, 'silver'],
    ['ask for more', 200, 250, 'bronze'],
  ])('moves a member at its own moment when its tiers %s', (_, spent, from, tier) => {
    const levels = (silver: number) => tiersOf([levelOf('bronze', 0), levelOf('silver', silver)])
    const world = new World(programOf({ tiers: levels(20_000) }))
    world.buy('o', spent)
    world.until(NOON + DAY_MS)
    world.publish({ tiers: levels(from * 100) })
    const published = world.now
    expect(world.until(NOON + 9 * DAY_MS)).toMatchObject([
      {
        kind: 'tier',
        tier,
        occurredAt: published,
        ref: null,
        detail: { reason: 'program', version: 2 },
      },
    ])
    expect(world.settle()).toEqual([])
  })

  it('moves a member whose tier it removed to what he has reached', () => {
    const [bronze, silver, gold] = [
      levelOf('bronze', 0),
      levelOf('silver', 10_000),
      levelOf('gold', 20_000),
    ]
    const world = new World(programOf({ tiers: tiersOf([bronze, silver, gold]) }))
    world.buy('o', 200)
    world.publish({ tiers: tiersOf([bronze, silver]) })
    expect(world.settle()).toMatchObject([
      { kind: 'tier', tier: 'silver', detail: { reason: 'program' } },
    ])
  })

  it('moves a member whose tier it removed no lower than he was promised', () => {
    const [bronze, silver] = [levelOf('bronze', 0), levelOf('silver', 10_000)]
    const gold = levelOf('gold', 20_000, { neverBelow: 'silver' })
    const levels = [bronze, silver, gold]
    const world = new World(
      programOf({ tiers: tiersOf(levels, { window: { kind: 'rolling', months: 1 } }) }),
    )
    world.buy('o', 200)
    world.until(day('2026-04-10') - 1)
    world.publish({
      tiers: tiersOf([bronze, silver], { window: { kind: 'rolling', days: 1 } }),
    })
    expect(world.settle()).toMatchObject([
      { kind: 'tier', tier: 'silver', occurredAt: world.now, detail: { reason: 'program' } },
    ])
    world.until(NOON + 400 * DAY_MS)
    expect(world.state).toMatchObject({ tier: 'silver', floor: 'silver' })
  })

  it('moves at the last entry a member to whom an older version was still applied since', () => {
    const levels = (silver: number) => tiersOf([levelOf('bronze', 0), levelOf('silver', silver)])
    const world = new World(programOf({ tiers: levels(20_000) }))
    const older = world.program
    world.publish({ tiers: levels(5_000) })
    const newer = world.program
    world.program = older
    world.now = NOON + 4_000
    world.buy('o', 100)
    world.program = newer
    expect(world.until(NOON + DAY_MS)).toMatchObject([
      {
        kind: 'tier',
        tier: 'silver',
        occurredAt: NOON + 4_000,
        ref: null,
        detail: { reason: 'program', version: 2 },
      },
    ])
  })

  it('is not the reason of what time does after it', () => {
    const tiers = tiersOf([levelOf('bronze', 0), levelOf('silver', 10_000)], {
      window: { kind: 'rolling', months: 1 },
    })
    const world = new World(programOf({ tiers }))
    world.buy('o', 100)
    world.until(NOON + DAY_MS)
    world.publish({})
    expect(world.until(NOON + 90 * DAY_MS)).toMatchObject([
      { tier: 'bronze', occurredAt: day('2026-04-10'), detail: { reason: 'fell', version: 2 } },
    ])
  })

  it('judges no tier at an instant before it was published', () => {
    const levels = (silver: number) => tiersOf([levelOf('bronze', 0), levelOf('silver', silver)])
    const world = new World(programOf({ tiers: levels(20_000) }))
    world.buy('o', 100)
    const known = world.state
    world.now = NOON + DAY_MS
    world.publish({ tiers: levels(5_000) })
    const settled = (now: number) => {
      const journal = open(known, world.program, now)
      settle(journal)
      return journal.state.tier
    }
    expect([NOON, NOON + DAY_MS - 1, NOON + DAY_MS].map(settled)).toEqual([
      'bronze',
      'bronze',
      'silver',
    ])
  })
})

describe('points that come back to a lot that has lapsed', () => {
  const back = (restoreGraceDays: number) => {
    const world = new World(programOf({ restoreGraceDays }))
    world.give(100, NOON + DAY_MS)
    const { seq } = world.redeem(60).entries[0]!
    world.until(NOON + 5 * DAY_MS)
    return { world, seq }
  }

  it('lapse again at once without days of grace', () => {
    const { world, seq } = back(0)
    expect(world.reverse(seq).entries).toMatchObject([
      { kind: 'restore', points: 60 },
      { kind: 'expire', points: -60, occurredAt: world.now },
    ])
  })

  it('live to the end of so many days more', () => {
    const { world, seq } = back(3)
    world.reverse(seq)
    expect(world.lots).toEqual([[day('2026-03-19'), 60]])
    world.until(day('2026-03-19') - 1)
    expect(world.redeem(10).code).toBe(null)
    world.until(day('2026-03-19'))
    expect(world.balance).toBe(0)
  })

  it('pay debt first, as live points do', () => {
    const { world, seq } = back(3)
    world.owe(50)
    expect(world.reverse(seq).entries).toMatchObject([{ kind: 'restore', points: 60, debt: -50 }])
    expect(world.lots).toEqual([[day('2026-03-19'), 10]])
  })

  it('live so many days more by a refund too', () => {
    const world = new World(programOf({ restoreGraceDays: 3, earning: earningOf([]) }))
    world.give(100, NOON + DAY_MS)
    world.redeem(60, 'o')
    world.buy('o', 10)
    world.until(NOON + 5 * DAY_MS)
    world.refund('o', 'r', 5)
    expect(world.lots).toEqual([[day('2026-03-19'), 30]])
    world.until(NOON + 6 * DAY_MS)
    world.refund('o', 'rest', 5)
    expect(world.lots).toEqual([[day('2026-03-19'), 60]])
    world.reverseRefund('rest')
    expect(world.lots).toEqual([[day('2026-03-19'), 30]])
  })

  it('with others held in it get a lot of their own, and the held ones no grace', () => {
    const world = new World(programOf({ restoreGraceDays: 3 }))
    world.give(100, NOON + DAY_MS)
    const { seq } = world.redeem(60).entries[0]!
    const held = world.hold(40, 7 * 86_400).entries[0]!
    world.until(NOON + 5 * DAY_MS)
    const [restore] = world.reverse(seq).entries
    expect(restore).toMatchObject({
      kind: 'restore',
      points: 60,
      lots: [],
      lot: { expiresAt: day('2026-03-19'), activeAt: null },
      detail: { returned: [[1, 60]] },
    })
    expect(world.lots).toEqual([
      [NOON + DAY_MS, 40],
      [day('2026-03-19'), 60],
    ])
    expect(world.release(held.seq).entries).toMatchObject([
      { kind: 'release' },
      { kind: 'expire', points: -40, lots: [[1, -40]] },
    ])
    expect(world.until(day('2026-03-19') - 1)).toEqual([])
    expect(world.until(day('2026-03-19'))).toMatchObject([
      { kind: 'expire', points: -60, lots: [[restore!.seq, -60]] },
    ])
  })

  it('with others held in it pay debt first, and the rest gets a lot of its own', () => {
    const world = new World(programOf({ restoreGraceDays: 3 }))
    world.give(100, NOON + DAY_MS)
    const { seq } = world.redeem(60).entries[0]!
    world.hold(40, 7 * 86_400)
    world.owe(50)
    world.until(NOON + 5 * DAY_MS)
    expect(world.reverse(seq).entries).toMatchObject([
      { kind: 'restore', points: 60, debt: -50, lots: [], detail: { returned: [[1, 60]] } },
    ])
    expect(world.lots).toEqual([
      [NOON + DAY_MS, 40],
      [day('2026-03-19'), 10],
    ])
  })

  it('with others held in it lapse at once without days of grace', () => {
    const world = new World()
    world.give(100, NOON + DAY_MS)
    const { seq } = world.redeem(60).entries[0]!
    world.hold(40, 7 * 86_400)
    world.until(NOON + 5 * DAY_MS)
    expect(world.reverse(seq).entries).toMatchObject([
      { kind: 'restore', points: 60, lots: [[1, 60]], lot: null },
      { kind: 'expire', points: -60, lots: [[1, -60]] },
    ])
    expect(world.lots).toEqual([[NOON + DAY_MS, 40]])
  })

  it('that has not lapsed keep its end', () => {
    const world = new World(programOf({ restoreGraceDays: 30 }))
    world.give(100, NOON + DAY_MS)
    const { seq } = world.redeem(60).entries[0]!
    world.reverse(seq)
    expect(world.lots).toEqual([[NOON + DAY_MS, 100]])
  })
})

describe('an activity that counts once ever', () => {
  const program = programOf({
    activities: { profile: { points: 20, once: 'ever', selfReported: true, isVisit: false } },
  })

  it('counts once in a life, whatever it is about', () => {
    const world = new World(program)
    const first = world.visit('profile')
    expect(first.entries).toMatchObject([
      { points: 20, detail: { activity: 'profile', once: 'ever' } },
    ])
    world.until(NOON + 700 * DAY_MS)
    expect(world.visit('profile')).toEqual({ entries: [], code: null, first: first.entries[0] })
    expect(world.visit('profile', 'again').code).toBe('limit_reached')
    expect(world.entries.filter(({ kind }) => kind === 'award')).toHaveLength(1)
  })

  it('counts beside others', () => {
    const world = new World(
      programOf({ activities: { ...programOf().activities, ...program.activities } }),
    )
    world.visit('profile')
    world.visit('check-in')
    world.visit('review', 'tea')
    expect(world.balance).toBe(26)
  })
})

describe('a limit of adjustments', () => {
  const limited = (maxPoints: number | null, keys: Record<string, number>) =>
    new World(programOf({ adjustments: { maxPoints, keys } }))

  it.each<[string, number | null, Record<string, number>, number, string | null]>([
    ['none', null, {}, 1_000_000, null],
    ['one for all, reached', 100, {}, 100, null],
    ['one for all, passed', 100, {}, 101, 'forbidden'],
    ['a higher one of this key, reached', 100, { key: 500 }, 500, null],
    ['a higher one of this key, passed', 100, { key: 500 }, 501, 'forbidden'],
    ['a higher one of another key', 100, { other: 500 }, 101, 'forbidden'],
    ['one of this key alone, passed', null, { key: 5 }, 6, 'forbidden'],
    ['one of another key alone', null, { other: 5 }, 6, null],
  ])('with %s, %j %j: %i is answered %s, given or taken', (_, max, keys, points, code) => {
    const [giver, taker] = [limited(max, keys), limited(max, keys)]
    expect(giver.give(points).code).toBe(code)
    expect(taker.owe(points).code).toBe(code)
    expect([giver.balance, taker.balance]).toEqual(code === null ? [points, -points] : [0, 0])
  })
})
