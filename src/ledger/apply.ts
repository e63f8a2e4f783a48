import { countRedeemed } from '../program/reward'
import type { DayCount } from '../program/tier'
import {
  type Entry,
  empty,
  holdOf,
  type IdleLife,
  type Lot,
  type LotChange,
  type Start,
  type State,
} from './ledger'

/** Days older than this, counted back from the newest, no tier window reaches. */
const DAYS_KEPT = 800

/** The state after one more entry. A live ledger and a replayed one run the same function. */
export function apply(state: State, entry: Entry): State {
  const next = { ...state, seq: entry.seq, recordedAt: entry.recordedAt }
  next.debt += entry.debt
  if (entry.detail.renews) {
    renew(next, entry.detail.renews, entry.recordedAt)
  }
  if (entry.lots.length > 0 || entry.lot) {
    const lots = next.lots.slice()
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
  reward(next, entry)
  if (entry.tier !== null) {
    next.tier = entry.tier
    next.fallsAt = entry.detail.fallsAt ?? null
    next.floor = entry.detail.floor ?? state.floor
    next.keptUntil = entry.detail.keptUntil ?? null
  }
  if (entry.count) {
    next.days = addCount(state.days, entry.count)
  }
  return next
}

/** What an entry changes of coupons, of limits and of what is frozen. */
function reward(next: State, { seq, kind, ref, endsAt, detail }: Entry): void {
  const without = next.coupons.filter(([coupon]) => coupon !== ref)
  const { rewardId, day } = detail
  switch (kind) {
    case 'redeem':
      next.coupons = endsAt === null ? next.coupons : [...next.coupons, [seq, endsAt]]
      if (day !== undefined) {
        next.redeemed = countRedeemed(next.redeemed, rewardId!, day, 1)
      }
      return
    case 'restore':
      next.coupons = endsAt === null ? next.coupons : without
      if (day !== undefined) {
        next.redeemed = countRedeemed(next.redeemed, rewardId!, day, -1)
      }
      return
    case 'use':
      next.coupons = detail.reversal ? [...without, [ref!, endsAt!]] : without
      return
    case 'void':
    case 'lapse':
      next.coupons = without
      return
    case 'freeze':
    case 'unfreeze':
      next.isFrozen = kind === 'freeze'
      return
    case 'erase':
      Object.assign(next, { holds: [], idle: [], coupons: [], redeemed: [], isFrozen: false })
      return
    case 'award':
    case 'activate':
    case 'hold':
    case 'capture':
    case 'release':
    case 'clawback':
    case 'adjust':
    case 'expire':
    case 'tier':
  }
}

/** What an entry puts into the lot that it makes: its points, less the debt that they paid and what went to other lots. */
export const madeBy = (entry: Entry): number =>
  entry.lots.reduce((left, [, change]) => left - change, entry.points + entry.debt)

/** The state after all of these entries, from none. */
export const fold = (entries: Iterable<Entry>, start: Start): State => {
  let state = empty(start)
  for (const entry of entries) {
    state = apply(state, entry)
  }
  return state
}

/** Moves the points of idle lives to their new end, and forgets lives that are over: what is held of them stays ended. */
function renew(next: State, renews: readonly IdleLife[], now: number): void {
  const lives = new Map([...next.idle, ...renews].map((each) => [each[0], each]))
  next.idle = [...lives.values()].filter(([, end]) => end > now)
  next.lots = next.lots
    .map((lot) => {
      const { idle, ...rest } = lot
      const [, end, since] = lives.get(idle ?? '') ?? ['', 0, 0]
      if (idle === undefined || end <= now || lot.seq < since) {
        return rest
      }
      return { ...lot, expiresAt: end }
    })
    .sort((a, b) => a.expiresAt - b.expiresAt || a.seq - b.seq)
}

function changeLot(parts: State, lots: Lot[], change: LotChange, wakes: boolean): void {
  const [seq, remaining, held = 0, expiresAt, activeAt = null, idle] = change
  const at = lots.findIndex((lot) => lot.seq === seq)
  const [before] = at < 0 ? [undefined] : lots.splice(at, 1)
  if (before) {
    count(parts, before, -1)
  }
  const promised =
    expiresAt === undefined ? before! : { expiresAt, activeAt, ...(idle !== undefined && { idle }) }
  const after: Lot = {
    ...promised,
    seq,
    activeAt: wakes ? null : promised.activeAt,
    remaining: (before?.remaining ?? 0) + remaining,
    held: (before?.held ?? 0) + held,
  }
  if (after.remaining > 0) {
    count(parts, after, 1)
    insertLot(lots, after)
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

function insertLot(lots: Lot[], lot: Lot): void {
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
}

/** Adds to a day's figures; what a refund takes from a day that is no longer kept is nothing. */
function addCount(days: readonly DayCount[], count: DayCount): DayCount[] {
  const [day, spend, points, orders, visits = 0] = count
  const found = days.find(([other]) => other === day)
  if (!found && spend <= 0 && points <= 0 && orders <= 0 && visits <= 0) {
    return [...days]
  }
  const [, s, p, o, v = 0] = found ?? [day, 0, 0, 0]
  const figures = [day, s + spend, p + points, o + orders] as const
  const sum: DayCount = v + visits > 0 ? [...figures, v + visits] : figures
  const rest = days.filter((other) => other !== found)
  const at = rest.findIndex(([other]) => other > day)
  const all = rest.toSpliced(at < 0 ? rest.length : at, 0, sum)
  const newest = all.at(-1)![0]
  return all.filter(([other]) => newest - other < DAYS_KEPT)
}
