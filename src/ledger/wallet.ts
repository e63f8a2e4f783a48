import { instantText } from '../program/calendar'
import { NEVER } from '../program/expiry'
import type { Program } from '../program/program'
import { offerOf } from '../program/reward'
import { fail, ok, type Result } from '../result'
import { isSecretOf } from './coupon-code'
import { type CouponView, couponViewOf } from './coupon-view'
import { historyOf, readEntry } from './entries'
import type { State } from './ledger'
import { type Standing, standingOf } from './receipt'
import { refuseCard, type Shown } from './card'
import type { Proof } from './coupon'
import { type Ledger, sessionsOf } from './store'

// What a member, and who serves one at a till, wants to see.

/** A standing, and what of it lapses when, soonest first. */
export interface Lapsing extends Standing {
  lapsing: { points: number; at: string }[]
}

/** How many days on which points lapse are told. */
const LAPSES = 100

/** What lapses when if nothing more happens; held points are left out. */
export function lapsingOf({ state }: Ledger, program: Program, now: number): Lapsing {
  const days = new Map<number, number>()
  for (const { expiresAt, remaining, held } of state.lots) {
    if (expiresAt !== NEVER && remaining > held) {
      days.set(expiresAt, (days.get(expiresAt) ?? 0) + remaining - held)
    }
  }
  const lapsing = [...days]
    .slice(0, LAPSES)
    .map(([at, points]) => ({ points, at: instantText(at) }))
  return { ...standingOf(state, program, now), lapsing }
}

/** A reward as it is offered to a member. */
export interface RewardOffer {
  id: string
  points: number
  /** It can be redeemed now, and there are points for it. */
  isAffordable: boolean
  /** Points that are missing for it. */
  missing: number
  /** How often it can still be had; null for any number. */
  left: number | null
  /** It can be redeemed now by who has the points. */
  isAvailable: boolean
}

/** All that a card stands for. */
export interface CardStanding extends Standing {
  isFrozen: boolean
  rewards: RewardOffer[]
  /** The coupons that can be used, soonest to expire first. Of who is only named nobody needs the codes. */
  coupons: CouponView[]
}

/** What a card stands for, unless it was `shown` too long ago or has been used. */
export function cardOf(
  sql: SqlStorage,
  ledger: Ledger,
  shown: Shown | undefined,
  program: Program,
  now: number,
): Result<CardStanding> {
  const { state } = ledger
  const refused = refuseCard(shown, ledger, Date.now())
  if (refused) {
    return refused
  }
  const open = shown ? state.coupons.toSorted(([, a], [, b]) => a - b) : []
  return ok({
    ...standingOf(state, program, now),
    isFrozen: state.isFrozen,
    rewards: Object.keys(program.rewards).map((id) => rewardOf(id, state, program, now)),
    coupons: open.map(([seq]) => viewOf(sql, ledger, seq)),
  })
}

function rewardOf(id: string, state: State, program: Program, now: number): RewardOffer {
  const { points, left, isOpen } = offerOf(program, id, state, now)!
  const missing = Math.max(0, points - state.available)
  const isAvailable = isOpen && left !== 0 && !state.isFrozen
  return { id, points, isAffordable: isAvailable && missing === 0, missing, left, isAvailable }
}

/** One coupon by its code. */
export function couponOf(sql: SqlStorage, ledger: Ledger, proof: Proof): Result<CouponView> {
  const redemption = isSecretOf(ledger.couponKey, proof) ? readEntry(sql, proof.seq) : undefined
  return redemption?.endsAt
    ? ok(viewOf(sql, ledger, proof.seq))
    : fail('not_found', 'There is no such coupon.')
}

/** Coupons from redemptions before a `seq`, newest first. */
export function couponsBefore(
  sql: SqlStorage,
  ledger: Ledger,
  before: number,
  limit: number,
): CouponView[] {
  const rows = sql.exec<{ key: string }>(
    "SELECT key FROM memos WHERE key >= 'coupon:' AND key < 'coupon;'",
  )
  const closed = Array.from(rows, ({ key }) => Number(key.slice('coupon:'.length)))
  const all = new Set([...closed, ...ledger.state.coupons.map(([seq]) => seq)])
  return [...all]
    .filter((seq) => seq < before)
    .toSorted((a, b) => b - a)
    .slice(0, limit)
    .map((seq) => viewOf(sql, ledger, seq))
}

function viewOf(sql: SqlStorage, ledger: Ledger, seq: number): CouponView {
  const isOpen = ledger.state.coupons.some(([coupon]) => coupon === seq)
  const ended = isOpen ? undefined : historyOf(sql).closing(seq)
  return couponViewOf(ledger, readEntry(sql, seq)!, ended)
}

/** When each of the member's sessions began, oldest first. */
export const sessionsSince = (sql: SqlStorage): string[] =>
  sessionsOf(sql)
    .all()
    .map(({ session }) => session.startedAt)
    .toSorted((a, b) => a - b)
    .map(instantText)
