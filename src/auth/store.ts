import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Database } from '../db/client'
import { apiKeys } from '../db/tables'

export type StoredKey = typeof apiKeys.$inferSelect
export type NewKey = typeof apiKeys.$inferInsert

const is = (programId: string, id: string) =>
  and(eq(apiKeys.programId, programId), eq(apiKeys.id, id))

export async function findKey(
  db: Database,
  programId: string,
  id: string,
): Promise<StoredKey | null> {
  return (await db.select().from(apiKeys).where(is(programId, id)).get()) ?? null
}

/** Adds a key; not awaited, it is a statement for a batch. */
export const insertKey = (db: Database, key: NewKey) => db.insert(apiKeys).values(key)

/** Up to `count` keys of the program in the order of their ids, after `afterId`. */
export const listKeys = (db: Database, programId: string, afterId: string, count: number) =>
  db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.programId, programId), gt(apiKeys.id, afterId)))
    .orderBy(apiKeys.id)
    .limit(count)

/** The key that takes over: its id, digest, and when (milliseconds) it starts and the other ends. */
export interface Rotation {
  id: string
  hash: string
  startsAt: number
  endsAt: number
}

/**
 * Adds a key with the kind, name and scopes of another, which then ends. False, and nothing is changed, when that
 * one does not live without end, or the one that it took over from still lives.
 */
export async function rotateKey(db: Database, programId: string, oldId: string, next: Rotation) {
  const { id, hash, startsAt, endsAt } = next
  const replaced = sql`EXISTS (SELECT 1 FROM api_keys n WHERE n.program_id = ${programId} AND n.id = ${id})`
  const [added] = await db.batch([
    db
      .insert(apiKeys)
      .select(
        // Every column, in the order of the table.
        sql`SELECT k.program_id, ${id}, k.kind, k.name, k.scopes, ${hash}, k.id, ${startsAt}, NULL, NULL
            FROM api_keys k
            LEFT JOIN api_keys p ON p.program_id = k.program_id AND p.id = k.replaces
            WHERE k.program_id = ${programId} AND k.id = ${oldId}
              AND k.revoked_at IS NULL AND k.expires_at IS NULL
              AND (p.id IS NULL OR p.revoked_at IS NOT NULL OR p.expires_at <= ${startsAt})`,
      )
      .returning({ id: apiKeys.id }),
    db
      .update(apiKeys)
      .set({ expiresAt: endsAt })
      .where(and(is(programId, oldId), isNull(apiKeys.expiresAt), replaced)),
  ])
  return added.length > 0
}

/** Ends a key's life for good. */
export async function revokeKey(db: Database, programId: string, id: string, now: number) {
  await db
    .update(apiKeys)
    .set({ revokedAt: now })
    .where(and(is(programId, id), isNull(apiKeys.revokedAt)))
}
