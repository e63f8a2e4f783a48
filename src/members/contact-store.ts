import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '../db/client'
import { contacts } from '../db/tables'
import type { Contact } from './contact'

/** The id of the member who has an identity, or null. */
export async function findMemberId(
  db: Database,
  programId: string,
  { kind, hash }: Contact,
): Promise<string | null> {
  const is = and(
    eq(contacts.programId, programId),
    eq(contacts.kind, kind),
    eq(contacts.hash, hash),
  )
  const found = await db.select({ memberId: contacts.memberId }).from(contacts).where(is).get()
  return found?.memberId ?? null
}

/** Whose these identities are; those of nobody are left out. Told apart in one list, each is looked up by itself. */
export const findOwners = (db: Database, programId: string, wanted: readonly Contact[]) =>
  db
    .select({ kind: contacts.kind, hash: contacts.hash, memberId: contacts.memberId })
    .from(contacts)
    .where(
      sql`(program_id, kind, hash) IN (
        SELECT ${programId}, value ->> 'kind', value ->> 'hash' FROM json_each(${JSON.stringify(wanted)}))`,
    )

/** Many identities as one text each. */
export const contactKey = ({ kind, hash }: Contact): string => `${kind}:${hash}`

/** Whose of these many identities each is, by `contactKey`. */
export async function findOwnersOf(
  db: Database,
  programId: string,
  wanted: readonly Contact[],
): Promise<Map<string, string>> {
  const rows = await findOwners(db, programId, wanted)
  return new Map(rows.map((row) => [contactKey(row), row.memberId]))
}
