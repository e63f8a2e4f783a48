import { describe, expect, it } from 'vitest'
import {
  addMonths,
  anniversaries,
  dayOf,
  dayText,
  instantText,
  nextOf,
  startOf,
  startOfDay,
  startOfNext,
  type Unit,
} from '../../src/program/calendar'

const at = (text: string) => Date.parse(text)
const day = (text: string) => at(`${text}T00:00:00Z`) / 86_400_000

describe('dayOf', () => {
  it.each([
    ['2026-03-10T15:59:59Z', 'Asia/Shanghai', '2026-03-10'],
    ['2026-03-10T16:00:00Z', 'Asia/Shanghai', '2026-03-11'],
    ['2026-03-08T04:59:59Z', 'America/New_York', '2026-03-07'],
    ['2026-03-09T03:59:59Z', 'America/New_York', '2026-03-08'],
    ['1969-12-31T23:59:59Z', 'UTC', '1969-12-31'],
  ])('of %s in %s is %s', (instant, zone, expected) => {
    expect(dayText(dayOf(at(instant), zone))).toBe(expected)
    expect(dayOf(at(instant), zone)).toBe(day(expected))
  })
})

describe('startOfDay', () => {
  it.each([
    ['2026-03-10', 'Asia/Shanghai', '2026-03-10T00:00:00+08:00'],
    ['2026-03-09', 'America/New_York', '2026-03-09T00:00:00-04:00'],
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T01:00:00-02:00'],
    ['2026-09-06', 'America/Santiago', '2026-09-06T01:00:00-03:00'],
    ['2026-04-05', 'America/Santiago', '2026-04-05T00:00:00-04:00'],
    ['2026-03-10', 'Pacific/Kiritimati', '2026-03-10T00:00:00+14:00'],
    ['2011-12-30', 'Pacific/Apia', '2011-12-31T00:00:00+14:00'],
  ])('of %s in %s is %s', (date, zone, expected) => {
    expect(startOfDay(day(date), zone)).toBe(at(expected))
  })
})

describe('addMonths', () => {
  it.each([
    ['2026-01-25', 1, '2026-02-25'],
    ['2026-01-31', 1, '2026-02-28'],
    ['2028-01-31', 1, '2028-02-29'],
    ['2028-02-29', 12, '2029-02-28'],
    ['2026-12-31', 2, '2027-02-28'],
    ['2020-07-06', 12, '2021-07-06'],
  ])('to %s, %i, is %s', (from, months, expected) => {
    expect(dayText(addMonths(day(from), months))).toBe(expected)
  })
})

describe('startOf', () => {
  it.each<[Unit, string, string, string]>([
    ['month', '2026-03-01', '2026-03-01', '2026-04-01'],
    ['month', '2026-12-31', '2026-12-01', '2027-01-01'],
    ['quarter', '2026-03-31', '2026-01-01', '2026-04-01'],
    ['quarter', '2026-04-01', '2026-04-01', '2026-07-01'],
    ['quarter', '2026-12-31', '2026-10-01', '2027-01-01'],
    ['year', '2028-02-29', '2028-01-01', '2029-01-01'],
  ])('of the %s of %s is %s, the next is %s', (unit, date, start, next) => {
    expect(dayText(startOf(unit, day(date)))).toBe(start)
    expect(dayText(startOfNext(unit, day(date)))).toBe(next)
  })
})

describe('nextOf', () => {
  it.each([
    [['06-30', '12-31'], '2026-06-30', '2026-06-30'],
    [['06-30', '12-31'], '2026-07-01', '2026-12-31'],
    [['12-31', '06-30'], '2026-01-01', '2026-06-30'],
    [['01-01'], '2026-01-02', '2027-01-01'],
    [['02-29'], '2026-01-01', '2026-02-28'],
    [['02-29'], '2027-03-01', '2028-02-29'],
    [['02-29'], '2028-02-29', '2028-02-29'],
  ])('%j from %s on is %s', (dates, from, expected) => {
    expect(dayText(nextOf(dates, day(from)))).toBe(expected)
  })
})

describe('anniversaries', () => {
  it.each([
    ['2025-03-10', '2026-03-09', '2025-03-10', '2026-03-10'],
    ['2025-03-10', '2026-03-10', '2026-03-10', '2027-03-10'],
    ['2026-03-10', '2026-03-10', '2026-03-10', '2027-03-10'],
    ['2026-03-10', '2026-03-09', '2025-03-10', '2026-03-10'],
    ['2028-02-29', '2029-02-27', '2028-02-29', '2029-02-28'],
    ['2028-02-29', '2029-02-28', '2029-02-28', '2030-02-28'],
    ['2028-02-29', '2032-02-28', '2031-02-28', '2032-02-29'],
    ['2028-02-29', '2032-02-29', '2032-02-29', '2033-02-28'],
  ])('of %s around %s are %s and %s', (of, date, last, next) => {
    expect(anniversaries(day(of), day(date)).map(dayText)).toEqual([last, next])
  })
})

describe('instantText', () => {
  it('is RFC 3339 in UTC', () => {
    expect(instantText(0)).toBe('1970-01-01T00:00:00.000Z')
  })
})
