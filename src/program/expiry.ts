import { addMonths, type Day, dayOf, nextOf, startOfDay, startOfNext } from './calendar'
import type { Life, ProgramDocument } from './document'

/** `expiresAt` of points that never lapse. */
export const NEVER = Number.MAX_SAFE_INTEGER

/** What points are promised when they are earned; times in milliseconds. */
export interface Promised {
  /** The first instant at which they are gone. */
  expiresAt: number
  /** When they wake; null for at once. */
  activeAt: number | null
  /** They lapse only after so long without activity: the life, as JSON, that each activity begins anew. */
  idle?: string
}

type Policy = Pick<ProgramDocument, 'expiry' | 'pending' | 'returnWindowDays' | 'timeZone'>

/** The first local day on which points are gone whose life begins on a day. */
export function endOf({ months, days = 0, to }: Life, day: Day): Day {
  const last = months === undefined ? day + days : addMonths(day, months)
  if (to === 'day') {
    return last + 1
  }
  return typeof to === 'string' ? startOfNext(to, last) : nextOf(to, last) + 1
}

/** When points of a purchase on `day` wake: the start of a later day, or null where they do not wait. */
function wakesOn({ pending, returnWindowDays }: Policy, day: Day): Day | null {
  if ('afterReturnWindow' in pending) {
    return day + returnWindowDays + 1
  }
  return pending.activeAfterDays === 0 ? null : day + pending.activeAfterDays
}

/**
 * What points earned at `ms` are promised; `waits` where they may be pending, as a purchase's are. Points that
 * wait live from the day on which they wake.
 */
export function promiseOf(program: Policy, ms: number, waits = false): Promised {
  const { expiry, timeZone } = program
  const day = dayOf(ms, timeZone)
  const wakes = waits ? wakesOn(program, day) : null
  const activeAt = wakes === null ? null : startOfDay(wakes, timeZone)
  if (expiry.kind === 'never') {
    return { expiresAt: NEVER, activeAt }
  }
  if (expiry.kind === 'after') {
    return { expiresAt: startOfDay(endOf(expiry, wakes ?? day), timeZone), activeAt }
  }
  return { expiresAt: startOfDay(endOf(expiry, day), timeZone), activeAt, idle: idleOf(expiry) }
}

/** The life that activity begins anew by these rules; null where points do not lapse after inactivity. */
export const idleLife = ({ expiry }: Pick<Policy, 'expiry'>): string | null =>
  expiry.kind === 'inactivity' ? idleOf(expiry) : null

/** A life that activity begins anew, as it is written into a promise. */
const idleOf = ({ months, days, to }: Life): string => JSON.stringify({ months, days, to })

/** When points of an idle life lapse if the last activity was at `ms`. */
export const idleUntil = (idle: string, ms: number, timeZone: string): number =>
  startOfDay(endOf(JSON.parse(idle) as Life, dayOf(ms, timeZone)), timeZone)

/** When points lapse that come back at `ms` to a lot that has lapsed; null without grace. */
export const graceUntil = (
  { restoreGraceDays, timeZone }: Pick<ProgramDocument, 'restoreGraceDays' | 'timeZone'>,
  ms: number,
): number | null =>
  restoreGraceDays === 0 ? null : startOfDay(dayOf(ms, timeZone) + restoreGraceDays + 1, timeZone)
