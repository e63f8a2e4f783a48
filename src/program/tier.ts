import { addMonths, type Day, dayOf, startOfDay, startOfNext } from './calendar'
import type { Tier } from './document'
import type { Program } from './program'
import { windowEnd, windowStart } from './window'

/** What one local day added to the figures that tiers count: spend in home minor units, points, orders, other visits. */
export type DayCount = readonly [
  day: Day,
  spend: number,
  points: number,
  orders: number,
  visits?: number,
]

/** Where a member stands among the tiers, as the ledger keeps it. */
export interface TierState {
  tier: string
  /** When the tier is lost that is no longer reached, in milliseconds; null while it is reached. */
  fallsAt: number | null
  /** The tier below which the member never falls. */
  floor: string | null
  /** Until when the tier is kept in any case, in milliseconds; null where nothing says so. */
  keptUntil: number | null
  enrolledOn: Day
  /** Oldest first. */
  days: readonly DayCount[]
}

/** Why a tier, or its end, changed: by what the member did, by time, or by new rules. */
export type TierReason = 'reached' | 'at-risk' | 'kept' | 'fell' | 'program'

/** A change that is due: the tier from here on, and when it is lost if it is no longer reached. */
export interface TierChange {
  tier: string
  fallsAt: number | null
  floor: string | null
  keptUntil: number | null
  reason: Exclude<TierReason, 'program'>
}

/** What a day adds to the program's basis. */
function figureOf({ tiers: { basis } }: Program, [, spend, points, orders, visits = 0]: DayCount) {
  switch (basis) {
    case 'spend':
      return spend
    case 'points':
      return points
    case 'orders':
      return orders
    case 'visits':
      return orders > 0 || visits > 0 ? 1 : 0
  }
}

/** The days that count at `now`. */
function counting(program: Program, { days, enrolledOn }: TierState, now: number) {
  const start = windowStart(program, enrolledOn, dayOf(now, program.timeZone))
  return days.filter(([day]) => day >= start)
}

/** What a member has reached at `now`, in the program's basis. */
export function reachedAt(program: Program, state: TierState, now: number): number {
  const figures = counting(program, state, now).map((day) => figureOf(program, day))
  return Math.max(
    0,
    figures.reduce((sum, figure) => sum + figure, 0),
  )
}

const rankFor = ({ tiers: { levels } }: Program, reached: number): number =>
  levels.findLastIndex((tier) => tier.from <= reached)

/** The rank of a tier, 0 the lowest; one that the program no longer has is the lowest. */
const rankOf = ({ tiers: { levels } }: Program, id: string): number =>
  Math.max(
    0,
    levels.findIndex((tier) => tier.id === id),
  )

/** The tier of that id; one that the program no longer has reads as the lowest. */
export const tierOf = (program: Program, id: string): Tier =>
  program.tiers.levels[rankOf(program, id)]!

/** The tier above, and what is still to be reached for it; null at the top. */
export function nextTier(program: Program, state: TierState, now: number) {
  const next = program.tiers.levels[rankOf(program, state.tier) + 1]
  return next
    ? { tier: next, remaining: Math.max(0, next.from - reachedAt(program, state, now)) }
    : null
}

/** The lowest rank to which a member can fall: what he was promised, or is by the tiers up to his own. */
function floorOf(program: Program, { floor, tier }: Pick<TierState, 'floor' | 'tier'>): number {
  const promises = program.tiers.levels.slice(0, rankOf(program, tier) + 1)
  const ranks = promises.map(({ neverBelow }) => rankOf(program, neverBelow ?? ''))
  return Math.max(rankOf(program, floor ?? ''), ...ranks)
}

/** The tier below which a member never falls; null where he can fall to the lowest. */
export function floorTier(program: Program, state: TierState): Tier | null {
  const rank = floorOf(program, state)
  return rank === 0 ? null : program.tiers.levels[rank]!
}

/** When a tier is lost that stopped being reached at `ms`: at once, or at the start of a later local day. */
function endOfGrace({ tiers: { grace }, timeZone }: Program, ms: number): number {
  const { months, days, toMonthEnd } = grace
  if (months === 0 && days === 0 && !toMonthEnd) {
    return ms
  }
  const day = addMonths(dayOf(ms, timeZone), months) + days
  return startOfDay(toMonthEnd ? startOfNext('month', day) : day, timeZone)
}

/** What the figures at `at` ask for; null when all stays as it is. */
export function tierChange(program: Program, state: TierState, at: number): TierChange | null {
  const { levels } = program.tiers
  const { tier, fallsAt, floor, keptUntil } = state
  const held = rankOf(program, tier)
  const least = floorOf(program, state)
  const reached = rankFor(program, reachedAt(program, state, at))
  // New rules may promise a floor that the ledger does not know yet.
  const isKnown = least <= rankOf(program, floor ?? '')
  if (Math.max(reached, least) > held || levels[held]!.id !== tier) {
    const { id } = levels[Math.max(reached, held, least)]!
    return promised(program, state, { tier: id, fallsAt: null, keptUntil: null, reason: 'reached' })
  }
  if (reached < held && mayFall(program, state)) {
    const end = fallsAt ?? Math.max(endOfGrace(program, at), keptUntil ?? 0)
    if (end <= at) {
      return fall(program, state, at, Math.max(reached, least))
    }
    return fallsAt !== null && isKnown
      ? null
      : promised(program, state, { tier, fallsAt: end, keptUntil, reason: 'at-risk' })
  }
  return fallsAt === null && isKnown
    ? null
    : promised(program, state, { tier, fallsAt: null, keptUntil, reason: 'kept' })
}

/** The fall of a member who may fall to the rank `least`: one step, after which the next waits for another window. */
function fall(program: Program, state: TierState, at: number, least: number): TierChange {
  const { tiers, timeZone } = program
  if (tiers.down === 'qualifying') {
    const { id } = tiers.levels[least]!
    return promised(program, state, { tier: id, fallsAt: null, keptUntil: null, reason: 'fell' })
  }
  const rank = rankOf(program, state.tier) - 1
  const next = windowEnd(program, state.enrolledOn, dayOf(at, timeZone))
  const keptUntil = endOfGrace(program, startOfDay(next, timeZone))
  return promised(program, state, {
    tier: tiers.levels[rank]!.id,
    fallsAt: rank > least ? keptUntil : null,
    keptUntil,
    reason: 'fell',
  })
}

/** A change with the floor that it promises. */
function promised(
  program: Program,
  state: TierState,
  change: Omit<TierChange, 'floor'>,
): TierChange {
  const ranks = [floorOf(program, state), floorOf(program, { ...state, tier: change.tier })]
  const rank = Math.max(...ranks)
  return { ...change, floor: rank > 0 ? program.tiers.levels[rank]!.id : null }
}

/** The next instant from `since` on at which time alone, or a new version of the rules, changes the tier; or Infinity. */
export function tierDueAt(program: Program, state: TierState, since: number): number {
  const change = tierChange(program, state, since)
  if (change) {
    return since
  }
  const { fallsAt } = state
  return fallsAt ?? (mayFall(program, state) ? lostAt(program, state, since) : Infinity)
}

const mayFall = (program: Program, state: TierState): boolean =>
  program.tiers.down !== 'never' && rankOf(program, state.tier) > floorOf(program, state)

/** The instant at which the tier stops being reached if nothing more happens, or Infinity. */
function lostAt(program: Program, state: TierState, since: number): number {
  const { from } = tierOf(program, state.tier)
  let reached = 0
  const days = counting(program, state, since)
  for (const day of days) {
    reached += figureOf(program, day)
  }
  for (const day of days) {
    reached -= figureOf(program, day)
    if (reached < from) {
      return startOfDay(windowEnd(program, state.enrolledOn, day[0]), program.timeZone)
    }
  }
  return Infinity
}

/** When a member falls, and to what, if nothing more happens; null where he does not. */
export function fallOf(program: Program, state: TierState, now: number) {
  const due = mayFall(program, state) ? tierDueAt(program, state, now) : Infinity
  if (due === Infinity) {
    return null
  }
  const change = tierChange(program, state, due)
  const isAnnounced = change?.reason === 'at-risk'
  const at = isAnnounced ? change.fallsAt! : due
  const fallen = isAnnounced ? tierChange(program, { ...state, fallsAt: at }, at) : change
  return fallen && rankOf(program, fallen.tier) < rankOf(program, state.tier)
    ? { at, to: tierOf(program, fallen.tier) }
    : null
}
