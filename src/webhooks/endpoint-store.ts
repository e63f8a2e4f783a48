import { and, eq, ne } from 'drizzle-orm'
import type { Database } from '../db/client'
import { webhookEndpoints } from '../db/webhook-tables'

export type StoredEndpoint = typeof webhookEndpoints.$inferSelect

/** An ended endpoint stays without its secrets, so that a backup of before does not bring it back. */
const ENDED = ''
const stands = ne(webhookEndpoints.secrets, ENDED)

const isEndpoint = (programId: string, id: string) =>
  and(eq(webhookEndpoints.programId, programId), eq(webhookEndpoints.id, id), stands)

export const insertEndpoint = (db: Database, endpoint: StoredEndpoint) =>
  db.insert(webhookEndpoints).values(endpoint)

export async function findEndpoint(
  db: Database,
  programId: string,
  id: string,
): Promise<StoredEndpoint | null> {
  return (await db.select().from(webhookEndpoints).where(isEndpoint(programId, id)).get()) ?? null
}

export const listEndpoints = (db: Database, programId: string) =>
  db
    .select()
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.programId, programId), stands))
    .orderBy(webhookEndpoints.id)

/** Gives an endpoint other secrets; false where there is none. */
export async function setSecrets(db: Database, programId: string, id: string, secrets: string) {
  const changed = await db
    .update(webhookEndpoints)
    .set({ secrets })
    .where(isEndpoint(programId, id))
    .returning({ id: webhookEndpoints.id })
  return changed.length > 0
}

/** Ends an endpoint; false where there is none. */
export async function dropEndpoint(db: Database, programId: string, id: string): Promise<boolean> {
  const dropped = await db
    .update(webhookEndpoints)
    .set({ secrets: ENDED })
    .where(isEndpoint(programId, id))
    .returning({ id: webhookEndpoints.id })
  return dropped.length > 0
}
