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
      return detail.refund || detail.undo ? 'clawedBack' : 'redeemed'
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

/**
 * What one member's page of news is in D1's tables; column names as in `db/tables.ts`. Each row also says up to where
 * D1 had the member, and of which history it is.
 */
export interface Rows {
  entries: object[]
  purchases: object[]
  /** Orders that were undone, and by which entry. */
  undone: object[]
  balances: object[]
  /** Members who have left. */
  erased: object[]
}

/** Up to where D1 has a member, of which history, and when its program's rebuild began (0 for never). */
export interface Stand {
  seq: number
  history: number
  rebuiltAt: number
}

/** When rows are made: real milliseconds, the zone in which a program's months begin, and where D1 stood before. */
export interface Moment {
  now: number
  timeZone: string
  stand: Stand
}

/** Turns what a ledger has and the projection lacks into rows. */
export function rowsOf(member: Pointer, news: Unprojected, { now, timeZone, stand }: Moment): Rows {
  const whose = { ...member, after: stand.seq, history: news.history }
  const againUpTo = Math.max(stand.rebuiltAt, news.history, news.restoredAt)
  const lagMs = (entry: Entry) => {
    const committedAt = entry.recordedAt + news.clockLagMs
    // What is written again is not late.
    return committedAt < againUpTo ? 0 : Math.max(0, now - committedAt)
  }
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
      : boughtIn(news.entries).map((entry) => ({ ...whose, ...purchaseRow(entry) })),
    undone: news.entries.filter(isUndoing).map(({ orderId, seq }) => ({ ...whose, orderId, seq })),
    balances: news.balance ? [{ ...whose, ...news.balance }] : [],
    erased: news.isErased ? [whose] : [],
  }
}

/** The purchases that were not undone by a later entry of the page. */
function boughtIn(entries: readonly Entry[]): Entry[] {
  const undoneAt = new Map(entries.filter(isUndoing).map(({ orderId, seq }) => [orderId, seq]))
  return entries.filter(isPurchase).filter((e) => e.seq > (undoneAt.get(e.orderId) ?? 0))
}

const isUndoing = ({ kind, detail, orderId }: Entry): boolean =>
  kind === 'clawback' && detail.undo === true && orderId !== null

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
