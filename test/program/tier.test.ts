import { describe, expect, it } from 'vitest'
import { dayOf, dayText } from '../../src/program/calendar'
import type { Tiers } from '../../src/program/document'
import {
  type DayCount,
  floorTier,
  nextTier,
  reachedAt,
  tierOf,
  type TierState,
} from '../../src/program/tier'
import { windowOf } from '../../src/program/window'
import { levelOf, programOf, tiersOf } from '../ledger/world'

const at = (text: string) => Date.parse(`${text}T00:00:00+08:00`)
const day = (text: string) => dayOf(at(text), 'Asia/Shanghai')
const spent = (text: string, amount: number): DayCount => [day(text), amount, 0, 1]

const levels = [levelOf('bronze', 0), levelOf('silver', 100), levelOf('gold', 200)]
const program = programOf({ tiers: tiersOf(levels) })
const stateOf = (days: DayCount[], rest: Partial<TierState> = {}): TierState => ({
  tier: 'bronze',
  fallsAt: null,
  floor: null,
  keptUntil: null,
  enrolledOn: day('2020-05-15'),
  days,
  ...rest,
})

describe('reachedAt', () => {
  it.each([
    ['2026-03-10', '2027-03-09', 5],
    ['2026-03-10', '2027-03-10', 0],
    ['2026-03-10', '2026-03-09', 5],
    ['2028-02-29', '2029-02-27', 5],
    ['2028-02-29', '2029-02-28', 0],
    ['2026-03-10', '2030-01-01', 0],
  ])('counts what was spent on %s for twelve months: on %s it is %i', (bought, today, spend) => {
    expect(reachedAt(program, stateOf([spent(bought, 5)]), at(today))).toBe(spend)
  })

  it('agrees with the calendar on every day around the window', () => {
    for (const months of [1, 2, 6, 12, 24]) {
      const rolling = programOf({ tiers: tiersOf(levels, { window: { kind: 'rolling', months } }) })
      for (let bought = day('2027-11-01'); bought < day('2028-04-01'); bought += 1) {
        const [year, month, date] = new Date(bought * 86_400_000).toISOString().split(/[-T]/)
        const last = new Date(Date.UTC(Number(year), Number(month) - 1 + months + 1, 0))
        const exit = Date.UTC(
          last.getUTCFullYear(),
          last.getUTCMonth(),
          Math.min(Number(date), last.getUTCDate()),
        )
        const start = exit - 8 * 3_600_000
        expect(reachedAt(rolling, stateOf([[bought, 5, 0, 1]]), start - 1)).toBe(5)
        expect(reachedAt(rolling, stateOf([[bought, 5, 0, 1]]), start)).toBe(0)
      }
    }
  })

  it.each<[Tiers['basis'], number]>([
    ['spend', 700],
    ['points', 9],
    ['orders', 3],
    ['visits', 3],
  ])('by %s is %i: two orders on one day, a visit, both on one day, and neither', (basis, sum) => {
    const days: DayCount[] = [
      [day('2026-03-01'), 500, 5, 2],
      [day('2026-03-02'), 0, 1, 0, 1],
      [day('2026-03-03'), 200, 2, 1, 2],
      [day('2026-03-04'), 0, 1, 0],
    ]
    const by = programOf({ tiers: tiersOf(levels, { basis }) })
    expect(reachedAt(by, stateOf(days), at('2026-03-10'))).toBe(sum)
  })

  it('is no visit where the only order of a day was refunded, and one where another is left', () => {
    const by = programOf({ tiers: tiersOf(levels, { basis: 'visits' }) })
    const days: DayCount[] = [
      [day('2026-03-01'), 0, 0, 0],
      [day('2026-03-02'), 100, 0, 1],
      [day('2026-03-03'), 0, 0, 0, 1],
    ]
    expect(reachedAt(by, stateOf(days), at('2026-03-10'))).toBe(2)
  })

  it('is never below nothing', () => {
    expect(reachedAt(program, stateOf([spent('2026-03-10', -5)]), at('2026-03-10'))).toBe(0)
  })
})

describe('a window', () => {
  const rolling = (rest: object) => ({ kind: 'rolling' as const, ...rest })
  const anniversary = { kind: 'anniversary' } as const
  const calendar = (unit: 'month' | 'quarter' | 'year') => ({ kind: 'calendar' as const, unit })

  it.each<[Tiers['window'], string, string, string]>([
    [rolling({ months: 12 }), '2026-03-10', '2025-03-11', '2026-03-10'],
    [rolling({ months: 12 }), '2029-02-28', '2028-03-01', '2029-02-28'],
    [rolling({ months: 1 }), '2026-02-28', '2026-02-01', '2026-02-28'],
    [rolling({ months: 1 }), '2026-03-30', '2026-03-01', '2026-03-30'],
    [rolling({ months: 1 }), '2026-03-31', '2026-03-01', '2026-03-31'],
    [rolling({ months: 1 }), '2026-04-29', '2026-03-30', '2026-04-29'],
    [rolling({ months: 1 }), '2026-04-30', '2026-04-01', '2026-04-30'],
    [rolling({ days: 1 }), '2026-03-10', '2026-03-10', '2026-03-10'],
    [rolling({ days: 90 }), '2026-03-31', '2026-01-01', '2026-03-31'],
    [rolling({ days: 730 }), '2028-02-29', '2026-03-02', '2028-02-29'],
    [calendar('month'), '2028-02-10', '2028-02-01', '2028-02-29'],
    [calendar('quarter'), '2026-06-30', '2026-04-01', '2026-06-30'],
    [calendar('quarter'), '2026-07-01', '2026-07-01', '2026-09-30'],
    [calendar('year'), '2026-12-31', '2026-01-01', '2026-12-31'],
    [anniversary, '2026-05-14', '2025-05-15', '2026-05-14'],
    [anniversary, '2026-05-15', '2026-05-15', '2027-05-14'],
  ])('of %j on %s goes from %s to %s', (window, today, first, last) => {
    const by = programOf({ tiers: tiersOf(levels, { window }) })
    expect(windowOf(by, stateOf([]).enrolledOn, day(today)).map(dayText)).toEqual([first, last])
    const reached = (date: string, shift: number) =>
      reachedAt(by, stateOf([[day(date) + shift, 5, 0, 1]]), at(today))
    expect([reached(first, -1), reached(first, 0)]).toEqual([0, 5])
  })

  it.each([
    ['2028-02-29', '2028-02-29', '2029-02-27'],
    ['2029-02-27', '2028-02-29', '2029-02-27'],
    ['2029-02-28', '2029-02-28', '2030-02-27'],
    ['2032-02-28', '2031-02-28', '2032-02-28'],
    ['2032-02-29', '2032-02-29', '2033-02-27'],
  ])('of who enrolled on 29 February, on %s, goes from %s to %s', (today, first, last) => {
    const by = programOf({ tiers: tiersOf(levels, { window: anniversary }) })
    const state = stateOf([], { enrolledOn: day('2028-02-29') })
    expect(windowOf(by, state.enrolledOn, day(today)).map(dayText)).toEqual([first, last])
  })
})

describe('tierOf', () => {
  it('reads a tier that the program no longer has as the lowest', () => {
    expect(tierOf(program, 'gold').id).toBe('gold')
    expect(tierOf(program, 'platinum').id).toBe('bronze')
  })
})

describe('nextTier', () => {
  it.each([
    ['bronze', 30, { id: 'silver', remaining: 70 }],
    ['silver', 130, { id: 'gold', remaining: 70 }],
    ['silver', 30, { id: 'gold', remaining: 170 }],
    ['gold', 230, null],
    ['platinum', 30, { id: 'silver', remaining: 70 }],
  ])('above %s with %i spent is %j', (id, amount, expected) => {
    const state = stateOf([spent('2026-03-10', amount)], { tier: id })
    const next = nextTier(program, state, at('2026-03-11'))
    expect(next && { id: next.tier.id, remaining: next.remaining }).toEqual(expected)
  })
})

describe('floorTier', () => {
  const [bronze, silver, gold] = levels as [
    Tiers['levels'][0],
    Tiers['levels'][0],
    Tiers['levels'][0],
  ]
  const floored = programOf({
    tiers: tiersOf([bronze, silver, { ...gold, neverBelow: 'silver' }, levelOf('black', 300)]),
  })

  it.each<[string, string | null, string | null]>([
    ['bronze', null, null],
    ['silver', null, null],
    ['gold', null, 'silver'],
    ['black', null, 'silver'],
    ['silver', 'silver', 'silver'],
    ['bronze', 'gone', null],
    ['black', 'gold', 'gold'],
  ])('of %s who was promised %s is %s', (tier, floor, expected) => {
    expect(floorTier(floored, stateOf([], { tier, floor }))?.id ?? null).toBe(expected)
  })
})
