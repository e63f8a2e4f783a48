import { describe, expect, it } from 'vitest'
import type { ProgramDocument } from '../../src/program/document'
import { countRedeemed, couponEnd, offerOf, type Redeemed } from '../../src/program/reward'
import { at, DAY_MS, programOf } from '../ledger/world'

type Reward = ProgramDocument['rewards'][string]

const NOON = at('2027-03-10T12:00:00+08:00')

/** A program that has one reward, for ten points. */
const offering = (rest: Partial<Reward>, timeZone = 'Asia/Shanghai') =>
  programOf({ timeZone, rewards: { tea: { name: { en: 'Tea' }, points: 10, ...rest } } })

const offer = (
  rest: Partial<Reward>,
  {
    tier = 'bronze',
    redeemed = [],
    now = NOON,
  }: { tier?: string; redeemed?: Redeemed[]; now?: number } = {},
) => offerOf(offering(rest), 'tea', { tier, redeemed }, now)

describe('a reward', () => {
  it('costs its price, as often as one likes, where it says nothing else', () => {
    expect(offer({})).toEqual({ points: 10, left: null, isOpen: true, day: null })
  })

  it.each(['yacht', '', 'constructor', '__proto__', 'toString'])('is not there as %s', (id) => {
    expect(offerOf(offering({}), id, { tier: 'bronze', redeemed: [] }, NOON)).toBe(null)
  })

  it.each([
    ['bronze', 10],
    ['silver', 8],
    ['gold', 1_000],
    ['jade', 10],
    ['constructor', 10],
  ])('costs its own price in the tier %s', (tier, points) => {
    expect(offer({ tierPoints: { silver: 8, gold: 1_000 } }, { tier })!.points).toBe(points)
  })
})

describe('the window of a reward', () => {
  const startsAt = '2027-03-10T00:00:00+08:00'
  const endsAt = '2027-03-12T00:00:00+08:00'

  it.each([
    ['before it begins', -1, startsAt, false],
    ['at its first instant', 0, startsAt, true],
    ['at its last instant', -1, endsAt, true],
    ['when it is over', 0, endsAt, false],
  ])('is open %s: %j ms from %s', (_, ms, from, isOpen) => {
    expect(offer({ startsAt, endsAt }, { now: at(from) + ms })!.isOpen).toBe(isOpen)
  })

  it('may have one end alone', () => {
    const opens = (rest: Partial<Reward>) =>
      [startsAt, endsAt].map((now) => offer(rest, { now: at(now) })!.isOpen)
    expect(opens({ startsAt })).toEqual([true, true])
    expect(opens({ startsAt: endsAt })).toEqual([false, true])
    expect(opens({ endsAt })).toEqual([true, false])
  })

  it('is that of its zone, not of the text', () => {
    expect(offer({ startsAt: '2027-03-09T16:00:00Z' }, { now: at(startsAt) })!.isOpen).toBe(true)
    expect(offer({ startsAt: '2027-03-09T16:00:00Z' }, { now: at(startsAt) - 1 })!.isOpen).toBe(
      false,
    )
  })
})

const had = (...days: string[]): Redeemed[] =>
  days.reduce<Redeemed[]>((all, day) => countRedeemed(all, 'tea', day, 1), [])

describe('the limit of a reward', () => {
  it.each([
    ['day', ['2027-03-10'], 0],
    ['day', ['2027-03-08', '2027-03-09'], 1],
    ['month', ['2027-03-01'], 0],
    ['month', ['2026-03-10', '2027-02-28'], 1],
    ['year', ['2027-01-01'], 0],
    ['year', ['2026-12-31'], 1],
    ['ever', ['1999-12-31'], 0],
    ['ever', [], 1],
  ] as const)('counts by the %s: %j leave %i', (per, days, left) => {
    expect(offer({ limit: { most: 1, per } }, { redeemed: had(...days) })!.left).toBe(left)
  })

  it('leaves what was not had of it, never less than nothing', () => {
    const limit = { most: 2, per: 'month' } as const
    const left = (count: number) =>
      offer({ limit }, { redeemed: had(...Array<string>(count).fill('2027-03-02')) })!.left
    expect([0, 1, 2, 3].map(left)).toEqual([2, 1, 0, 0])
  })

  it('counts this reward alone', () => {
    const others = ['coffee', 'tea-2'].reduce<Redeemed[]>(
      (all, id) => countRedeemed(all, id, '2027-03-10', 1),
      [],
    )
    const limit = { most: 1, per: 'ever' } as const
    expect(offer({ limit }, { redeemed: others })!.left).toBe(1)
    const all = countRedeemed(others, 'tea', '2027-03-10', 1)
    expect(offer({ limit }, { redeemed: all })!.left).toBe(0)
  })

  it('keeps little of a life in which each day was taken, and counts it all', () => {
    let all: Redeemed[] = []
    for (let day = at('2020-01-01T00:00:00Z'); day <= at('2027-03-10T00:00:00Z'); day += DAY_MS) {
      all = countRedeemed(all, 'tea', new Date(day).toISOString().slice(0, 10), 1)
    }
    expect(JSON.stringify(all).length).toBeLessThan(1_000)
    const left = (per: 'day' | 'month' | 'year' | 'ever') =>
      offer({ limit: { most: 10_000, per } }, { redeemed: all })!.left
    // 1 day, 10 of March, 69 of the year, 2626 of all.
    expect((['day', 'month', 'year', 'ever'] as const).map(left)).toEqual([
      9_999, 9_990, 9_931, 7_374,
    ])
  })

  it.each([
    ['day', '2027-03-10'],
    ['month', '2027-03-01'],
    ['year', '2027-01-31'],
    ['ever', '2020-02-29'],
  ] as const)('by the %s is given back for the day on which it was taken: %s', (per, day) => {
    const redeemed = had(day, '2027-03-10')
    const left = (all: readonly Redeemed[]) =>
      offer({ limit: { most: 2, per } }, { redeemed: [...all] })!.left
    expect(left(redeemed)).toBe(0)
    const back = countRedeemed(redeemed, 'tea', day, -1)
    expect(left(back)).toBe(1)
    expect(left(countRedeemed(back, 'tea', '2027-03-10', -1))).toBe(2)
  })

  it.each(['2027-03-11', '2027-04-01', '2028-01-01'])(
    'is given back though what came after it was before: on %s',
    (later) => {
      const both = countRedeemed(had('2027-03-10'), 'cup', later, 1)
      const first = countRedeemed(both, 'cup', later, -1)
      expect(countRedeemed(first, 'tea', '2027-03-10', -1)).toEqual([])
    },
  )

  it('is given back no more often than it was taken', () => {
    expect(countRedeemed([], 'tea', '2027-03-10', -1)).toEqual([])
  })

  it.each([
    ['Asia/Shanghai', '2027-12-31T16:00:00Z', '2028-01-01'],
    ['Asia/Shanghai', '2027-12-31T15:59:59.999Z', '2027-12-31'],
    ['UTC', '2027-12-31T16:00:00Z', '2027-12-31'],
    ['Pacific/Kiritimati', '2027-12-31T10:00:00Z', '2028-01-01'],
    ['Pacific/Pago_Pago', '2028-01-01T10:59:59Z', '2027-12-31'],
    // The clocks go forward on 14 March.
    ['America/New_York', '2027-03-14T04:30:00Z', '2027-03-13'],
    ['America/New_York', '2027-03-15T03:59:59Z', '2027-03-14'],
  ])('has the days of %s: %s is %s', (timeZone, now, day) => {
    const limit = { most: 1, per: 'day' } as const
    const offered = (redeemed: Redeemed[]) =>
      offerOf(offering({ limit }, timeZone), 'tea', { tier: 'bronze', redeemed }, at(now))!
    expect(offered([])).toMatchObject({ left: 1, day })
    expect(offered(had(day))).toMatchObject({ left: 0, day })
  })
})

describe('the end of a coupon', () => {
  it.each([
    ['Asia/Shanghai', 1, '2027-03-10T12:00:00+08:00', '2027-03-12T00:00:00+08:00'],
    ['Asia/Shanghai', 1, '2027-03-10T00:00:00+08:00', '2027-03-12T00:00:00+08:00'],
    ['Asia/Shanghai', 1, '2027-03-10T23:59:59.999+08:00', '2027-03-12T00:00:00+08:00'],
    ['UTC', 30, '2028-01-31T08:00:00Z', '2028-03-02T00:00:00Z'],
    // The clocks go forward, and back.
    ['America/New_York', 5, '2027-03-10T12:00:00-05:00', '2027-03-16T00:00:00-04:00'],
    ['America/New_York', 5, '2027-11-05T12:00:00-04:00', '2027-11-11T00:00:00-05:00'],
    // There summer time begins at midnight: 30 April has none.
    ['Africa/Cairo', 1, '2027-04-28T12:00:00+02:00', '2027-04-30T01:00:00+03:00'],
  ])('in %s is that of the last of %i whole days after %s', (timeZone, validDays, now, end) => {
    const program = offering({ validDays }, timeZone)
    expect(couponEnd(program, program.rewards.tea!, at(now))).toBe(at(end))
  })

  it('is that of all coupons where the reward says nothing', () => {
    const program = { ...offering({}), coupons: { validDays: 2 } }
    const end = at('2027-03-13T00:00:00+08:00')
    expect(couponEnd(program, program.rewards.tea!, NOON)).toBe(end)
  })
})
