import { graceUntil, promiseOf, type Promised } from '../program/expiry'
import { begin, promisedNow } from './idle'
import { type Draft, isLive, type Journal, write } from './journal'
import type { Entry, LotChange } from './ledger'
import type { History } from './thread'

/** Points of a lot, by the lot's `seq`. */
export type LotPoints = readonly (readonly [seq: number, points: number])[]

/** Points on their way back: to the lots that they left, and those that were owed, which have none. */
export interface Returning {
  lots: LotPoints
  loose: number
}

const pointsIn = (lots: LotPoints): number => lots.reduce((sum, [, points]) => sum + points, 0)

/** Which lots a redemption spent. A capture's changes also free the rest of its hold. */
function spentOf(redemption: Entry): LotPoints {
  let left = -redemption.points
  return redemption.lots.map(([seq, remaining, held]) => {
    const points = Math.min(left, held === undefined ? -remaining : -held)
    left -= points
    return [seq, points]
  })
}

/** What a restore returned, before debt was paid from it. */
export function returnedOf(restore: Entry): Returning {
  const lots =
    restore.detail.returned ?? restore.lots.map(([seq, points]) => [seq, points] as const)
  return { lots, loose: restore.points - pointsIn(lots) }
}

/** What of a redemption has not come back yet. Where a restore was taken back, the lots that gave it paid instead. */
export function unreturnedOf(redemption: Entry, thread: readonly Entry[]): Returning {
  const left = new Map(spentOf(redemption))
  let looseLeft = 0
  const add = (seq: number, points: number) => left.set(seq, (left.get(seq) ?? 0) + points)
  for (const entry of thread) {
    if (entry.kind === 'restore' && entry.ref === redemption.seq) {
      const { lots, loose } = returnedOf(entry)
      const undone = thread.find((other) => other.kind === 'clawback' && other.ref === entry.seq)
      lots.forEach(([seq, points]) => add(seq, -points))
      undone?.lots.forEach(([seq, change]) => add(seq, -change))
      looseLeft += (undone?.debt ?? 0) - loose
    }
  }
  return { lots: [...left], loose: looseLeft }
}

/** Whether nothing of a redemption ever came back: what came and was taken back may have been paid by other lots. */
export const isWhole = ({ seq }: Entry, thread: readonly Entry[]): boolean =>
  !thread.some(({ kind, ref }) => kind === 'restore' && ref === seq)

/**
 * Returns points to their lots, opening again those that were empty. Live points pay debt first. What was owed pays
 * it whatever became of the lots; where that was paid since, it becomes a lot of its own.
 * `cause` is the entry by which the points left.
 */
export function giveBack(
  journal: Journal,
  cause: Entry,
  { lots: returned, loose }: Returning,
  history: History,
  draft: Pick<Draft, 'actor' | 'orderId' | 'reference' | 'endsAt' | 'detail' | 'count'>,
): Entry {
  const { state, now } = journal
  const back = returned.filter(([, points]) => points > 0)
  const cleared = Math.min(state.debt, loose)
  let owed = state.debt - cleared
  let apart = 0
  const lots = back.flatMap(([seq, points]): LotChange[] => {
    const open = state.lots.find((lot) => lot.seq === seq)
    const made = history.entry(seq)!.lot!
    const promised = revived(journal, open ?? promisedNow(state, made, seq))
    const paid = isLive(promised, now) ? Math.min(owed, points) : 0
    owed -= paid
    if (open && promised.expiresAt !== open.expiresAt) {
      // Held points of a lapsed lot have no part in its grace.
      apart += points - paid
      return []
    }
    const isAsMade = open && open.expiresAt === made.expiresAt
    return points > paid ? [changeOf(seq, points - paid, isAsMade ? null : promised, now)] : []
  })
  const debt = owed - state.debt
  const own = ownLot(journal, { loose: loose - cleared, apart })
  const isTold = debt === 0 && apart === 0
  return write(journal, {
    orderId: cause.orderId,
    ...draft,
    kind: 'restore',
    occurredAt: now,
    points: pointsIn(back) + loose,
    lots,
    debt,
    lot: own && own.promised,
    ref: cause.seq,
    detail: { ...draft.detail, ...own?.detail, ...(!isTold && { returned: back }) },
  })
}

/** What comes back to a lot, with what it is promised where it was not made with that. */
function changeOf(seq: number, points: number, promised: Promised | null, now: number): LotChange {
  if (promised === null) {
    return [seq, points]
  }
  const { expiresAt, activeAt, idle } = promised
  const pending = activeAt !== null && activeAt > now ? activeAt : null
  return idle === undefined
    ? [seq, points, 0, expiresAt, pending]
    : [seq, points, 0, expiresAt, pending, idle]
}

/** The lot of points that come back to none: what had been owed, and what has grace apart from its old lot. */
function ownLot(journal: Journal, { loose, apart }: { loose: number; apart: number }) {
  const { program, now } = journal
  const grace = { expiresAt: graceUntil(program, now) ?? 0, activeAt: null }
  if (loose === 0) {
    return apart === 0 ? null : { promised: grace, detail: {} }
  }
  const fresh = begin(journal, promiseOf(program, now), { ms: now, isActivity: false })
  const isLonger = apart > 0 && grace.expiresAt > fresh.promised.expiresAt
  return isLonger ? { promised: grace, detail: {} } : fresh
}

/** What points are promised that come back: where they have lapsed, a while of grace. */
function revived({ program, now }: Journal, promised: Promised): Promised {
  const until = promised.expiresAt <= now ? graceUntil(program, now) : null
  return until === null ? promised : { expiresAt: until, activeAt: null }
}
