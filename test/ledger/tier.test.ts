import { describe, expect, it } from 'vitest'
import type { ProgramDocument, Tiers } from '../../src/program/document'
import type { Program } from '../../src/program/program'
import { at, DAY_MS, levelOf, living, NOON, programOf, tiersOf, World } from './world'

const day = (text: string) => at(`${text}T00:00:00+08:00`)
const noon = (text: string) => at(`${text}T12:00:00+08:00`)
const levels = [levelOf('bronze', 0), levelOf('silver', 10_000), levelOf('gold', 20_000)]
const monthly: Tiers['window'] = { kind: 'rolling', months: 1 }
const byTiers = (rest: Partial<Tiers> = {}, more: Partial<ProgramDocument> = {}) =>
  programOf({ tiers: tiersOf(levels, { window: monthly, ...rest }), ...more })
const grace = (rest: Partial<Tiers['grace']>) => ({
  grace: { months: 0, days: 0, toMonthEnd: false, ...rest },
})

/** The changes of tier: when, to which, why, and when it will be lost. */
const changes = (world: World) =>
  world.entries
    .filter(({ kind }) => kind === 'tier')
    .map(({ occurredAt, tier, detail }) => [
      occurredAt,
      tier,
      detail.reason,
      detail.fallsAt ?? null,
    ])

describe('a tier in the ledger', () => {
  it('is reached by an entry that names the purchase and who told it', () => {
    const world = new World(byTiers())
    const [award, tier] = world.buy('o', 200).entries
    expect(tier).toMatchObject({
      kind: 'tier',
      tier: 'gold',
      points: 0,
      ref: award!.seq,
      actor: award!.actor,
      occurredAt: NOON,
      detail: { reason: 'reached', version: 1 },
    })
  })

  it('is at risk, kept, at risk again and lost, each at its own moment', () => {
    const world = new World(byTiers(grace({ days: 10 })))
    world.buy('o', 100)
    world.until(noon('2026-04-15'))
    world.buy('p', 100)
    world.until(noon('2026-06-30'))
    expect(changes(world)).toEqual([
      [NOON, 'silver', 'reached', null],
      [day('2026-04-10'), 'silver', 'at-risk', day('2026-04-20')],
      [noon('2026-04-15'), 'silver', 'kept', null],
      [day('2026-05-15'), 'silver', 'at-risk', day('2026-05-25')],
      [day('2026-05-25'), 'bronze', 'fell', null],
    ])
    expect(world.state).toMatchObject({ tier: 'bronze', fallsAt: null })
  })

  it('at risk is still held: the next purchase earns by it, and may reach the next', () => {
    const double = levels.map((each, i) => ({ ...each, factor: 100 * (i + 1) }))
    const world = new World(
      programOf({ tiers: tiersOf(double, { window: monthly, ...grace({ days: 10 }) }) }),
    )
    world.buy('o', 100)
    world.until(noon('2026-04-15'))
    expect(world.buy('p', 200).entries).toMatchObject([
      { points: 400 },
      { tier: 'gold', detail: { reason: 'reached' } },
    ])
    expect(world.state.fallsAt).toBe(null)
  })

  it('with grace to the month end falls when the next month begins', () => {
    const world = new World(byTiers(grace({ toMonthEnd: true })))
    world.buy('o', 100)
    world.until(noon('2026-06-30'))
    expect(changes(world).slice(1)).toEqual([
      [day('2026-04-10'), 'silver', 'at-risk', day('2026-05-01')],
      [day('2026-05-01'), 'bronze', 'fell', null],
    ])
  })

  it('is put at risk by a refund, and kept by its reversal', () => {
    const world = new World(byTiers(grace({ days: 10 })))
    world.buy('o', 100)
    const [clawback] = world.refund('o', 'r', 1).entries
    expect(world.state).toMatchObject({ tier: 'silver', fallsAt: day('2026-03-20') })
    expect(world.entries.at(-1)).toMatchObject({
      ref: clawback!.seq,
      detail: { reason: 'at-risk' },
    })
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ tier: 'silver', fallsAt: null })
    expect(world.entries.at(-1)).toMatchObject({ kind: 'tier', detail: { reason: 'kept' } })
  })

  it('with down: one-step falls tier by tier, a window apart', () => {
    const world = new World(byTiers({ down: 'one-step' }))
    world.buy('o', 200)
    world.until(noon('2026-12-31'))
    expect(changes(world).slice(1)).toEqual([
      [day('2026-04-10'), 'silver', 'fell', day('2026-05-10')],
      [day('2026-05-10'), 'bronze', 'fell', null],
    ])
  })

  it.each([
    ['at once', [200]],
    ['by and by', [100, 100]],
  ])('with down: one-step falls no faster where what it took was spent %s', (_, all) => {
    const world = new World(byTiers({ down: 'one-step' }))
    all.forEach((each, i) => {
      world.until(NOON + i * DAY_MS)
      world.buy(`o${i}`, each)
    })
    expect(world.state.tier).toBe('gold')
    world.until(noon('2026-12-31'))
    const falls = changes(world).filter(([, , reason]) => reason === 'fell')
    expect(falls.map(([ms, tier]) => [ms, tier])).toEqual([
      [day('2026-04-10'), 'silver'],
      [day('2026-05-10'), 'bronze'],
    ])
  })

  it('with down: one-step says until when the lower tier is kept, and a rise ends that', () => {
    const world = new World(byTiers({ down: 'one-step', ...grace({ days: 5 }) }))
    world.buy('o', 100)
    world.until(noon('2026-03-20'))
    const [, reached] = world.buy('p', 100).entries
    expect(reached!.detail).not.toHaveProperty('keptUntil')
    const keptUntil = day('2026-05-20')
    expect(world.until(noon('2026-04-16'))).toMatchObject([
      { tier: 'gold', detail: { reason: 'at-risk', fallsAt: day('2026-04-15') } },
      { tier: 'silver', detail: { reason: 'fell', keptUntil } },
    ])
    expect(world.entries.at(-2)!.detail).not.toHaveProperty('keptUntil')
    expect(world.entries.at(-1)!.detail).not.toHaveProperty('fallsAt')
    expect(world.state).toMatchObject({ tier: 'silver', fallsAt: null, keptUntil })
    expect(world.until(noon('2026-04-20'))).toMatchObject([
      { tier: 'silver', detail: { reason: 'at-risk', fallsAt: keptUntil, keptUntil } },
    ])
    expect(world.buy('q', 100).entries.at(-1)).toMatchObject({
      tier: 'silver',
      detail: { reason: 'kept', keptUntil },
    })
    const [, again] = world.buy('r', 100).entries
    expect(again).toMatchObject({ tier: 'gold', detail: { reason: 'reached' } })
    expect(again!.detail).not.toHaveProperty('keptUntil')
    expect(world.state).toMatchObject({ tier: 'gold', fallsAt: null, keptUntil: null })
    world.refund('q', 'all', 100)
    world.refund('r', 'all', 100)
    expect(world.state).toMatchObject({ tier: 'gold', fallsAt: day('2026-04-25') })
  })

  it('with down: one-step that a refund loses soon after a fall is kept until then', () => {
    const world = new World(byTiers({ down: 'one-step' }))
    world.buy('o', 100)
    world.buy('p', 100)
    const keptUntil = day('2026-04-10')
    expect(world.refund('o', 'r', 100).entries.at(-1)).toMatchObject({
      tier: 'silver',
      detail: { reason: 'fell', keptUntil },
    })
    expect(world.refund('p', 'r', 100).entries.at(-1)).toMatchObject({
      tier: 'silver',
      detail: { reason: 'at-risk', fallsAt: keptUntil, keptUntil },
    })
    expect(world.until(keptUntil - 1)).toEqual([])
    expect(world.until(keptUntil)).toMatchObject([{ tier: 'bronze', detail: { reason: 'fell' } }])
  })

  it('with down: never is kept for ever', () => {
    const world = new World(byTiers({ down: 'never' }))
    world.buy('o', 200)
    world.refund('o', 'r', 200)
    world.until(NOON + 1_000 * DAY_MS)
    expect(world.state.tier).toBe('gold')
  })

  it('in a calendar year is lost when the next begins', () => {
    const world = new World(byTiers({ window: { kind: 'calendar', unit: 'year' } }))
    world.buy('o', 200)
    world.until(noon('2027-06-30'))
    expect(changes(world).slice(1)).toEqual([[day('2027-01-01'), 'bronze', 'fell', null]])
  })

  it("in a member's own year is lost on the day of his enrolment", () => {
    const world = new World(byTiers({ window: { kind: 'anniversary' } }))
    world.until(noon('2026-12-24'))
    world.buy('o', 200)
    world.until(noon('2027-06-30'))
    expect(changes(world).slice(1)).toEqual([[day('2027-03-10'), 'bronze', 'fell', null]])
  })

  it('by visits counts a day once, be it a purchase or an activity that is one', () => {
    const visits = tiersOf([levelOf('bronze', 0), levelOf('silver', 2)], { basis: 'visits' })
    const world = new World(programOf({ tiers: visits }))
    world.buy('o', 1)
    world.buy('p', 1)
    world.visit('check-in')
    world.visit('review', 'tea')
    world.until(NOON + DAY_MS)
    world.visit('review', 'bun')
    expect(world.state.tier).toBe('bronze')
    expect(world.visit('check-in').entries).toMatchObject([{ kind: 'award' }, { tier: 'silver' }])
  })

  it('by orders loses an order with its last part, and by points what was taken back', () => {
    const two = [levelOf('bronze', 0), levelOf('silver', 2)]
    const byOrders = new World(programOf({ tiers: tiersOf(two, { basis: 'orders' }) }))
    const byPoints = new World(programOf({ tiers: tiersOf(two, { basis: 'points' }) }))
    for (const world of [byOrders, byPoints]) {
      world.buy('o', 1)
      world.buy('p', 1)
      world.give(100)
      expect(world.state.tier).toBe('silver')
      world.redeem(50)
      world.refund('o', 'r', 0.5)
    }
    expect([byOrders.state.tier, byPoints.state.tier]).toEqual(['silver', 'silver'])
    byOrders.refund('o', 'rest', 0.5)
    byPoints.refund('o', 'rest', 0.5)
    expect([byOrders.state.tier, byPoints.state.tier]).toEqual(['bronze', 'bronze'])
  })
})

describe('a floor in the ledger', () => {
  const [bronze, silver, gold] = levels as [
    Tiers['levels'][0],
    Tiers['levels'][0],
    Tiers['levels'][0],
  ]
  const floored = {
    tiers: tiersOf([bronze, silver, { ...gold, neverBelow: 'silver' }], { window: monthly }),
  }

  it('is written with the tier that promises it, and outlives the version that did', () => {
    const world = new World(programOf(floored))
    const [, tier] = world.buy('o', 200).entries
    expect(tier!.detail.floor).toBe('silver')
    world.publish(byTiers())
    world.until(NOON + 400 * DAY_MS)
    expect(world.state).toMatchObject({ tier: 'silver', floor: 'silver' })
    expect(changes(world).at(-1)).toEqual([day('2026-04-10'), 'silver', 'fell', null])
  })

  it('comes by a new version to who holds the tier, and outlives that version too', () => {
    const world = new World(byTiers())
    world.buy('o', 200)
    world.until(NOON + DAY_MS)
    world.publish(floored)
    const published = world.now
    expect(world.until(NOON + 2 * DAY_MS)).toMatchObject([
      {
        kind: 'tier',
        tier: 'gold',
        occurredAt: published,
        ref: null,
        actor: null,
        detail: { reason: 'program', floor: 'silver', version: 2 },
      },
    ])
    expect(world.settle()).toEqual([])
    world.publish(byTiers())
    world.until(NOON + 400 * DAY_MS)
    expect(world.state).toMatchObject({ tier: 'silver', floor: 'silver' })
    expect(changes(world).slice(2)).toEqual([[day('2026-04-10'), 'silver', 'fell', null]])
  })

  it('goes with a tier that a version removed: it becomes the floor, or what is reached', () => {
    const black = levelOf('black', 30_000, { neverBelow: 'silver' })
    const outcome = (kept: number) => {
      const world = new World(
        programOf({ tiers: tiersOf([bronze, silver, gold, black], { window: monthly }) }),
      )
      world.buy('o', 300)
      world.publish(byTiers())
      world.refund('o', 'r', 300 - kept)
      return world
    }
    const [, , removed] = outcome(0).entries
    expect(removed).toMatchObject({ tier: 'gold', detail: { reason: 'program' } })
    expect(outcome(0).state).toMatchObject({ tier: 'silver', floor: 'silver' })
    expect(outcome(200).state).toMatchObject({ tier: 'gold', floor: 'silver' })
  })
})

describe('a settle that comes late', () => {
  /** Midnight is skipped there on 6 September 2026, and there is a 29 February 2028. */
  const program: Program = programOf({
    timeZone: 'America/Santiago',
    pending: { activeAfterDays: 3 },
    expiry: { kind: 'inactivity', months: 18, to: 'month' },
    tiers: tiersOf(levels, {
      window: { kind: 'rolling', months: 6 },
      down: 'one-step',
      grace: { months: 0, days: 5, toMonthEnd: false },
    }),
  })
  const acted = () => {
    const world = new World(program)
    world.now = at('2026-03-01T12:00:00-03:00')
    world.buy('o', 150)
    world.until(at('2026-03-06T12:00:00-03:00'))
    world.buy('p', 100)
    world.owe(20)
    world.hold(100, 600_000)
    return world
  }
  const told = (world: World) => world.entries.map((entry) => ({ ...entry, recordedAt: 0 }))
  const LAST = at('2028-03-02T12:00:00-03:00')

  it('writes what a settle at every step writes', () => {
    const [late, daily, hourly] = [acted(), acted(), acted()]
    late.until(LAST)
    for (let now = daily.now; now < LAST; now += DAY_MS) {
      daily.until(now)
    }
    for (let now = hourly.now; now < LAST; now += 3_600_000) {
      hourly.until(now)
    }
    daily.until(LAST)
    hourly.until(LAST)
    expect(told(late)).toEqual(told(daily))
    expect(told(late)).toEqual(told(hourly))
    const text = (ms: number) => new Date(ms).toISOString().slice(0, 16)
    expect(
      late.entries.slice(7).map(({ kind, occurredAt, tier }) => [kind, text(occurredAt), tier]),
    ).toEqual([
      ['activate', '2026-03-09T03:00', null],
      ['release', '2026-03-13T13:40', null],
      ['tier', '2026-09-01T04:00', 'gold'],
      ['tier', '2026-09-06T04:00', 'silver'],
      ['tier', '2027-03-11T03:00', 'bronze'],
      ['expire', '2027-10-01T03:00', null],
    ])
  })

  it('over a leap day: what was bought on 29 February stops counting on the 28th', () => {
    const world = new World(
      byTiers({ window: { kind: 'rolling', months: 12 } }, { expiry: living(12) }),
    )
    world.now = noon('2028-02-29')
    world.buy('o', 100)
    world.until(noon('2029-06-30'))
    expect(world.entries.slice(2)).toMatchObject([
      { kind: 'tier', tier: 'bronze', occurredAt: day('2029-02-28') },
      { kind: 'expire', occurredAt: day('2029-03-01') },
    ])
  })
})
