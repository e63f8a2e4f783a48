import { describe, expect, it } from 'vitest'
import { dayOf } from '../../src/program/calendar'
import type { Rules } from '../../src/program/program'
import {
  type DayCount,
  nextTier,
  spendAt,
  tierAt,
  tierFallsAt,
  tierOf,
} from '../../src/program/tier'
import { programOf } from '../ledger/world'

const at = (text: string) => Date.parse(`${text}T00:00:00+08:00`)
const day = (text: string) => dayOf(at(text), 'Asia/Shanghai')
const spent = (text: string, amount: number): DayCount => [day(text), amount, 0, 1]

const tiers: Rules['tiers'] = [
  { id: 'bronze', name: 'Bronze', from: 0, factor: 100 },
  { id: 'silver', name: 'Silver', from: 100, factor: 100 },
  { id: 'gold', name: 'Gold', from: 200, factor: 100 },
]
const program = programOf({ tiers })

describe('spendAt', () => {
  it.each([
    ['2026-03-10', '2027-03-09', 5],
    ['2026-03-10', '2027-03-10', 0],
    ['2026-03-10', '2026-03-09', 5],
    ['2028-02-29', '2029-02-27', 5],
    ['2028-02-29', '2029-02-28', 0],
    ['2026-03-10', '2030-01-01', 0],
  ])('counts what was spent on %s for twelve months: on %s it is %i', (bought, today, spend) => {
    expect(spendAt(program, [spent(bought, 5)], at(today))).toBe(spend)
  })

  it('agrees with the calendar on every day around the window', () => {
    for (const tierMonths of [1, 2, 6, 12]) {
      const rolling = programOf({ tierMonths })
      for (let bought = day('2027-11-01'); bought < day('2028-04-01'); bought += 1) {
        const [year, month, date] = new Date(bought * 86_400_000).toISOString().split(/[-T]/)
        const last = new Date(Date.UTC(Number(year), Number(month) - 1 + tierMonths + 1, 0))
        const exit = Date.UTC(
          last.getUTCFullYear(),
          last.getUTCMonth(),
          Math.min(Number(date), last.getUTCDate()),
        )
        const start = exit - 8 * 3_600_000
        expect(spendAt(rolling, [[bought, 5, 0, 1]], start - 1)).toBe(5)
        expect(spendAt(rolling, [[bought, 5, 0, 1]], start)).toBe(0)
      }
    }
  })
})

describe('tierAt', () => {
  it.each([
    [0, 'bronze'],
    [99, 'bronze'],
    [100, 'silver'],
    [199, 'silver'],
    [200, 'gold'],
  ])('of %i spent is %s', (amount, id) => {
    expect(tierAt(program, [spent('2026-03-10', amount)], at('2026-03-10')).id).toBe(id)
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
    ['gold', 230, null],
    ['platinum', 30, { id: 'silver', remaining: 70 }],
  ])('above %s with %i spent is %j', (id, amount, next) => {
    expect(nextTier(program, id, [spent('2026-03-10', amount)], at('2026-03-11'))).toEqual(next)
  })
})

describe('tierFallsAt', () => {
  const days = [spent('2026-01-10', 100), spent('2026-02-10', 50), spent('2026-03-10', 60)]

  it.each([
    ['gold', '2027-01-10'],
    ['silver', '2027-02-10'],
  ])('lets %s fall on %s, when too little is left in the window', (id, fall) => {
    expect(tierFallsAt(program, id, days, at('2026-04-01'))).toBe(at(fall))
  })

  it('never lets the lowest fall', () => {
    expect(tierFallsAt(program, 'bronze', days, at('2026-04-01'))).toBe(Infinity)
    expect(tierFallsAt(program, 'platinum', days, at('2026-04-01'))).toBe(Infinity)
  })

  it('is now where too little was spent already', () => {
    expect(tierFallsAt(program, 'gold', [], at('2026-04-01'))).toBe(at('2026-04-01'))
  })

  it('is never for a tier that asks for nothing', () => {
    const free = programOf({ tiers: [tiers[0], { ...tiers[1]!, from: 0 }] })
    expect(tierFallsAt(free, 'silver', [], at('2026-04-01'))).toBe(Infinity)
  })
})
