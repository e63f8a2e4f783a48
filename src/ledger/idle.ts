import { idleLife, idleUntil, type Promised } from '../program/expiry'
import type { Journal } from './journal'
import type { Detail, IdleLife, State } from './ledger'

// Points of an idle life lapse together, after so long without a purchase, an activity or a redemption.

const find = ({ idle }: State, life: string | undefined): IdleLife | undefined =>
  idle.find(([each]) => each === life)

/** The idle lives that what a member does at `ms` begins anew, that of the rules with them; none ends sooner than before. */
function renewals({ state, program, now }: Journal, ms: number): IdleLife[] {
  const own = idleLife(program)
  const lives = new Set([...state.idle.map(([life]) => life), ...(own === null ? [] : [own])])
  return [...lives].flatMap((life) => {
    const [, end, since] = find(state, life) ?? [life, 0, 0]
    if (end <= now && life !== own) {
      return []
    }
    const renewed = idleUntil(life, ms, program.timeZone)
    // What has ended does not come back: the life begins with this entry's points.
    return renewed > end ? [[life, renewed, end > now ? since : state.seq + 1] as const] : []
  })
}

/** What an entry says of the lives that an activity at `ms` begins anew. */
export function renewing(journal: Journal, ms: number): Pick<Detail, 'renews'> {
  const renews = renewals(journal, ms)
  return renews.length > 0 ? { renews } : {}
}

/** A promise for new points in view of the lives that go on, and what their entry says of those. */
export function begin(
  journal: Journal,
  promised: Promised,
  { ms, isActivity }: { ms: number; isActivity: boolean },
): { promised: Promised; detail: Pick<Detail, 'renews'> } {
  const { state, now } = journal
  const { idle: life, expiresAt } = promised
  const known = find(state, life)
  const [, end = 0] = known ?? []
  const begun: IdleLife[] =
    life !== undefined && end <= now ? [[life, expiresAt, state.seq + 1]] : []
  const renews = isActivity ? renewals(journal, ms) : begun
  const [, renewed] = renews.find(([each]) => each === life) ?? known ?? []
  return {
    promised: { ...promised, expiresAt: renewed ?? expiresAt },
    detail: renews.length > 0 ? { renews } : {},
  }
}

/** What the points of a lot are promised now that was made by entry `seq`. */
export function promisedNow(state: State, made: Promised, seq: number): Promised {
  const [, end, since] = find(state, made.idle) ?? ['', made.expiresAt, 0]
  return seq >= since ? { ...made, expiresAt: end } : made
}
