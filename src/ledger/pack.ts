import type { Earning } from '../program/earning'
import type { Actor, Detail, Entry, Kind } from './ledger'
import type { Standing } from './receipt'

// Entries are what a ledger is made of, for ever: they are stored as arrays, the names are here.

/** Kinds by the number that stands for them in storage. Append only. */
const KINDS: readonly Kind[] = [
  'award',
  'activate',
  'hold',
  'capture',
  'release',
  'redeem',
  'clawback',
  'restore',
  'adjust',
  'expire',
  'tier',
]
const ACTORS: readonly Actor['kind'][] = ['server', 'member', 'webhook']

/** The columns of `entries` that hold an entry itself. */
export interface EntryRow {
  seq: number
  kind: number
  points: number
  occurred_at: number
  recorded_at: number
  texts: string | null
  body: string
  [column: string]: SqlStorageValue
}

type PackedEarning = [number, number, number, string, Earning['rules']]
type PackedDetail = [
  earning: PackedEarning | 0,
  total: number,
  lines: Detail['lines'] | 0,
  channel: string | 0,
  storeId: string | 0,
  terminalId: string | 0,
  rest?: Omit<Detail, 'earning' | 'total' | 'lines' | 'channel' | 'storeId' | 'terminalId'>,
]
type Body = [
  lots: Entry['lots'],
  debt: number,
  lot: [number, number] | 0,
  ref: number,
  endsAt: number,
  tier: string | 0,
  count: Entry['count'] | 0,
  actor: [kind: number, keyId: string, requestId: string] | 0,
  detail?: PackedDetail,
]

/** An entry as its row. */
export function packEntry(entry: Entry): EntryRow {
  const { actor, lot } = entry
  const body: Body = [
    entry.lots,
    entry.debt,
    lot ? [lot.expiresAt, lot.activeAt ?? 0] : 0,
    entry.ref ?? 0,
    entry.endsAt ?? 0,
    entry.tier ?? 0,
    entry.count ?? 0,
    actor ? [ACTORS.indexOf(actor.kind), actor.keyId, actor.requestId] : 0,
  ]
  if (Object.keys(entry.detail).length > 0) {
    body.push(packDetail(entry.detail))
  }
  const texts = [entry.orderId, entry.reference, entry.reason]
  return {
    seq: entry.seq,
    kind: KINDS.indexOf(entry.kind),
    points: entry.points,
    occurred_at: entry.occurredAt,
    recorded_at: entry.recordedAt,
    texts: texts.some((text) => text !== null) ? JSON.stringify(texts) : null,
    body: JSON.stringify(body),
  }
}

/** The entry of a row. */
export function unpackEntry(row: EntryRow): Entry {
  const [lots, debt, lot, ref, endsAt, tier, count, actor, detail] = JSON.parse(row.body) as Body
  const texts = row.texts === null ? [] : (JSON.parse(row.texts) as (string | null)[])
  return {
    seq: row.seq,
    kind: KINDS[row.kind]!,
    points: row.points,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    lots,
    debt,
    lot: lot ? { expiresAt: lot[0], activeAt: lot[1] || null } : null,
    ref: ref || null,
    endsAt: endsAt || null,
    tier: tier || null,
    count: count || null,
    detail: detail ? unpackDetail(detail) : {},
    actor: actor ? { kind: ACTORS[actor[0]]!, keyId: actor[1], requestId: actor[2] } : null,
    orderId: texts[0] ?? null,
    reference: texts[1] ?? null,
    reason: texts[2] ?? null,
  }
}

function packDetail(detail: Detail): PackedDetail {
  const { earning, total, lines, channel, storeId, terminalId, ...rest } = detail
  const packed: PackedDetail = [
    earning ? [earning.version, earning.base, earning.factor, earning.rounding, earning.rules] : 0,
    total ?? -1,
    lines ?? 0,
    channel ?? 0,
    storeId ?? 0,
    terminalId ?? 0,
  ]
  if (Object.keys(rest).length > 0) {
    packed.push(rest)
  }
  return packed
}

function unpackDetail([earning, total, lines, channel, storeId, terminalId, rest]: PackedDetail) {
  const detail: Detail = { ...rest }
  if (earning) {
    const [version, base, factor, rounding, rules] = earning
    detail.earning = { version, base, factor, rounding: rounding as Earning['rounding'], rules }
  }
  if (total >= 0) {
    detail.total = total
  }
  return Object.assign(
    detail,
    lines && { lines },
    channel && { channel },
    storeId && { storeId },
    terminalId && { terminalId },
  )
}

/** Where a member stood, as an array. */
export function packStanding({ balance, tier, seq }: Standing): string {
  const { available, pending, held, debt, nextExpiry } = balance
  const next = nextExpiry ? [nextExpiry.points, nextExpiry.at] : []
  const above = tier.next ? [tier.next.id, tier.next.remaining] : []
  return JSON.stringify([seq, available, pending, held, debt, next, tier.id, tier.name, above])
}

export function unpackStanding(packed: string): Standing {
  const [seq, available, pending, held, debt, next, id, name, above] = JSON.parse(packed)
  return {
    balance: {
      balance: available + held + pending - debt,
      available,
      pending,
      held,
      debt,
      nextExpiry: next.length > 0 ? { points: next[0], at: next[1] } : null,
    },
    tier: { id, name, next: above.length > 0 ? { id: above[0], remaining: above[1] } : null },
    seq,
  }
}
