import { instantText } from '../program/calendar'
import { NEVER } from '../program/expiry'
import { textIn } from '../program/locale'
import type { Program } from '../program/program'
import { fallOf, nextTier, tierOf } from '../program/tier'
import { madeBy } from './apply'
import { isErased } from './chain'
import { type CouponView } from './coupon-view'
import { balanceOf, type Entry, type State } from './ledger'

/** A balance and its parts as the API shows them; `nextExpiry` is what lapses first and when. */
export interface BalanceView {
  balance: number
  available: number
  pending: number
  held: number
  debt: number
  nextExpiry: { points: number; at: string } | null
}

/** A tier as the API shows it: what is missing for the next, and when it is lost if nothing more happens. */
export interface TierView {
  id: string
  name: string
  next: { id: string; remaining: number } | null
  falls: { at: string; to: string } | null
}

/** Where a member stands after an entry: kept with it, so that a replay answers what was answered then. */
export interface Standing {
  balance: BalanceView
  tier: TierView
  seq: number
}

/** What every write answers: the entries that it made and where the member stands. */
export interface Receipt extends Standing {
  entries: EntryView[]
  /** The coupon that was given, used or taken away. */
  coupon?: CouponView
}

/** Where a member stands at `now`, milliseconds. */
export function standingOf(state: State, program: Program, now: number): Standing {
  return { balance: balanceViewOf(state), tier: tierViewOf(state, program, now), seq: state.seq }
}

/** A state's balance, and what lapses first. */
export function balanceViewOf(state: State): BalanceView {
  const { available, pending, held, debt } = state
  const next = nextExpiryOf(state)
  const nextExpiry = next && { points: next.points, at: instantText(next.at) }
  return { balance: balanceOf(state), available, pending, held, debt, nextExpiry }
}

/** A state's tier at `now`, milliseconds. */
export function tierViewOf(state: State, program: Program, now: number): TierView {
  const { id, name } = tierOf(program, state.tier)
  const next = nextTier(program, state, now)
  const fall = fallOf(program, state, now)
  return {
    id,
    name: textIn(program, name),
    next: next && { id: next.tier.id, remaining: next.remaining },
    falls: fall && { at: instantText(fall.at), to: fall.to.id },
  }
}

/** What lapses first, and when (milliseconds); null when nothing that a member has ever does. */
export function nextExpiryOf({ lots }: State): { points: number; at: number } | null {
  const at = lots.find((lot) => lot.remaining > lot.held)?.expiresAt ?? NEVER
  if (at === NEVER) {
    return null
  }
  const lapsing = lots.filter((lot) => lot.expiresAt === at)
  return { points: lapsing.reduce((sum, lot) => sum + lot.remaining - lot.held, 0), at }
}

/** A balance as the projection keeps it; times in milliseconds. */
export interface BalanceRow {
  seq: number
  available: number
  pending: number
  held: number
  debt: number
  tier: string
  nextExpiryAt: number | null
  nextExpiryPoints: number | null
  /** When time alone next changes something. */
  dueAt: number | null
  recordedAt: number
  /** The version of the program that the ledger has obeyed; by a newer one it may be due. */
  version: number
}

/** What a ledger that stands so has in the projection. */
export function balanceRowOf(
  state: State,
  { dueAt, version }: Pick<BalanceRow, 'dueAt' | 'version'>,
): BalanceRow {
  const { seq, available, pending, held, debt, tier, recordedAt } = state
  const next = nextExpiryOf(state)
  return {
    seq,
    available,
    pending,
    held,
    debt,
    tier,
    nextExpiryAt: next?.at ?? null,
    nextExpiryPoints: next?.points ?? null,
    dueAt,
    recordedAt,
    version,
  }
}

/** An entry as the API shows it: what it says nothing about is left out. */
export function viewOf(entry: Entry) {
  const { detail, lot, actor } = entry
  const { version = 1, earning, refund, fallsAt, keptUntil, renews, ...rest } = detail
  return {
    seq: entry.seq,
    kind: entry.kind,
    version: earning?.version ?? version,
    points: entry.points,
    occurredAt: instantText(entry.occurredAt),
    recordedAt: instantText(entry.recordedAt),
    ...(isText(entry.orderId) && { orderId: entry.orderId }),
    ...(isText(entry.reference) && {
      [refund || entry.kind !== 'award' ? 'refundId' : 'reference']: entry.reference,
    }),
    ...(isText(entry.reason) && { reason: entry.reason }),
    ...(entry.ref !== null && { ref: entry.ref }),
    ...(entry.tier !== null && { tier: entry.tier }),
    ...(entry.endsAt !== null && { endsAt: instantText(entry.endsAt) }),
    ...(lot && {
      expiresAt: lot.expiresAt === NEVER ? null : instantText(lot.expiresAt),
      ...(lot.activeAt !== null && { activeAt: instantText(lot.activeAt) }),
    }),
    lots: lotsOf(entry),
    ...(entry.debt !== 0 && { debt: entry.debt }),
    ...(earning && { earning: { ...earning, rules: rulesOf(earning.rules) } }),
    ...(refund && { refunded: refund.amount + refund.goods }),
    ...(fallsAt !== undefined && { fallsAt: instantText(fallsAt) }),
    ...(keptUntil !== undefined && { keptUntil: instantText(keptUntil) }),
    ...(renews && { renews: renews.map(([, expiresAt]) => instantText(expiresAt)) }),
    ...rest,
    ...(rest.returned && { returned: rest.returned.map(([seq, points]) => ({ seq, points })) }),
    ...(rest.lines && {
      lines: rest.lines.map(([sku, quantity, amount, lineId, category], i) => ({
        lineId: lineId ?? String(i + 1),
        sku,
        ...(category !== undefined && { category }),
        quantity,
        amount,
      })),
    }),
    ...(actor && { actor }),
  }
}

export type EntryView = ReturnType<typeof viewOf>

const isText = (text: string | null): text is string => text !== null && !isErased(text)

const rulesOf = (rules: readonly (readonly [string, number])[]) =>
  rules.map(([id, points]) => ({ id, points }))

/** Lots touched: the change of what remains and of what is held. A lot that the entry makes comes first. */
function lotsOf(entry: Entry): { seq: number; points: number; held?: number }[] {
  const points = madeBy(entry)
  const made = entry.lot && points > 0 ? [{ seq: entry.seq, points }] : []
  const touched = entry.lots.map(([seq, points, held]) =>
    held ? { seq, points, held } : { seq, points },
  )
  return [...made, ...touched]
}
