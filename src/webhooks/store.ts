import { and, desc, eq, gt, lt, type SQL, sql } from 'drizzle-orm'
import { isConflict, type Database } from '../db/client'
import { payments, webhookEvents } from '../db/webhook-tables'

export type StoredEvent = typeof webhookEvents.$inferSelect
export type StoredPayment = typeof payments.$inferSelect

/** Keeps an event that came; false when it is there already. */
export async function insertEvent(
  db: Database,
  event: Omit<StoredEvent, 'position' | 'status' | 'detail' | 'paymentId'>,
): Promise<boolean> {
  const { programId, endpointId, eventId, provider, type, receivedAt, body } = event
  const added = await db
    .insert(webhookEvents)
    .select(
      // Every column, in the order of the table.
      sql`SELECT ${programId},
            coalesce((SELECT max(position) FROM webhook_events WHERE program_id = ${programId}), 0) + 1,
            ${endpointId}, ${eventId}, ${provider}, ${type}, ${receivedAt}, 'received', NULL, NULL,
            ${body}
          WHERE true`,
    )
    .onConflictDoNothing()
    .returning({ position: webhookEvents.position })
  return added.length > 0
}

/** Which event is meant: by its own id, or by its place in the program's list. */
export type Which = Pick<StoredEvent, 'endpointId' | 'eventId'> | Pick<StoredEvent, 'position'>

export async function findEvent(
  db: Database,
  programId: string,
  which: Which,
): Promise<StoredEvent | null> {
  const is =
    'position' in which
      ? eq(webhookEvents.position, which.position)
      : and(
          eq(webhookEvents.endpointId, which.endpointId),
          eq(webhookEvents.eventId, which.eventId),
        )
  const mine = eq(webhookEvents.programId, programId)
  return (await db.select().from(webhookEvents).where(and(mine, is)).get()) ?? null
}

type Marks = Pick<StoredEvent, 'status' | 'detail' | 'paymentId'>

/** What became of an event. Of a payment whose member has left meanwhile its body goes too. */
export function markEvent(
  db: Database,
  { programId, position }: Pick<StoredEvent, 'programId' | 'position'>,
  { status, detail, paymentId }: Marks,
) {
  const isLeft = sql`EXISTS (SELECT 1 FROM payments
    WHERE program_id = ${programId} AND id = ${paymentId} AND status = 'erased')`
  return db
    .update(webhookEvents)
    .set({ status, detail, paymentId, body: sql`CASE WHEN ${isLeft} THEN '' ELSE body END` })
    .where(and(eq(webhookEvents.programId, programId), eq(webhookEvents.position, position)))
}

// Keys first, then rows: without statistics SQLite goes through all of a program's rows rather than by an index and back.

/** The payments that a condition names. */
const isPayment = (programId: string, isOne: SQL) =>
  sql`(program_id, id) IN (SELECT program_id, id FROM payments WHERE program_id = ${programId} AND ${isOne})`

const leadsTo = (programId: string, isOne: SQL) =>
  sql`leads_to IN (SELECT id FROM payments WHERE program_id = ${programId} AND ${isOne})`

/** The events of payments that a condition names, or that lead to one of them. */
const isOfPayment = (programId: string, isOne: SQL) =>
  sql`(program_id, position) IN (
    SELECT program_id, position FROM webhook_events WHERE program_id = ${programId} AND payment_id IN (
      SELECT id FROM payments WHERE program_id = ${programId} AND ${isOne}
      UNION ALL
      SELECT id FROM payments WHERE program_id = ${programId} AND ${leadsTo(programId, isOne)}))`

/** What became of all events that wait for a payment. */
export const markWaiting = (
  db: Database,
  programId: string,
  paymentId: string,
  { status, detail }: Pick<Marks, 'status' | 'detail'>,
) =>
  db
    .update(webhookEvents)
    .set({ status, detail })
    .where(and(isOfPayment(programId, sql`id = ${paymentId}`), eq(webhookEvents.status, 'waiting')))

/** Up to `count` events before a position, newest first. */
export const listEvents = (db: Database, programId: string, before: number, count: number) =>
  db
    .select()
    .from(webhookEvents)
    .where(and(eq(webhookEvents.programId, programId), lt(webhookEvents.position, before)))
    .orderBy(desc(webhookEvents.position))
    .limit(count)

/** Events of all programs that came within a span (real milliseconds) and that nobody has acted on. */
export const listForgotten = (
  db: Database,
  { after, before }: { after: number; before: number },
  count: number,
) =>
  db
    .select({
      programId: webhookEvents.programId,
      endpointId: webhookEvents.endpointId,
      eventId: webhookEvents.eventId,
    })
    .from(webhookEvents)
    .where(
      and(
        // In clear, as the index has it.
        sql`status = 'received'`,
        gt(webhookEvents.receivedAt, after),
        lt(webhookEvents.receivedAt, before),
      ),
    )
    .limit(count)

export async function findPayment(
  db: Database,
  programId: string,
  id: string,
): Promise<StoredPayment | null> {
  const is = and(eq(payments.programId, programId), eq(payments.id, id))
  return (await db.select().from(payments).where(is).get()) ?? null
}

/** Writes a payment if nobody has since `before` was read (null for one that was not there). */
export async function writePayment(
  db: Database,
  next: StoredPayment,
  before: StoredPayment | null,
): Promise<boolean> {
  if (before === null) {
    try {
      await db.insert(payments).values(next)
      return true
    } catch (error) {
      if (isConflict(error)) {
        return false
      }
      throw error
    }
  }
  const { programId, id, version } = before
  const changed = await db
    .update(payments)
    .set(next)
    .where(
      and(eq(payments.programId, programId), eq(payments.id, id), eq(payments.version, version)),
    )
    .returning({ id: payments.id })
  return changed.length > 0
}

/** Up to `count` payments that wait, in the order of their ids, after one. */
export const listWaiting = (db: Database, programId: string, after: string, count: number) =>
  db
    .select()
    .from(payments)
    .where(
      // The status in clear, as the index has it.
      sql`(program_id, id) IN (
        SELECT program_id, id FROM payments INDEXED BY payments_waiting
        WHERE program_id = ${programId} AND id > ${after} AND status = 'waiting' AND leads_to IS NULL
        ORDER BY id LIMIT ${count})`,
    )
    .orderBy(payments.id)

/** All payments of a member. */
export const listPaymentsOf = (db: Database, programId: string, memberId: string) =>
  db
    .select()
    .from(payments)
    .where(isPayment(programId, sql`member_id = ${memberId}`))
    .orderBy(payments.id)

/** All events about payments of a member. */
export const listEventsOf = (db: Database, programId: string, memberId: string) =>
  db
    .select()
    .from(webhookEvents)
    .where(isOfPayment(programId, sql`member_id = ${memberId}`))
    .orderBy(webhookEvents.position)

/** Statements that forget payments, with what events said of them: what stays is that there was one. */
function dropping(db: Database, programId: string, isOne: SQL) {
  const nothing = { facts: '', status: 'erased' as const, version: sql`version + 1` }
  return [
    db.update(webhookEvents).set({ body: '', detail: null }).where(isOfPayment(programId, isOne)),
    db
      .update(payments)
      .set(nothing)
      .where(isPayment(programId, leadsTo(programId, isOne))),
    db
      .update(payments)
      .set({ ...nothing, memberId: null, orderId: null })
      .where(isPayment(programId, isOne)),
  ] as const
}

/** Statements that forget all payments of a member. */
export const dropPayments = (db: Database, programId: string, memberId: string) =>
  dropping(db, programId, sql`member_id = ${memberId}`)

/** Forgets one payment whose member has left. */
export const dropSubject = (db: Database, programId: string, id: string) =>
  db.batch(dropping(db, programId, sql`id = ${id}`))
