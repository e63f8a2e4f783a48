import { describe, expect, it } from 'vitest'
import { dayOf } from '../../src/program/calendar'
import type { Expiry, Life, ProgramDocument } from '../../src/program/document'
import { graceUntil, idleUntil, NEVER, promiseOf } from '../../src/program/expiry'
import { at, living, programOf } from '../ledger/world'

const day = (text: string) => at(`${text}T00:00:00+08:00`)
const noon = (text: string) => at(`${text}T12:00:00+08:00`)
const after = (life: Partial<Life>): Expiry => ({ kind: 'after', to: 'day', ...life }) as Expiry

/** When points bought on a day in Shanghai are gone, and when they wake. */
function promised(changes: Partial<ProgramDocument>, bought: string, waits = true) {
  const { expiresAt, activeAt } = promiseOf(programOf(changes), noon(bought), waits)
  return [expiresAt, activeAt]
}

describe('points that live so many months', () => {
  it.each([
    ['2026-03-10T00:00:00+08:00', 'Asia/Shanghai', 12, '2027-03-11T00:00:00+08:00'],
    ['2026-03-10T23:59:59+08:00', 'Asia/Shanghai', 12, '2027-03-11T00:00:00+08:00'],
    ['2028-02-29T12:00:00+08:00', 'Asia/Shanghai', 12, '2029-03-01T00:00:00+08:00'],
    ['2028-02-29T12:00:00+08:00', 'Asia/Shanghai', 48, '2032-03-01T00:00:00+08:00'],
    ['1997-06-30T00:00:00Z', 'UTC', 12, '1998-07-01T00:00:00Z'],
    ['2026-02-07T12:00:00-05:00', 'America/New_York', 1, '2026-03-08T00:00:00-05:00'],
    ['2026-02-08T12:00:00-05:00', 'America/New_York', 1, '2026-03-09T00:00:00-04:00'],
    ['2026-03-10T09:59:59Z', 'Pacific/Kiritimati', 1, '2026-04-11T00:00:00+14:00'],
    ['2026-03-10T10:00:00Z', 'Pacific/Kiritimati', 1, '2026-04-12T00:00:00+14:00'],
    ['2026-02-08T07:59:59Z', 'America/Los_Angeles', 1, '2026-03-08T00:00:00-08:00'],
    ['2026-02-08T08:00:00Z', 'America/Los_Angeles', 1, '2026-03-09T00:00:00-07:00'],
    ['2026-10-01T12:00:00-07:00', 'America/Los_Angeles', 1, '2026-11-02T00:00:00-08:00'],
    ['2018-10-03T12:00:00-03:00', 'America/Sao_Paulo', 1, '2018-11-04T01:00:00-02:00'],
    ['2026-08-05T12:00:00-04:00', 'America/Santiago', 1, '2026-09-06T01:00:00-03:00'],
    ['2026-03-04T12:00:00-03:00', 'America/Santiago', 1, '2026-04-05T00:00:00-04:00'],
  ])('and earned at %s in %s, %i, are gone from %s on', (earned, timeZone, months, gone) => {
    const program = programOf({ timeZone, expiry: living(months) })
    expect(promiseOf(program, at(earned))).toEqual({ expiresAt: at(gone), activeAt: null })
  })
})

describe('a life', () => {
  it.each<[Partial<Life>, string, string]>([
    [{ months: 1 }, '2026-01-25', '2026-02-26'],
    [{ months: 1 }, '2026-01-31', '2026-03-01'],
    [{ months: 1 }, '2028-01-31', '2028-03-01'],
    [{ days: 1 }, '2026-01-31', '2026-02-02'],
    [{ days: 90 }, '2026-03-10', '2026-06-09'],
    [{ days: 366 }, '2028-02-29', '2029-03-02'],
    [{ days: 1, to: 'month' }, '2026-01-30', '2026-02-01'],
    [{ days: 1, to: 'month' }, '2026-01-31', '2026-03-01'],
    [{ months: 12, to: 'month' }, '2020-07-06', '2021-08-01'],
    [{ months: 12, to: 'month' }, '2020-07-01', '2021-08-01'],
    [{ months: 12, to: 'month' }, '2020-07-31', '2021-08-01'],
    [{ months: 1, to: 'month' }, '2026-01-31', '2026-03-01'],
    [{ months: 1, to: 'quarter' }, '2026-02-28', '2026-04-01'],
    [{ months: 1, to: 'quarter' }, '2026-03-01', '2026-07-01'],
    [{ months: 3, to: 'quarter' }, '2026-11-30', '2027-04-01'],
    [{ days: 30, to: 'year' }, '2026-12-01', '2027-01-01'],
    [{ days: 30, to: 'year' }, '2026-12-02', '2028-01-01'],
    [{ months: 12, to: 'year' }, '2026-03-10', '2028-01-01'],
  ])('of %j that begins on %s ends as %s begins', (life, begun, gone) => {
    expect(promised({ expiry: after(life) }, begun)).toEqual([day(gone), null])
  })

  it.each<[Partial<Life>, string, string]>([
    [{ to: ['06-30', '12-31'] }, '2026-03-10', '2026-07-01'],
    [{ to: ['06-30', '12-31'] }, '2026-06-30', '2026-07-01'],
    [{ to: ['06-30', '12-31'] }, '2026-07-01', '2027-01-01'],
    [{ to: ['12-31', '06-30'] }, '2026-07-01', '2027-01-01'],
    [{ to: ['06-30'] }, '2026-07-01', '2027-07-01'],
    [{ to: ['12-31'] }, '2026-12-31', '2027-01-01'],
    [{ months: 3, to: ['03-31'] }, '2026-01-01', '2027-04-01'],
    [{ months: 3, to: ['03-31'] }, '2025-12-31', '2026-04-01'],
    [{ months: 3, to: ['03-31'] }, '2025-12-01', '2026-04-01'],
    [{ days: 10, to: ['06-30'] }, '2026-06-20', '2026-07-01'],
    [{ days: 10, to: ['06-30'] }, '2026-06-21', '2027-07-01'],
    [{ to: ['02-29'] }, '2026-02-28', '2026-03-01'],
    [{ to: ['02-29'] }, '2026-03-01', '2027-03-01'],
    [{ to: ['02-29'] }, '2027-03-01', '2028-03-01'],
    [{ to: ['02-29'] }, '2028-02-28', '2028-03-01'],
    [{ to: ['02-29'] }, '2028-02-29', '2028-03-01'],
    [{ to: ['02-28'] }, '2028-02-29', '2029-03-01'],
  ])('up to fixed dates, %j, that begins on %s ends as %s begins', (life, begun, gone) => {
    expect(promised({ expiry: after(life) }, begun)).toEqual([day(gone), null])
  })

  it('without end never ends', () => {
    expect(promised({ expiry: { kind: 'never' } }, '2026-03-10')).toEqual([NEVER, null])
  })

  it.each(['Pacific/Kiritimati', 'America/Los_Angeles', 'Asia/Shanghai', 'America/Santiago'])(
    'ends with the last instant of its day in %s, whatever the season',
    (timeZone) => {
      const program = programOf({ timeZone, expiry: after({ days: 30 }) })
      for (let ms = at('2027-06-01T00:00:00Z'); ms < at('2028-06-01T00:00:00Z'); ms += 39_600_000) {
        const { expiresAt } = promiseOf(program, ms)
        const last = dayOf(ms, timeZone) + 30
        expect([dayOf(expiresAt - 1, timeZone), dayOf(expiresAt, timeZone)]).toEqual([
          last,
          last + 1,
        ])
      }
    },
  )
})

describe('points that wait', () => {
  const window = { returnWindowDays: 14, pending: { afterReturnWindow: true as const } }
  const later = (activeAfterDays: number) => ({ pending: { activeAfterDays } })

  it.each<[Partial<ProgramDocument>, string, string]>([
    [later(1), '2026-03-01', '2026-03-02'],
    [later(3), '2026-03-01', '2026-03-04'],
    [later(3), '2028-02-27', '2028-03-01'],
    [window, '2026-03-01', '2026-03-16'],
    [window, '2026-12-31', '2027-01-15'],
    [{ ...window, returnWindowDays: 1 }, '2026-03-01', '2026-03-03'],
  ])('by %j and were bought on %s wake as %s begins', (policy, bought, wakes) => {
    expect(promised({ ...policy, expiry: { kind: 'never' } }, bought)).toEqual([NEVER, day(wakes)])
  })

  it.each<[Partial<Life>, string, string]>([
    [{ months: 1 }, '2026-03-01', '2026-04-17'],
    [{ months: 1 }, '2026-01-16', '2026-03-01'],
    [{ months: 1, to: 'month' }, '2026-01-16', '2026-03-01'],
    [{ days: 1 }, '2026-03-01', '2026-03-18'],
    [{ to: ['03-15'] }, '2026-02-28', '2026-03-16'],
    [{ to: ['03-15'] }, '2026-03-01', '2027-03-16'],
  ])('live from the day on which they wake: %j, bought on %s, gone on %s', (life, bought, gone) => {
    expect(promised({ ...window, expiry: after(life) }, bought)[0]).toBe(day(gone))
  })

  it('are those of purchases alone', () => {
    expect(promised(window, '2026-03-01', false)).toEqual([day('2027-03-02'), null])
  })

  it('do not wait where nothing says so', () => {
    expect(promised(later(0), '2026-03-01')).toEqual([day('2027-03-02'), null])
  })

  it.each([
    ['America/Los_Angeles', '2026-03-07T23:59:59-08:00', '2026-03-08T00:00:00-08:00'],
    ['America/Los_Angeles', '2026-03-08T23:59:59-07:00', '2026-03-09T00:00:00-07:00'],
    ['America/Santiago', '2026-09-05T23:59:59-04:00', '2026-09-06T01:00:00-03:00'],
    ['America/Santiago', '2026-04-04T23:30:00-03:00', '2026-04-05T00:00:00-04:00'],
    ['America/Santiago', '2026-04-04T23:30:00-04:00', '2026-04-05T00:00:00-04:00'],
    ['Pacific/Kiritimati', '2026-03-10T10:00:00Z', '2026-03-12T00:00:00+14:00'],
  ])('wake in %s by its calendar: bought at %s, at %s', (timeZone, bought, wakes) => {
    const program = programOf({ ...later(1), timeZone })
    expect(promiseOf(program, at(bought), true).activeAt).toBe(at(wakes))
  })
})

describe('points that lapse after inactivity', () => {
  const idle = (life: Partial<Life>) => ({ kind: 'inactivity', to: 'day', ...life }) as Expiry

  it('are promised that long from the day on which they were earned, and say for how long', () => {
    const program = programOf({ expiry: idle({ months: 6 }), pending: { activeAfterDays: 3 } })
    const promise = promiseOf(program, noon('2026-08-31'), true)
    expect(promise).toMatchObject({ expiresAt: day('2027-03-01'), activeAt: day('2026-09-03') })
    expect(JSON.parse(promise.idle!)).toEqual({ months: 6, to: 'day' })
  })

  it.each<[Partial<Life>, string, string]>([
    [{ months: 6 }, '2026-08-31', '2027-03-01'],
    [{ days: 180 }, '2026-03-10', '2026-09-07'],
    [{ months: 6, to: 'quarter' }, '2026-03-10', '2026-10-01'],
  ])('of %j last active on %s are gone on %s', (life, active, gone) => {
    const { idle: words } = promiseOf(programOf({ expiry: idle(life) }), 0)
    expect(idleUntil(words!, noon(active), 'Asia/Shanghai')).toBe(day(gone))
  })
})

describe('points that come back to a lot that has lapsed', () => {
  it.each([
    [1, '2026-03-10', '2026-03-12'],
    [7, '2026-02-25', '2026-03-05'],
  ])('live %i more days: back on %s, gone on %s', (restoreGraceDays, back, gone) => {
    expect(graceUntil(programOf({ restoreGraceDays }), noon(back))).toBe(day(gone))
  })

  it('have no more days where the program gives none', () => {
    expect(graceUntil(programOf(), noon('2026-03-10'))).toBe(null)
  })
})

describe('what is promised', () => {
  it('never ends before a later purchase would, nor before it wakes', () => {
    const lives: Partial<Life>[] = [
      { months: 1 },
      { days: 1 },
      { months: 1, to: 'month' },
      { to: ['02-29'] },
    ]
    for (const life of lives) {
      const program = programOf({ expiry: after(life), pending: { activeAfterDays: 5 } })
      let before = 0
      for (let bought = 20_700; bought < 21_700; bought += 1) {
        const { expiresAt, activeAt } = promiseOf(program, bought * 86_400_000, true)
        expect(expiresAt).toBeGreaterThanOrEqual(before)
        expect(expiresAt).toBeGreaterThan(activeAt!)
        before = expiresAt
      }
    }
  })
})
