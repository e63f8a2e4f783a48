const FIRST_CHECK_MS = 10_000
const LAST_CHECK_MS = 15 * 60_000
const LOST_MS = 60 * 60_000

/**
 * When the alarm next compares the projection with the ledger, in real milliseconds: after 10 s, then twice as long
 * each time up to 15 min; half of it by chance, so that members do not come back all at once.
 */
export function nextCheckAt(now: number, attempt: number): number {
  const delayMs = Math.min(LAST_CHECK_MS, FIRST_CHECK_MS * 2 ** attempt)
  return Math.round(now + delayMs * (0.5 + Math.random() / 2))
}

/** Whether an alarm will ring. One that is an hour late was given up by the platform after six failures. */
export const isArmed = ({ alarmAt }: { alarmAt: number | null }, now: number): boolean =>
  alarmAt !== null && alarmAt > now - LOST_MS
