import { and, eq, or, sql } from 'drizzle-orm'
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

/** Whose these identities are; those of nobody are left out. */
export const findOwners = (db: Database, programId: string, wanted: readonly Contact[]) =>
  db
    .select({ kind: contacts.kind, memberId: contacts.memberId })
    .from(contacts)
    .where(
      and(
        eq(contacts.programId, programId),
        or(...wanted.map((c) => and(eq(contacts.kind, c.kind), eq(contacts.hash, c.hash)))) ??
          sql`0`,
      ),
    )

/** Many identities as one text each. */
export const contactKey = ({ kind, hash }: Contact): string => `${kind}:${hash}`

/** Whose of these many identities each is, by `contactKey`. */
export async function findOwnersOf(
  db: Database,
  programId: string,
  wanted: readonly Contact[],
): Promise<Map<string, string>> {
  const rows = await db.all<Contact & { memberId: string }>(sql`
    SELECT c.kind, c.hash, c.member_id AS memberId FROM json_each(${JSON.stringify(wanted)}) w
    JOIN contacts c ON c.program_id = ${programId}
      AND c.kind = w.value ->> 'kind' AND c.hash = w.value ->> 'hash'`)
  return new Map(rows.map((row) => [contactKey(row), row.memberId]))
}
