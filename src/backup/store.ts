import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { type Database, isRefused } from '../db/client'
import { rowsOf } from '../db/rows'
import * as tables from '../db/tables'
import { payments, webhookEndpoints, webhookEvents } from '../db/webhook-tables'

const { programs, programVersions, apiKeys, members, contacts, enrolments, imports } = tables

/** A table of which the program has the only copy, and what its rows are known by beside the program. */
interface Kept {
  table: SQLiteTable
  of: SQLiteColumn
  by: SQLiteColumn[]
}

/** All there is to keep, in the order in which it can be put back: keys last, so that nobody calls what is half there. */
export const kept: Record<string, Kept> = {
  programs: { table: programs, of: programs.id, by: [programs.id] },
  programVersions: {
    table: programVersions,
    of: programVersions.programId,
    by: [programVersions.version],
  },
  members: { table: members, of: members.programId, by: [members.id] },
  contacts: { table: contacts, of: contacts.programId, by: [contacts.kind, contacts.hash] },
  enrolments: { table: enrolments, of: enrolments.programId, by: [enrolments.key] },
  imports: { table: imports, of: imports.programId, by: [imports.id] },
  webhookEndpoints: {
    table: webhookEndpoints,
    of: webhookEndpoints.programId,
    by: [webhookEndpoints.id],
  },
  payments: { table: payments, of: payments.programId, by: [payments.id] },
  webhookEvents: {
    table: webhookEvents,
    of: webhookEvents.programId,
    by: [webhookEvents.position],
  },
  apiKeys: { table: apiKeys, of: apiKeys.programId, by: [apiKeys.id] },
}

export type Row = Record<string, unknown>

/** Up to `count` rows of a table after one of them, in the order of what they are known by. */
export function readRows(
  db: Database,
  name: string,
  programId: string,
  after: Row | null,
  count: number,
): Promise<Row[]> {
  const { table, of, by } = kept[name]!
  const place = (row: Row) =>
    sql.join(
      fieldsOf(name).map((field) => sql`${row[field]}`),
      sql`, `,
    )
  const isAfter = after ? sql`(${sql.join(by, sql`, `)}) > (${place(after)})` : undefined
  return db
    .select()
    .from(table)
    .where(and(eq(of, programId), isAfter))
    .orderBy(...by)
    .limit(count)
}

/** The fields of a row that say its place. */
export const placeOf = (name: string, row: Row): Row =>
  Object.fromEntries(fieldsOf(name).map((field) => [field, row[field]]))

const fieldsOf = (name: string): string[] => {
  const { table, by } = kept[name]!
  const columns = Object.entries(table as unknown as Record<string, unknown>)
  return by.map((column) => columns.find(([, each]) => each === column)![0])
}

/** Adds the rows that are not there; false for what cannot be rows. Who was erased since gets no identity back. */
export async function addRows(db: Database, name: string, rows: readonly Row[]): Promise<boolean> {
  const { table } = kept[name]!
  const isOfMember: SQL =
    name === 'contacts'
      ? sql` AND EXISTS (SELECT 1 FROM members WHERE program_id = value ->> 'programId'
          AND id = value ->> 'memberId' AND wrapped_key IS NOT NULL)`
      : sql``
  try {
    await db
      .insert(table)
      .select(sql`${rowsOf(table, rows as never[])}${isOfMember}`)
      .onConflictDoNothing()
    return true
  } catch (error) {
    if (isRefused(error)) {
      return false
    }
    throw error
  }
}
