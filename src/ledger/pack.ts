import type { Earning } from '../program/earning'
import type { Rounding } from '../program/document'
import type { Actor, Detail, Entry, Kind } from './ledger'

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
  'use',
  'void',
  'lapse',
  'freeze',
  'unfreeze',
  'erase',
]
const ACTORS: readonly Actor['kind'][] = ['server', 'member', 'webhook']
const ROUNDINGS: readonly Rounding[] = ['floor', 'half-up', 'ceil']

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

type PackedEarning = [
  version: number,
  base: number,
  factor: number,
  rounding: number,
  rules: Earning['rules'],
]
/** A total that is the base which earned. */
const AS_BASE = -2

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
  /** With `activeAt` where the lot is pending, and with the life of an idle one. */
  lot: [expiresAt: number, activeAt: number | null, idle?: string] | number,
  ref: number,
  endsAt: number,
  tier: string | 0,
  /** The day alone where the rest is the award's base, its points, and one order. */
  count: Entry['count'] | number,
  actor: [kind: number, keyId: string, requestId: string] | 0,
  detail?: PackedDetail,
]

/** An entry as its row. */
export function packEntry(entry: Entry): EntryRow {
  const { actor, lot } = entry
  const body: Body = [
    entry.lots,
    entry.debt,
    packLot(lot),
    entry.ref ?? 0,
    entry.endsAt ?? 0,
    entry.tier ?? 0,
    packCount(entry),
    actor ? [ACTORS.indexOf(actor.kind), actor.keyId, actor.requestId] : 0,
  ]
  if (Object.keys(entry.detail).length > 0) {
    body.push(packDetail(entry.detail))
  }
  const texts = [entry.orderId, entry.reference, entry.reason]
  const used = texts.findLastIndex((text) => text !== null) + 1
  return {
    seq: entry.seq,
    kind: KINDS.indexOf(entry.kind),
    points: entry.points,
    occurred_at: entry.occurredAt,
    recorded_at: entry.recordedAt,
    texts: used > 0 ? JSON.stringify(texts.slice(0, used)) : null,
    body: JSON.stringify(body),
  }
}

/** The entry of a row. */
export function unpackEntry(row: EntryRow): Entry {
  const [lots, debt, lot, ref, endsAt, tier, count, actor, detail] = JSON.parse(row.body) as Body
  const unpacked = detail ? unpackDetail(detail) : {}
  const texts = row.texts === null ? [] : (JSON.parse(row.texts) as (string | null)[])
  return {
    seq: row.seq,
    kind: KINDS[row.kind]!,
    points: row.points,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    lots,
    debt,
    lot: unpackLot(lot),
    ref: ref || null,
    endsAt: endsAt || null,
    tier: tier || null,
    count: typeof count === 'number' ? unpackCount(count, row.points, unpacked) : count,
    detail: unpacked,
    actor: actor ? { kind: ACTORS[actor[0]]!, keyId: actor[1], requestId: actor[2] } : null,
    orderId: texts[0] ?? null,
    reference: texts[1] ?? null,
    reason: texts[2] ?? null,
  }
}

function packCount({ count, points, detail: { earning } }: Entry): Entry['count'] | number {
  if (count === null) {
    return 0
  }
  const [day, spend, counted, orders, visits = 0] = count
  const isPlain =
    day > 0 && spend === earning?.base && counted === points && orders === 1 && visits === 0
  return isPlain ? day : count
}

const unpackCount = (day: number, points: number, { earning }: Detail): Entry['count'] =>
  day === 0 ? null : [day, earning!.base, points, 1]

function packLot(lot: Entry['lot']): Body[2] {
  if (lot === null) {
    return 0
  }
  const { expiresAt, activeAt, idle } = lot
  if (idle !== undefined) {
    return [expiresAt, activeAt, idle]
  }
  return activeAt === null && expiresAt !== 0 ? expiresAt : [expiresAt, activeAt]
}

function unpackLot(lot: Body[2]): Entry['lot'] {
  if (typeof lot === 'number') {
    return lot === 0 ? null : { expiresAt: lot, activeAt: null }
  }
  const [expiresAt, activeAt, idle] = lot
  return { expiresAt, activeAt, ...(idle !== undefined && { idle }) }
}

function packDetail(detail: Detail): PackedDetail {
  const { earning, total, lines, channel, storeId, terminalId, ...rest } = detail
  const packed: PackedDetail = [
    earning
      ? [
          earning.version,
          earning.base,
          earning.factor,
          ROUNDINGS.indexOf(earning.rounding),
          earning.rules,
        ]
      : 0,
    earning && total === earning.base ? AS_BASE : (total ?? -1),
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
    detail.earning = { version, base, factor, rounding: ROUNDINGS[rounding]!, rules }
  }
  if (total !== -1) {
    detail.total = total === AS_BASE ? detail.earning!.base : total
  }
  return Object.assign(
    detail,
    lines && { lines },
    channel && { channel },
    storeId && { storeId },
    terminalId && { terminalId },
  )
}
