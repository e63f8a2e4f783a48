import { type Row, textOf } from './full'
import { foundIn } from './needles'

// What becomes of every column that a member has anything in. A new column fails `erasure.test.ts` until it is here.

/**
 * `kept`: says nothing of a person, and stays as it is. `booked`: figures that the entry `erase` moves.
 * `gone`: keys and digests, which nobody is told. A list: what the export says where, and erasure takes away.
 */
export type Fate = 'kept' | 'booked' | 'gone' | readonly string[]
type Fates = Record<string, Fate>

const ENTRY = 'statement.entries[].'

/** Columns of D1; `null` for tables in which no member has anything. */
export const listed: Record<string, Fates | null> = {
  programs: null,
  program_versions: null,
  clock_moves: null,
  rebuilds: null,
  floors: null,
  api_keys: null,
  // Whose a row is lies in the import's object, sealed or as an HMAC, until the row is booked.
  imports: null,
  totals: null,
  members: {
    program_id: 'kept',
    id: 'kept',
    card_number: ['profile.cardNumber'],
    wrapped_key: 'gone',
    external_id: ['profile.externalId'],
    email: ['profile.email'],
    phone: ['profile.phone'],
    name: ['profile.name'],
    birthday: ['profile.birthday'],
    birth_month_day: ['profile.birthday'],
    locale: ['profile.locale'],
    store_id: ['profile.storeId'],
    created_at: 'kept',
  },
  contacts: {
    program_id: 'gone',
    kind: ['profile.email', 'profile.phone', 'profile.externalId', 'profile.cardNumber'],
    hash: 'gone',
    member_id: 'gone',
  },
  enrolments: {
    program_id: 'kept',
    key: 'kept',
    fingerprint: 'gone',
    member_id: 'kept',
    status: 'kept',
    reply: ['profile.id', 'profile.email', 'profile.name'],
  },
  outbox: {
    program_id: 'gone',
    position: ['messages[].id'],
    created_at: ['messages[].createdAt'],
    contact_hash: 'gone',
    body: ['messages[].to', 'messages[].subject', 'messages[].text', 'messages[].code'],
  },
  webhook_endpoints: null,
  webhook_events: {
    program_id: 'kept',
    position: 'kept',
    endpoint_id: 'kept',
    event_id: 'kept',
    provider: 'kept',
    type: 'kept',
    received_at: 'kept',
    status: 'kept',
    detail: ['webhookEvents[].detail'],
    // It leads to nobody: the payment's row names no member any more.
    payment_id: 'kept',
    body: ['webhookEvents[].event.data.object.receipt_email', 'webhookEvents[].event.id'],
  },
  payments: {
    program_id: 'kept',
    id: 'kept',
    leads_to: 'kept',
    version: 'booked',
    facts: ['payments[].payer.email', 'payments[].amount', 'payments[].paidAt'],
    status: 'booked',
    member_id: 'gone',
    order_id: ['payments[].orderId'],
  },
  balances: {
    program_id: 'kept',
    member_id: 'kept',
    seq: 'booked',
    available: 'booked',
    pending: 'booked',
    held: 'booked',
    debt: 'booked',
    tier: 'kept',
    next_expiry_at: 'booked',
    next_expiry_points: 'booked',
    due_at: 'booked',
    recorded_at: 'booked',
  },
  entries: {
    program_id: 'kept',
    position: 'kept',
    member_id: 'kept',
    seq: 'kept',
    kind: 'kept',
    points: 'kept',
    occurred_at: 'kept',
    recorded_at: 'kept',
    body: [`${ENTRY}orderId`, `${ENTRY}reference`, `${ENTRY}reason`],
    lag_ms: 'kept',
    month: 'kept',
    figure: 'kept',
  },
  purchases: {
    program_id: 'gone',
    order_id: [`${ENTRY}orderId`],
    member_id: 'gone',
    seq: [`${ENTRY}seq`],
    occurred_at: [`${ENTRY}occurredAt`],
    recorded_at: [`${ENTRY}recordedAt`],
    total: [`${ENTRY}detail.total`],
    points: [`${ENTRY}points`],
    channel: [`${ENTRY}detail.channel`],
    store_id: [`${ENTRY}detail.storeId`],
    lines: [`${ENTRY}detail.lines`],
    currency: [`${ENTRY}detail.currency`],
  },
  // Taken off when the lists have the entry `erase`.
  behind: { program_id: 'gone', member_id: 'gone', since: 'gone' },
  histories: { program_id: 'kept', member_id: 'kept', history: 'kept' },
  rewinds: {
    program_id: 'kept',
    member_id: 'kept',
    started_at: 'kept',
    at: 'kept',
    finished_at: 'kept',
    request_id: 'kept',
  },
}

/** Columns of a member's object. */
export const owned: Record<string, Fates> = {
  state: { id: 'kept', schema: 'kept', value: ['profile.locale', 'statement.salt'] },
  entries: {
    seq: 'kept',
    kind: 'kept',
    points: 'kept',
    occurred_at: 'kept',
    recorded_at: 'kept',
    thread_hash: 'gone',
    texts: [`${ENTRY}orderId`, `${ENTRY}reference`, `${ENTRY}reason`],
    body: 'kept',
    hash: 'kept',
    key_hash: 'gone',
    key: 'gone',
    fingerprint: 'gone',
    content: 'gone',
    span: 'kept',
    standing: 'kept',
  },
  lots: {
    expires_at: ['statement.lots[].expiresAt'],
    seq: ['statement.lots[].seq'],
    active_at: 'booked',
    remaining: ['statement.lots[].remaining'],
    held: ['statement.lots[].held'],
    idle: 'booked',
  },
  memos: { key: ['coupons[].code', 'sessions[]'], value: 'gone' },
}

/** Fields of the object's one row of state. */
export const stated: Fates = {
  programId: 'kept',
  memberId: 'kept',
  start: 'kept',
  salt: ['statement.salt'],
  head: 'booked',
  alarmAt: 'booked',
  attempt: 'booked',
  committedAt: 'booked',
  dueAt: 'booked',
  version: 'kept',
  epoch: 'booked',
  history: 'kept',
  restoredAt: 'kept',
  restoringTo: 'kept',
  locale: ['profile.locale'],
  couponKey: ['coupons[].code'],
  cards: 'gone',
  erasedAt: 'booked',
  state: 'booked',
  holds: 'booked',
}

/** What is told of points, tiers and limits: figures and ids of the program's rules. */
export const figures = [
  'available',
  'coupons',
  'days',
  'debt',
  'enrolledOn',
  'fallsAt',
  'floor',
  'held',
  'idle',
  'isFrozen',
  'keptUntil',
  'pending',
  'recordedAt',
  'redeemed',
  'seq',
  'tier',
]

/** Where the export says each text of a member's; null for what has no place there. */
export const told: Record<string, string | null> = {
  name: 'profile.name',
  email: 'profile.email',
  phone: 'profile.phone',
  birthday: 'profile.birthday',
  externalId: 'profile.externalId',
  storeId: 'profile.storeId',
  locale: 'profile.locale',
  cardNumber: 'profile.cardNumber',
  orderId: `${ENTRY}orderId`,
  oddOrder: `${ENTRY}orderId`,
  heldOrder: `${ENTRY}orderId`,
  couponOrder: `${ENTRY}orderId`,
  refundId: `${ENTRY}reference`,
  reference: `${ENTRY}reference`,
  gift: `${ENTRY}reason`,
  lost: `${ENTRY}reason`,
  unwanted: `${ENTRY}reason`,
  paidOrder: 'payments[].orderId',
  receipt: 'webhookEvents[].event.data.object.receipt_email',
  code0: 'coupons[].code',
  code1: 'coupons[].code',
  code2: 'coupons[].code',
  // The card that was lost belongs to nobody; a secret is not told again.
  oldCard: null,
  refreshSecret: null,
}

/** All that a path says in a document; `[]` is every element of a list. */
export function valuesAt(value: unknown, path: string): unknown[] {
  const [name, ...rest] = path.split('.') as [string, ...string[]]
  const isList = name.endsWith('[]')
  const field = (value as Record<string, unknown> | null)?.[isList ? name.slice(0, -2) : name]
  const values = isList ? (field as unknown[]) : [field]
  const next = rest.length > 0 ? values.flatMap((each) => valuesAt(each, rest.join('.'))) : values
  return next.filter((each) => each !== null && each !== undefined && each !== '')
}

/** The rows of a column before and after an erasure, and what the export had said. */
export interface Change {
  was: Row[]
  is: Row[]
  texts: Record<string, string>
  document: Row
}

const isNothing = (value: unknown) => value === null || value === ''

/** What tells the rows of one member apart; of their balance there is one. */
const keyOf = (row: Row) =>
  'available' in row ? '' : JSON.stringify(row.seq ?? row.key ?? row.id ?? row.position ?? '')

/** Where a column did not meet its fate. */
export function breaches(fate: Fate, column: string, { was, is, texts, document }: Change) {
  const left = new Map(is.map((row) => [keyOf(row), row[column]]))
  const isOther = (row: Row) => textOf([row[column]]) !== textOf([left.get(keyOf(row))])
  const changed = was.filter(isOther)
  if (fate === 'booked') {
    return []
  }
  if (fate === 'kept') {
    return changed.map((row) => `Row ${keyOf(row)} has changed`)
  }
  if (fate === 'gone') {
    return [
      ...(was.every((row) => isNothing(row[column])) ? ['There was nothing before'] : []),
      ...([...left.values()].every(isNothing) ? [] : ['Something is left']),
    ]
  }
  return [
    ...(changed.length === 0 ? ['Nothing was erased'] : []),
    ...foundIn(textOf([...left.values()]), texts),
    ...fate.filter((path) => valuesAt(document, path).length === 0),
  ]
}
