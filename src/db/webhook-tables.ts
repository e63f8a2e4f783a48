import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

// What payment providers tell: the only copy.

const provider = () => text({ enum: ['stripe'] }).notNull()

/** Where a payment provider sends its events; what they are signed with is sealed. */
export const webhookEndpoints = sqliteTable(
  'webhook_endpoints',
  {
    programId: text('program_id').notNull(),
    id: text().notNull(),
    provider: provider(),
    secrets: text().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.id] })],
)

/** Events as they came, sealed, and what became of them. */
export const webhookEvents = sqliteTable(
  'webhook_events',
  {
    programId: text('program_id').notNull(),
    position: integer().notNull(),
    endpointId: text('endpoint_id').notNull(),
    eventId: text('event_id').notNull(),
    provider: provider(),
    type: text().notNull(),
    receivedAt: integer('received_at').notNull(),
    status: text({ enum: ['received', 'applied', 'waiting', 'ignored', 'failed'] }).notNull(),
    detail: text(),
    paymentId: text('payment_id'),
    // Empty once its member was erased.
    body: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.position] }),
    uniqueIndex('webhook_events_id').on(t.programId, t.endpointId, t.eventId),
    index('webhook_events_payment')
      .on(t.programId, t.paymentId)
      .where(sql`payment_id IS NOT NULL`),
    index('webhook_events_received')
      .on(t.receivedAt)
      .where(sql`status = 'received'`),
  ],
)

/** What is known of each payment, sealed; another id of the same payment leads to it. */
export const payments = sqliteTable(
  'payments',
  {
    programId: text('program_id').notNull(),
    id: text().notNull(),
    leadsTo: text('leads_to'),
    // Rises with each thing that becomes known.
    version: integer().notNull(),
    // Empty for nothing.
    facts: text().notNull(),
    status: text({ enum: ['waiting', 'applied', 'failed', 'erased'] }).notNull(),
    memberId: text('member_id'),
    orderId: text('order_id'),
  },
  (t) => [
    primaryKey({ columns: [t.programId, t.id] }),
    index('payments_member')
      .on(t.programId, t.memberId)
      .where(sql`member_id IS NOT NULL`),
    index('payments_lead')
      .on(t.programId, t.leadsTo)
      .where(sql`leads_to IS NOT NULL`),
    index('payments_waiting')
      .on(t.programId, t.id)
      .where(sql`status = 'waiting' AND leads_to IS NULL`),
  ],
)
