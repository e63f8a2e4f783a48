// Dates of the naive ledger: Shanghai only, a day is a whole number, nothing is shared with src.

export const DAY = 86_400_000
const ZONE = 8 * 3_600_000

export const dayOf = (ms: number): number => Math.floor((ms + ZONE) / DAY)

/** The first instant of a day. */
export const startOf = (day: number): number => day * DAY - ZONE

export function addMonths(day: number, months: number): number {
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months]
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(date.getUTCDate(), length)) / DAY
}

/** Months since the year 0. */
export const monthOf = (day: number): number => {
  const date = new Date(day * DAY)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** The first of the month after a day. */
export function nextMonth(day: number): number {
  let next = day + 1
  while (monthOf(next) === monthOf(day)) {
    next += 1
  }
  return next
}

/** How long points live: months or days, up to the end of that day or of its month. */
export interface ModelLife {
  months?: number
  days?: number
  to: 'day' | 'month'
}

/** The first instant at which points are gone whose life begins on a day. */
export function lifeEnd({ months, days = 0, to }: ModelLife, day: number): number {
  const last = months === undefined ? day + days : addMonths(day, months)
  return startOf(to === 'day' ? last + 1 : nextMonth(last))
}

export type ModelWindow =
  | { kind: 'rolling'; months: number }
  | { kind: 'rolling'; days: number }
  | { kind: 'calendar'; unit: 'month' | 'quarter' }
  | { kind: 'anniversary' }

/**
 * Whether what happened on a day counts on a later one. A purchase a few minutes ahead of the clock counts at once, also
 * in a window that has not begun.
 */
export function isCounted(
  window: ModelWindow,
  enrolledOn: number,
  day: number,
  today: number,
): boolean {
  if (window.kind === 'calendar') {
    const length = window.unit === 'month' ? 1 : 3
    const unitOf = (each: number) => Math.floor(monthOf(each) / length)
    return unitOf(day) >= unitOf(today)
  }
  if (window.kind === 'anniversary') {
    const yearOf = (each: number) => {
      let years = -2
      while (addMonths(enrolledOn, 12 * (years + 1)) <= each) {
        years += 1
      }
      return years
    }
    return yearOf(day) >= yearOf(today)
  }
  return 'days' in window ? day + window.days > today : addMonths(day, window.months) > today
}

/** The first day on which a day no longer counts. */
export function leaves(window: ModelWindow, enrolledOn: number, day: number): number {
  let today = day
  while (isCounted(window, enrolledOn, day, today)) {
    today += 1
  }
  return today
}
