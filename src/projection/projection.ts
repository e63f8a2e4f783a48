import type { totals } from '../db/tables'
import type { Unprojected } from '../ledger/query'
import { viewOf } from '../ledger/receipt'
import type { Entry } from '../ledger/ledger'
import { dayOf, dayText } from '../program/calendar'

/** Whose news the projection fetches. Messages carry no news, so their order and number mean nothing. */
export interface Pointer {
  programId: string
  memberId: string
}

/** One text for one member of one program. */
export const keyOf = ({ programId, memberId }: Pointer): string => `${programId}:${memberId}`

/** What a program's totals count: each net of what undid it, so that outstanding = issued − all others. */
export type Figure = (typeof totals.$inferSelect)['figure']

/** Which total an entry's points belong to; null where it moves none. */
export function figureOf({ kind, points, reference, detail }: Entry): Figure | null {
  switch (kind) {
    case 'award':
      return 'issued'
    case 'adjust':
      return points > 0 ? 'issued' : 'clawedBack'
    case 'redeem':
    case 'capture':
      return 'redeemed'
    case 'restore':
      // A refund's reversal gives back what was clawed back, all others what was redeemed.
      return detail.reversal && reference !== null ? 'clawedBack' : 'redeemed'
    case 'clawback':
      // A reversed refund takes back what it had returned of a redemption.
      return detail.refund ? 'clawedBack' : 'redeemed'
    case 'expire':
    case 'erase':
      return 'lapsed'
    case 'activate':
    case 'hold':
    case 'release':
    case 'tier':
    case 'use':
    case 'void':
    case 'lapse':
    case 'freeze':
    case 'unfreeze':
      return null
  }
}

/** What one member's page of news is in D1's tables; column names as in `db/tables.ts`. */
export interface Rows {
  entries: object[]
  purchases: object[]
  balances: object[]
  /** Members who have left. */
  erased: object[]
}

/** When rows are made: real milliseconds, and the zone in which a program's months begin. */
export interface Moment {
  now: number
  timeZone: string
}

/** Turns what a ledger has and the projection lacks into rows. */
export function rowsOf(whose: Pointer, news: Unprojected, { now, timeZone }: Moment): Rows {
  const lagMs = (entry: Entry) => Math.max(0, now - news.clockLagMs - entry.recordedAt)
  return {
    entries: news.entries.map((entry) => ({
      ...whose,
      ...entryRow(entry),
      lagMs: lagMs(entry),
      figure: figureOf(entry),
      month: dayText(dayOf(entry.occurredAt, timeZone)).slice(0, 7),
    })),
    // Of who has left nobody asks for an order.
    purchases: news.isErased
      ? []
      : news.entries.filter(isPurchase).map((entry) => ({ ...whose, ...purchaseRow(entry) })),
    balances: news.balance ? [{ ...whose, ...news.balance }] : [],
    erased: news.isErased ? [whose] : [],
  }
}

const isPurchase = (entry: Entry): boolean =>
  entry.kind === 'award' && entry.detail.total !== undefined

function entryRow(entry: Entry) {
  const { seq, kind, points, occurredAt, recordedAt } = entry
  const { seq: _s, kind: _k, points: _p, occurredAt: _o, recordedAt: _r, ...body } = viewOf(entry)
  return { seq, kind, points, occurredAt, recordedAt, body }
}

function purchaseRow(entry: Entry) {
  const { seq, orderId, points, occurredAt, recordedAt, detail } = entry
  const { total, channel, storeId = null, currency = null } = detail
  return {
    orderId,
    seq,
    occurredAt,
    recordedAt,
    total,
    points,
    channel,
    storeId,
    lines: viewOf(entry).lines,
    currency,
  }
}
