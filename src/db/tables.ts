import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { ProgramDocument } from '../program/document'

// Identity and configuration: the only copy.

export const programs = sqliteTable('programs', {
  id: text().primaryKey(),
  name: text().notNull(),
  mode: text({ enum: ['live', 'test'] }).notNull(),
  currency: text().notNull(),
  timeZone: text('time_zone').notNull(),
  country: text(),
  clock: integer(),
  version: integer().notNull(),
  createdAt: integer('created_at').notNull(),
})

/** What a program's rules were at each version. */
export const programVersions = sqliteTable(
  'program_versions',
  {
    programId: text('program_id').notNull(),
    version: integer().notNull(),
    document: text({ mode: 'json' }).$type<ProgramDocument>().notNull(),
    // By the program's clock.
    publishedAt: integer('published_at').notNull(),
    keyId: text('key_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.version] })],
)

/** How far a test program's clock has brought its members. */
export const clockMoves = sqliteTable('clock_moves', {
  programId: text('program_id').primaryKey(),
  // Where the clock stands, in milliseconds.
  clock: integer().notNull(),
  members: integer().notNull(),
  settled: integer().notNull(),
  // The last member who was settled; null when all are.
  cursor: text(),
})

export const apiKeys = sqliteTable(
  'api_keys',
  {
    programId: text('program_id').notNull(),
    id: text().notNull(),
    kind: text({ enum: ['secret', 'pos', 'publishable'] }).notNull(),
    name: text().notNull(),
    scopes: text({ mode: 'json' }).$type<string[]>().notNull(),
    hash: text().notNull(),
    /** The key that this one took over from, by rotation. */
    replaces: text(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
  },
  (t) => [primaryKey({ columns: [t.programId, t.id] })],
)

export const members = sqliteTable(
  'members',
  {
    programId: text('program_id').notNull(),
    id: text().notNull(),
    cardNumber: text('card_number').notNull(),
    // The member's own key, wrapped by the program's; without it the next five columns are noise.
    wrappedKey: text('wrapped_key'),
    externalId: text('external_id'),
    email: text(),
    phone: text(),
    name: text(),
    birthday: text(),
    birthMonthDay: text('birth_month_day'),
    locale: text(),
    storeId: text('store_id'),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.id] })],
)

/** Who answers to an identity: kind and HMAC of the normalised value, never the value. */
export const contacts = sqliteTable(
  'contacts',
  {
    programId: text('program_id').notNull(),
    kind: text({ enum: ['externalId', 'email', 'phone', 'cardNumber'] }).notNull(),
    hash: text().notNull(),
    memberId: text('member_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.kind, t.hash] }),
    index('contacts_member').on(t.programId, t.memberId),
  ],
)

/** Idempotency keys of enrolments: an enrolment has no member's object yet to remember it. */
export const enrolments = sqliteTable(
  'enrolments',
  {
    programId: text('program_id').notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    memberId: text('member_id').notNull(),
    status: integer().$type<200 | 201>().notNull(),
    // The answer, sealed under the member's own key.
    reply: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.key] }),
    index('enrolments_member').on(t.programId, t.memberId),
  ],
)

/** What a test program would have sent, sealed: the last messages. */
export const outbox = sqliteTable(
  'outbox',
  {
    programId: text('program_id').notNull(),
    position: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    // Of whom it is sent to, as in `contacts`.
    contactHash: text('contact_hash').notNull(),
    body: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.position] })],
)

/** Files that were imported; how each came along is in its object. */
export const imports = sqliteTable(
  'imports',
  {
    programId: text('program_id').notNull(),
    id: text().notNull(),
    createdAt: integer('created_at').notNull(),
    // Of the file, while what it says stands: a second file that says the same is refused.
    digest: text(),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.id] }),
    uniqueIndex('imports_digest')
      .on(t.programId, t.digest)
      .where(sql`digest IS NOT NULL`),
  ],
)

// Projection: can be dropped and rebuilt from the ledgers.

const figures = ['issued', 'redeemed', 'lapsed', 'clawedBack'] as const

export const balances = sqliteTable(
  'balances',
  {
    programId: text('program_id').notNull(),
    memberId: text('member_id').notNull(),
    seq: integer().notNull(),
    available: integer().notNull(),
    pending: integer().notNull(),
    held: integer().notNull(),
    debt: integer().notNull(),
    tier: text().notNull(),
    nextExpiryAt: integer('next_expiry_at'),
    nextExpiryPoints: integer('next_expiry_points'),
    dueAt: integer('due_at'),
    recordedAt: integer('recorded_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.memberId] }),
    index('balances_due').on(t.programId, t.dueAt),
  ],
)

export const entries = sqliteTable(
  'entries',
  {
    programId: text('program_id').notNull(),
    // The order in which entries arrived here: the program's change feed pages on it.
    position: integer().notNull(),
    memberId: text('member_id').notNull(),
    seq: integer().notNull(),
    kind: text().notNull(),
    points: integer().notNull(),
    occurredAt: integer('occurred_at').notNull(),
    recordedAt: integer('recorded_at').notNull(),
    // The rest of the entry as the API shows it.
    body: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    // Real milliseconds between the commit in the member's object and this row.
    lagMs: integer('lag_ms').notNull(),
    // Where the points are counted in `totals`; null for rows of the first versions, and where they are in none.
    month: text(),
    figure: text({ enum: figures }),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.position] }),
    uniqueIndex('entries_member').on(t.programId, t.memberId, t.seq),
  ],
)

export const purchases = sqliteTable(
  'purchases',
  {
    programId: text('program_id').notNull(),
    orderId: text('order_id').notNull(),
    memberId: text('member_id').notNull(),
    seq: integer().notNull(),
    occurredAt: integer('occurred_at').notNull(),
    recordedAt: integer('recorded_at').notNull(),
    // Minor units of the program's currency.
    total: integer().notNull(),
    points: integer().notNull(),
    channel: text().notNull(),
    storeId: text('store_id'),
    lines: text({ mode: 'json' }).$type<unknown[]>().notNull(),
    // Null for the home currency.
    currency: text(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.orderId, t.memberId] })],
)

/** What moved in a month, of all members: the sum of their entries by figure. */
export const totals = sqliteTable(
  'totals',
  {
    programId: text('program_id').notNull(),
    // YYYY-MM in the program's zone, by when it happened.
    month: text().notNull(),
    figure: text({ enum: figures }).notNull(),
    points: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.month, t.figure] })],
)
