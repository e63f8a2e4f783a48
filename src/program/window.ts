import { addMonths, anniversaries, type Day, startOf, startOfNext } from './calendar'
import type { Program } from './program'

/** The first day that counts on `today`. */
export function windowStart({ tiers: { window } }: Program, enrolledOn: Day, today: Day): Day {
  if (window.kind === 'calendar') {
    return startOf(window.unit, today)
  }
  if (window.kind === 'anniversary') {
    return anniversaries(enrolledOn, today)[0]
  }
  const { months, days = 0 } = window
  if (months === undefined) {
    return today - days + 1
  }
  let day = addMonths(today, -months)
  // A month's last days end together: 28 to 31 January and one month are 28 February.
  while (addMonths(day, months) <= today) {
    day += 1
  }
  return day
}

/** The first day on which what happened on `day` no longer counts. */
export function windowEnd({ tiers: { window } }: Program, enrolledOn: Day, day: Day): Day {
  if (window.kind === 'calendar') {
    return startOfNext(window.unit, day)
  }
  if (window.kind === 'anniversary') {
    return anniversaries(enrolledOn, day)[1]
  }
  const { months, days = 0 } = window
  return months === undefined ? day + days : addMonths(day, months)
}

/** The first and the last local day that count on `today`; a rolling window ends with today. */
export function windowOf(program: Program, enrolledOn: Day, today: Day): [Day, Day] {
  const isRolling = program.tiers.window.kind === 'rolling'
  const last = isRolling ? today : windowEnd(program, enrolledOn, today) - 1
  return [windowStart(program, enrolledOn, today), last]
}
