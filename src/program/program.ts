/** How amounts become whole points. */
export type Rounding = 'floor' | 'half-up' | 'ceil'

/** `points` for every `per` minor units of an order's earning base. */
export interface EarningRule {
  id: string
  points: number
  per: number
  /** Earns nothing for now. */
  isOff?: boolean
  /** Earns nothing for what was bought before, in milliseconds. */
  startsAt?: number
}

/** What a member may do besides buying. `once` is the span in which a reference, or the whole type, counts once. */
export interface Activity {
  points: number
  once: 'day' | 'reference'
}

/** A level of membership, reached when what was spent in the window is `from` minor units or more. */
export interface Tier {
  id: string
  name: string
  from: number
  /** Hundredths: 150 multiplies what is earned by 1.5. */
  factor: number
}

export interface Reward {
  name: string
  points: number
}

/** How points are earned, when they lapse, what tiers mean. Amounts are minor units of the program's currency. */
export interface Rules {
  taxIncluded: boolean
  earning: EarningRule[]
  rounding: Rounding
  activities: Record<string, Activity>
  /** Life of a lot; it ends with the last local day. */
  expiryMonths: number
  /** Points taken back beyond what is there: owed, or dropped. */
  clawback: 'debt' | 'clamp'
  /** Lowest first. */
  tiers: [Tier, ...Tier[]]
  /** The rolling window in which spending counts for tiers. */
  tierMonths: number
  rewards: Record<string, Reward>
}

/** One loyalty scheme and its rules, as every domain sees it. */
export interface Program {
  id: string
  mode: 'live' | 'test'
  version: number
  /** ISO 4217. */
  currency: string
  /** IANA. */
  timeZone: string
  /** ISO 3166 alpha-2: how a phone number without a country code is read. */
  country: string | null
  /** The frozen instant of a test program, in milliseconds; null runs on real time. */
  clockMs: number | null
  rules: Rules
}

/** The rules that every new program starts with; `exponent` is that of its currency (2: one point for 100 minor units). */
export function defaultRules(exponent: number): Rules {
  const major = 10 ** exponent
  return {
    taxIncluded: true,
    earning: [{ id: 'purchase', points: 1, per: major }],
    rounding: 'floor',
    activities: {
      'check-in': { points: 1, once: 'day' },
      review: { points: 5, once: 'reference' },
    },
    expiryMonths: 12,
    clawback: 'debt',
    tiers: [
      { id: 'bronze', name: 'Bronze', from: 0, factor: 100 },
      { id: 'silver', name: 'Silver', from: 2_000 * major, factor: 100 },
      { id: 'gold', name: 'Gold', from: 10_000 * major, factor: 100 },
    ],
    tierMonths: 12,
    rewards: {
      gift: { name: 'A small gift', points: 50 },
      coupon: { name: '10 off', points: 100 },
      item: { name: 'A full-price item', points: 200 },
    },
  }
}

/** The instant at which a program stands: a test program's clock, else real time. */
export const nowIn = (program: Program): number => program.clockMs ?? Date.now()
