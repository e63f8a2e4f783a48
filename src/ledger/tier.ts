import { dayOf, dayText, instantText } from '../program/calendar'
import { textIn } from '../program/locale'
import type { Program } from '../program/program'
import { floorTier, reachedAt, tierOf } from '../program/tier'
import { windowOf } from '../program/window'
import type { Entry, State } from './ledger'
import { type TierView, tierViewOf } from './receipt'

/** Where a member stands among the tiers, and how that came about. */
export interface TierStanding extends TierView {
  /** Hundredths. */
  factor: number
  benefits: string[]
  /** What counts now: in the basis, from the first to the last local day of the window. */
  reached: { basis: string; amount: number; from: string; until: string }
  /** The tier below which the member never falls; null for none. */
  neverBelow: string | null
  /** The last changes, newest first. */
  history: TierEvent[]
}

/** A change of tier, or of its end. */
export interface TierEvent {
  seq: number
  at: string
  tier: string
  reason: string
  /** When the tier is lost if it is not reached again. */
  fallsAt: string | null
  /** The entry that brought it about; null for what time or new rules did. */
  ref: number | null
  version: number
}

/** Where a settled member stands at `now`; `changes` are tier entries, newest first. */
export function tierStandingOf(
  state: State,
  changes: readonly Entry[],
  program: Program,
  now: number,
): TierStanding {
  const { factor, benefits } = tierOf(program, state.tier)
  const [from, until] = windowOf(program, state.enrolledOn, dayOf(now, program.timeZone))
  return {
    ...tierViewOf(state, program, now),
    factor,
    benefits: benefits.map((each) => textIn(program, each)),
    reached: {
      basis: program.tiers.basis,
      amount: reachedAt(program, state, now),
      from: dayText(from),
      until: dayText(until),
    },
    neverBelow: floorTier(program, state)?.id ?? null,
    history: changes.map(eventOf),
  }
}

const eventOf = ({ seq, occurredAt, tier, ref, detail }: Entry): TierEvent => ({
  seq,
  at: instantText(occurredAt),
  tier: tier!,
  reason: detail.reason ?? 'reached',
  fallsAt: detail.fallsAt === undefined ? null : instantText(detail.fallsAt),
  ref,
  version: detail.version ?? 1,
})
