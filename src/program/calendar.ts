import { Temporal } from 'temporal-polyfill'

/** A calendar day as a whole number: days since 1970-01-01. Sorts, subtracts and stores as an integer. */
export type Day = number

const DAY_MS = 86_400_000
const EPOCH = Temporal.PlainDate.from('1970-01-01')

const toDate = (day: Day) => EPOCH.add({ days: day })
const toDay = (date: Temporal.PlainDate): Day =>
  Date.UTC(date.year, date.month - 1, date.day) / DAY_MS

/** The local day of an instant (milliseconds) in an IANA zone. */
export function dayOf(ms: number, timeZone: string): Day {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone)
  return toDay(local.toPlainDate())
}

/** The first instant of a local day, in milliseconds; where DST skips midnight, the first that exists. */
export function startOfDay(day: Day, timeZone: string): number {
  return toDate(day).toZonedDateTime(timeZone).epochMilliseconds
}

/** The same day of a later month, or that month's last day: 31 January and one month is 28 February. */
export const addMonths = (day: Day, months: number): Day => toDay(toDate(day).add({ months }))

/** A day as text, `YYYY-MM-DD`. */
export const dayText = (day: Day): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** An instant as RFC 3339 in UTC. */
export const instantText = (ms: number): string => new Date(ms).toISOString()
