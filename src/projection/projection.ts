import type { Unprojected } from '../ledger/query'
import { viewOf } from '../ledger/receipt'
import type { Entry } from '../ledger/ledger'

/** Whose news the projection fetches. Messages carry no news, so their order and number mean nothing. */
export interface Pointer {
  programId: string
  memberId: string
}

/** One text for one member of one program. */
export const keyOf = ({ programId, memberId }: Pointer): string => `${programId}:${memberId}`

/** What one member's page of news is in D1's tables; column names as in `db/tables.ts`. */
export interface Rows {
  entries: object[]
  purchases: object[]
  balances: object[]
}

/** Turns what a ledger has and the projection lacks into rows; `now` in real milliseconds. */
export function rowsOf(whose: Pointer, news: Unprojected, now: number): Rows {
  const lagMs = (entry: Entry) => Math.max(0, now - news.clockLagMs - entry.recordedAt)
  return {
    entries: news.entries.map((entry) => ({ ...whose, ...entryRow(entry), lagMs: lagMs(entry) })),
    purchases: news.entries
      .filter(isPurchase)
      .map((entry) => ({ ...whose, ...purchaseRow(entry) })),
    balances: news.balance ? [{ ...whose, ...news.balance }] : [],
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
  const { total, channel, storeId = null } = detail
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
  }
}
