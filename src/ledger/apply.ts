import type { DayCount } from '../program/tier'
import { type Entry, empty, holdOf, type Lot, type LotChange, type State } from './ledger'

/** Days older than this, counted back from the newest, no tier window reaches. */
const DAYS_KEPT = 800

/** The state after one more entry. A live ledger and a replayed one run the same function. */
export function apply(state: State, entry: Entry): State {
  const next = { ...state, seq: entry.seq, recordedAt: entry.recordedAt }
  next.debt += entry.debt
  if (entry.lots.length > 0 || entry.lot) {
    const lots = state.lots.slice()
    for (const change of entry.lots) {
      changeLot(next, lots, change, entry.kind === 'activate')
    }
    const remaining = madeBy(entry)
    if (entry.lot && remaining > 0) {
      const lot = { ...entry.lot, seq: entry.seq, remaining, held: 0 }
      insertLot(lots, lot)
      count(next, lot, 1)
    }
    next.lots = lots
  }
  if (entry.kind === 'hold') {
    next.holds = [...state.holds, holdOf(entry)]
  }
  if (entry.kind === 'capture' || entry.kind === 'release') {
    next.holds = state.holds.filter((hold) => hold.seq !== entry.ref)
  }
  if (entry.tier !== null) {
    next.tier = entry.tier
  }
  if (entry.count) {
    next.days = addCount(state.days, entry.count)
  }
  return next
}

/** What an entry puts into the lot that it makes: its points, less the debt that they paid and what went to other lots. */
export const madeBy = (entry: Entry): number =>
  entry.lots.reduce((left, [, change]) => left - change, entry.points + entry.debt)

/** The state after all of these entries, from none. `tier` is the one that members start in. */
export const fold = (entries: Iterable<Entry>, tier: string): State => {
  let state = empty(tier)
  for (const entry of entries) {
    state = apply(state, entry)
  }
  return state
}

function changeLot(parts: State, lots: Lot[], change: LotChange, wakes: boolean): void {
  const [seq, remaining, held = 0, expiresAt = 0, activeAt = null] = change
  let at = lots.findIndex((lot) => lot.seq === seq)
  if (at < 0) {
    at = insertLot(lots, { seq, expiresAt, activeAt, remaining: 0, held: 0 })
  }
  const before = lots[at]!
  const after = {
    ...before,
    activeAt: wakes ? null : before.activeAt,
    remaining: before.remaining + remaining,
    held: before.held + held,
  }
  count(parts, before, -1)
  count(parts, after, 1)
  if (after.remaining === 0) {
    lots.splice(at, 1)
  } else {
    lots[at] = after
  }
}

function count(parts: State, lot: Lot, sign: 1 | -1): void {
  if (lot.activeAt === null) {
    parts.available += sign * (lot.remaining - lot.held)
    parts.held += sign * lot.held
  } else {
    parts.pending += sign * lot.remaining
  }
}

function insertLot(lots: Lot[], lot: Lot): number {
  let low = 0
  let high = lots.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = lots[middle]!
    const first = other.expiresAt - lot.expiresAt || other.seq - lot.seq
    if (first < 0) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  lots.splice(low, 0, lot)
  return low
}

/** Adds to a day's figures; what a refund takes from a day that is no longer kept is nothing. */
function addCount(days: readonly DayCount[], [day, spend, points, orders]: DayCount): DayCount[] {
  const found = days.find(([other]) => other === day)
  if (!found && spend <= 0 && points <= 0 && orders <= 0) {
    return [...days]
  }
  const [, s, p, o] = found ?? [day, 0, 0, 0]
  const sum: DayCount = [day, s + spend, p + points, o + orders]
  const rest = days.filter((other) => other !== found)
  const at = rest.findIndex(([other]) => other > day)
  const all = rest.toSpliced(at < 0 ? rest.length : at, 0, sum)
  const newest = all.at(-1)![0]
  return all.filter(([other]) => newest - other < DAYS_KEPT)
}
