import { and, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../db/client'
import { contacts, outbox } from '../db/tables'

/** A message that a test program would have sent; its body is sealed. */
export type StoredMessage = typeof outbox.$inferSelect

/** How many messages a program keeps: the last ones. */
const KEPT = 100

/** Adds a message, and drops what is too old to be kept. */
export async function insertMessage(
  db: Database,
  message: Omit<StoredMessage, 'position'>,
): Promise<void> {
  const { programId, createdAt, contactHash, body } = message
  const mine = eq(outbox.programId, programId)
  const last = sql`coalesce((SELECT max(position) FROM outbox WHERE program_id = ${programId}), 0)`
  await db.batch([
    db
      .insert(outbox)
      .select(sql`SELECT ${programId}, ${last} + 1, ${createdAt}, ${contactHash}, ${body}`),
    db.delete(outbox).where(and(mine, sql`position <= ${last} - ${KEPT}`)),
  ])
}

/** Up to `count` messages before a position, newest first. */
export const listMessages = (db: Database, programId: string, before: number, count: number) =>
  db
    .select()
    .from(outbox)
    .where(and(eq(outbox.programId, programId), lt(outbox.position, before)))
    .orderBy(desc(outbox.position))
    .limit(count)

/** The messages to these contacts, newest first. */
export const findMessages = (db: Database, programId: string, hashes: readonly string[]) =>
  db
    .select()
    .from(outbox)
    .where(and(eq(outbox.programId, programId), inArray(outbox.contactHash, [...hashes])))
    .orderBy(desc(outbox.position))

/** Forgets what was sent to the contacts of somebody. */
export const dropMessages = (db: Database, programId: string, whose: SQL | undefined) => {
  const hashes = db.select({ hash: contacts.hash }).from(contacts).where(whose)
  const mine = eq(outbox.programId, programId)
  return db.delete(outbox).where(and(mine, inArray(outbox.contactHash, hashes)))
}
