import { and, eq } from 'drizzle-orm'
import type { Database } from './client'
import { members } from './tables'

/** The member of that id, whatever became of the ledger: the language, if one is known. Null where there is none. */
export async function findSpeaker(
  db: Database,
  programId: string,
  id: string,
): Promise<{ locale: string | null } | null> {
  const is = and(eq(members.programId, programId), eq(members.id, id))
  return (await db.select({ locale: members.locale }).from(members).where(is).get()) ?? null
}
