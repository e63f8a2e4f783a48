import type { Program } from '../program/program'
import { tierDueAt } from '../program/tier'
import { isLive, type Journal, minus, retier, write } from './journal'
import type { LotChange, State } from './ledger'
import { release } from './hold'

const lapsing = (state: State, at: number) =>
  state.lots.filter((lot) => lot.expiresAt <= at && lot.remaining > lot.held)

/** The instants at which something falls due by itself, Infinity where nothing does; the tier counts from `since`. */
function dueTimes(state: State, program: Program, since: number) {
  const hold = Math.min(Infinity, ...state.holds.map((hold) => hold.endsAt))
  let wake = Infinity
  if (state.pending > 0) {
    for (const lot of state.lots) {
      wake = Math.min(wake, lot.activeAt ?? Infinity)
    }
  }
  const expiry = state.lots.find((lot) => lot.remaining > lot.held)?.expiresAt ?? Infinity
  const coupon = Math.min(Infinity, ...state.coupons.map(([, endsAt]) => endsAt))
  return { hold, wake, expiry, coupon, tier: tierDueAt(program, state, since) }
}

/** The next instant, in milliseconds, at which time alone changes this member; null for none before the end of time. */
export function dueAt(state: State, program: Program, now: number): number | null {
  const due = Math.min(...Object.values(dueTimes(state, program, now)))
  return due < Number.MAX_SAFE_INTEGER ? due : null
}

/**
 * Does what is due at the journal's `now`, in time order, each as an entry with its own due moment; of what
 * is due together, holds end first, then points wake, lapse, coupons are over, and the tier falls. Nothing happens before `from`.
 */
export function settle(journal: Journal, from = -Infinity): void {
  // A late settle must find the day on which the tier fell, not today; what was before these rules is not judged by them.
  const { recordedAt } = journal.state
  const since = Math.max(recordedAt, journal.program.publishedAt)
  let at = from
  for (;;) {
    const due = dueTimes(journal.state, journal.program, Math.max(since, at))
    const next = Math.min(...Object.values(due))
    if (next > journal.now) {
      return
    }
    at = Math.max(at, next)
    if (due.hold <= at) {
      const ended = journal.state.holds.find((hold) => hold.endsAt === due.hold)!
      release(journal, ended, at, null)
    } else if (due.wake <= at) {
      wake(journal, at, Math.max(at, recordedAt))
    } else if (due.expiry <= at) {
      expire(journal, at)
    } else if (due.coupon <= at) {
      const [ref] = journal.state.coupons.find(([, endsAt]) => endsAt === due.coupon)!
      write(journal, { kind: 'lapse', occurredAt: at, ref })
    } else {
      // Nothing is due at `since` by time alone: that was done when the last entry was written.
      retier(journal, at, { isNew: at === since })
    }
  }
}

/** Wakes what is due at `at`. What was reported after it had lapsed, `asOf` then, pays no debt. */
function wake(journal: Journal, at: number, asOf: number): void {
  let debt = journal.state.debt
  const lots: LotChange[] = []
  for (const lot of journal.state.lots) {
    if (lot.activeAt !== null && lot.activeAt <= at) {
      const paid = isLive(lot, asOf) ? Math.min(debt, lot.remaining) : 0
      debt -= paid
      lots.push([lot.seq, paid === 0 ? 0 : -paid])
    }
  }
  write(journal, { kind: 'activate', occurredAt: at, lots, debt: debt - journal.state.debt })
}

function expire(journal: Journal, at: number): void {
  const lots = minus(lapsing(journal.state, at).map((lot) => [lot.seq, lot.remaining - lot.held]))
  const points = lots.reduce((sum, [, change]) => sum + change, 0)
  write(journal, { kind: 'expire', occurredAt: at, lots, points })
}
