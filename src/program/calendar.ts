// The functions by themselves: of the whole Temporal most of the upload would be for nothing.
import * as instant from 'temporal-polyfill/fns/Instant'
import * as date from 'temporal-polyfill/fns/PlainDate'
import * as dateTime from 'temporal-polyfill/fns/PlainDateTime'
import * as zoned from 'temporal-polyfill/fns/ZonedDateTime'

/** A calendar day as a whole number: days since 1970-01-01. Sorts, subtracts and stores as an integer. */
export type Day = number

/** A span of the calendar that begins on a first of a month. */
export type Unit = 'month' | 'quarter' | 'year'

const DAY_MS = 86_400_000
const EPOCH = date.create(1970, 1, 1)
const MONTHS: Record<Unit, number> = { month: 1, quarter: 3, year: 12 }

const toDate = (day: Day) => date.addDays(EPOCH, day)
const toDay = ({ year, month, day }: date.Record): Day => Date.UTC(year, month - 1, day) / DAY_MS

/** The local day of an instant (milliseconds) in an IANA zone. */
export function dayOf(ms: number, timeZone: string): Day {
  const local = instant.toZonedDateTimeISO(instant.fromEpochMilliseconds(ms), timeZone)
  return toDay(zoned.toPlainDate(local))
}

/** Whether this is an IANA zone that can be computed with; an offset such as +08:00 has no daylight saving time. */
export function isTimeZone(name: string): boolean {
  try {
    return /^[a-z]/i.test(name) && Number.isInteger(dayOf(0, name))
  } catch {
    return false
  }
}

/** The first instant of a local day, in milliseconds; where DST skips midnight, the first that exists. */
export function startOfDay(day: Day, timeZone: string): number {
  return date.toZonedDateTime(toDate(day), timeZone).epochMilliseconds
}

/** The same day of a later month, or that month's last day: 31 January and one month is 28 February. */
export const addMonths = (day: Day, months: number): Day =>
  toDay(date.addMonths(toDate(day), months))

/** The first day of the month, quarter or year in which a day lies. */
export function startOf(unit: Unit, day: Day): Day {
  const { year, month } = toDate(day)
  return toDay(date.create(year, month - ((month - 1) % MONTHS[unit]), 1))
}

/** The first day of the next month, quarter or year. */
export const startOfNext = (unit: Unit, day: Day): Day =>
  addMonths(startOf(unit, day), MONTHS[unit])

/** The next day of these dates in the year (`MM-DD`) that is not before `day`; 02-29 is 28 February in other years. */
export function nextOf(dates: readonly string[], day: Day): Day {
  const { year } = toDate(day)
  const days = dates.flatMap((monthDay) =>
    [year, year + 1].map((each) => {
      const [month, dayOfMonth] = monthDay.split('-').map(Number) as [number, number]
      return toDay(date.fromFields({ year: each, month, day: dayOfMonth }))
    }),
  )
  return Math.min(...days.filter((each) => each >= day))
}

/** The last anniversary of a day that is not after another, and the one that follows. 29 February's is 28 February. */
export function anniversaries(of: Day, day: Day): [last: Day, next: Day] {
  const years = toDate(day).year - toDate(of).year
  const passed = addMonths(of, 12 * years) > day ? years - 1 : years
  return [addMonths(of, 12 * passed), addMonths(of, 12 * (passed + 1))]
}

/** A day as text, `YYYY-MM-DD`. */
export const dayText = (day: Day): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** An instant as RFC 3339 in UTC. */
export const instantText = (ms: number): string => new Date(ms).toISOString()

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/

/** The instant (milliseconds) of a local date or time, `YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss`; null for what is none. */
export function localInstant(text: string, timeZone: string): number | null {
  const parts = LOCAL.exec(text)
  if (parts === null) {
    return null
  }
  const [year = 0, month = 0, day = 0, hour, minute, second] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  const fields = { year, month, day, hour, minute, second }
  try {
    const local = dateTime.fromFields(fields, { overflow: 'reject' })
    return dateTime.toZonedDateTime(local, timeZone).epochMilliseconds
  } catch {
    return null
  }
}
