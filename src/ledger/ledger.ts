import { type Day, dayOf } from '../program/calendar'
import type { Earning } from '../program/earning'
import type { Promised } from '../program/expiry'
import { nowIn, type Program } from '../program/program'
import type { Redeemed } from '../program/reward'
import type { DayCount, TierReason, TierState } from '../program/tier'

/** Points earned together and still there. It is named by the `seq` of the entry that made it. */
export interface Lot extends Promised {
  seq: number
  /** What is left, with what is held. */
  remaining: number
  held: number
}

/** Points reserved until `endsAt` (milliseconds, exclusive), named by the `seq` of its entry. */
export interface Hold {
  seq: number
  endsAt: number
  orderId: string | null
  /** What is reserved of which lot, in the order in which it will be spent. */
  lots: readonly (readonly [seq: number, points: number])[]
}

/** Everything a member's next decision depends on: a fold of the entries. balance = available + held + pending − debt. */
export interface State extends TierState {
  seq: number
  recordedAt: number
  available: number
  pending: number
  held: number
  debt: number
  /** Open lots, soonest expiry first, then oldest. */
  lots: readonly Lot[]
  holds: readonly Hold[]
  idle: readonly IdleLife[]
  /** Coupons that can be used. */
  coupons: readonly Coupon[]
  /** Redemptions of rewards with a limit, oldest first. */
  redeemed: readonly Redeemed[]
  /** Nothing can be spent. */
  isFrozen: boolean
}

/** A coupon by the `seq` of the redemption that it came from, and when it is over (milliseconds, exclusive). */
export type Coupon = readonly [seq: number, endsAt: number]

/** When the points of an idle life lapse if nothing happens, in milliseconds: those of entry `since` and later ones. */
export type IdleLife = readonly [life: string, expiresAt: number, since: number]

export type Kind =
  | 'award'
  | 'activate'
  | 'hold'
  | 'capture'
  | 'release'
  | 'redeem'
  | 'clawback'
  | 'restore'
  | 'adjust'
  | 'expire'
  | 'tier'
  /** A coupon is used, is made void, or is over. */
  | 'use'
  | 'void'
  | 'lapse'
  | 'freeze'
  | 'unfreeze'
  /** The member has left: everything is given up. */
  | 'erase'

/** A lot touched: its `seq`, the change of what remains, of what is held; what it is promised, if it was closed or that changed. */
export type LotChange = readonly [
  seq: number,
  remaining: number,
  held?: number,
  expiresAt?: number,
  activeAt?: number | null,
  idle?: string,
]

/** A purchase's line as it is kept: amount after all discounts. */
export type KeptLine = readonly [
  sku: string,
  quantity: number,
  net: number,
  lineId?: string | null,
  category?: string,
]

/** A refund as it is kept: what came back of the order's total, or of its lines' sum. */
export interface KeptRefund {
  amount: number
  goods: number
  /** Points that the refund takes back by the formula, whether or not they were there. */
  owed: number
  lines?: readonly (readonly [index: number, goods: number, quantity: number])[]
}

/** What an entry adds for its kind; absent where it says nothing. */
export interface Detail {
  /** The program's version by which the entry was written, where `earning` does not say it. */
  version?: number
  earning?: Earning
  total?: number
  /** ISO 4217, where the amounts are not in the home currency. */
  currency?: string
  lines?: readonly KeptLine[]
  channel?: string
  storeId?: string
  terminalId?: string
  activity?: string
  /** The local day in which the activity counts once, or the redemption against a limit. */
  day?: string
  /** The activity counts once in a member's life. */
  once?: 'ever'
  rewardId?: string
  /** What the till thought that the redeem costs, where it was wrong. */
  expectedPoints?: number
  refund?: KeptRefund
  /** What a restore gave back lot by lot, where part of it paid debt. */
  returned?: readonly (readonly [seq: number, points: number])[]
  /** The entry undoes its `ref` on request. */
  reversal?: true
  /** The entry takes back its `ref` with the import that booked it: what it was about can be booked anew. */
  undo?: true
  /** Idle lives that this activity began anew: when their points lapse now. */
  renews?: readonly IdleLife[]
  /** Why the tier, or its end, changed. */
  reason?: TierReason
  /** When the tier is lost that is no longer reached. */
  fallsAt?: number
  /** The tier below which the member never falls from here on. */
  floor?: string
  /** Until when the tier is kept in any case. */
  keptUntil?: number
}

/** Who asked: the kind of caller, its key, and the request. Absent on what falls due by itself. */
export interface Actor {
  kind: 'server' | 'member' | 'webhook'
  keyId: string
  requestId: string
}

/** One immutable row of the ledger. Applying entries 1 to n to `empty` gives the state at n. */
export interface Entry {
  seq: number
  kind: Kind
  /** The change of the balance. */
  points: number
  /** When it happened for the business. */
  occurredAt: number
  /** When the ledger took it: never earlier than the entry before. */
  recordedAt: number
  lots: readonly LotChange[]
  debt: number
  /** The lot that the entry makes: it holds `points` less the debt that they paid and what went to other lots. */
  lot: Promised | null
  /** The entry that this one answers: a capture's hold, a restore's redeem, a clawback's award. */
  ref: number | null
  /** When the hold, or the coupon, that it opens is over. */
  endsAt: number | null
  /** The tier from here on. */
  tier: string | null
  count: DayCount | null
  detail: Detail
  actor: Actor | null
  // What links to a person or is free text: chained as digests, cleared by erasure.
  orderId: string | null
  /** A refund's id, or what an activity was about. */
  reference: string | null
  reason: string | null
}

/** Where a member begins: the program's lowest tier, and the local day of the enrolment. */
export interface Start {
  tier: string
  enrolledOn: Day
}

/** Where who enrols in a program now begins. */
export const startIn = (program: Program): Start => ({
  tier: program.tiers.levels[0]!.id,
  enrolledOn: dayOf(nowIn(program), program.timeZone),
})

/** A ledger before its first entry. */
export const empty = ({ tier, enrolledOn }: Start): State => ({
  seq: 0,
  recordedAt: 0,
  available: 0,
  pending: 0,
  held: 0,
  debt: 0,
  lots: [],
  holds: [],
  idle: [],
  coupons: [],
  redeemed: [],
  isFrozen: false,
  tier,
  fallsAt: null,
  floor: null,
  keptUntil: null,
  enrolledOn,
  days: [],
})

export const balanceOf = (state: State): number =>
  state.available + state.held + state.pending - state.debt

/** The hold that an entry of that kind opens. */
export const holdOf = (entry: Entry): Hold => ({
  seq: entry.seq,
  endsAt: entry.endsAt!,
  orderId: entry.orderId,
  lots: entry.lots.map(([seq, , held]) => [seq, held!] as const),
})
