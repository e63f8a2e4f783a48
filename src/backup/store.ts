import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { type Database, isRefused } from '../db/client'
import { rowsOf } from '../db/rows'
import * as tables from '../db/tables'
import { payments, webhookEndpoints, webhookEvents } from '../db/webhook-tables'

const { programs, programVersions, apiKeys, members, contacts, enrolments, imports } = tables

/** A table of which the program has the only copy, and the fields by which its rows are known beside the program. */
interface Kept {
  table: SQLiteTable
  by: readonly string[]
}

/** All there is to keep, in the order in which it can be put back: keys last, so that nobody calls what is half there. */
export const kept: Record<string, Kept> = {
  programs: { table: programs, by: ['id'] },
  programVersions: { table: programVersions, by: ['version'] },
  members: { table: members, by: ['id'] },
  contacts: { table: contacts, by: ['kind', 'hash'] },
  enrolments: { table: enrolments, by: ['key'] },
  imports: { table: imports, by: ['id'] },
  webhookEndpoints: { table: webhookEndpoints, by: ['id'] },
  payments: { table: payments, by: ['id'] },
  webhookEvents: { table: webhookEvents, by: ['position'] },
  apiKeys: { table: apiKeys, by: ['id'] },
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
  const { table, by } = kept[name]!
  const columns: Record<string, SQLiteColumn> = getTableColumns(table)
  const order = by.map((field) => columns[field]!)
  const values = by.map((field) => sql`${after?.[field]}`)
  const isAfter = after
    ? sql`(${sql.join(order, sql`, `)}) > (${sql.join(values, sql`, `)})`
    : undefined
  return db
    .select()
    .from(table)
    .where(and(eq(columns.programId ?? columns.id!, programId), isAfter))
    .orderBy(...order)
    .limit(count)
}

/** The fields of a row that say its place. */
export const placeOf = (name: string, row: Row): Row =>
  Object.fromEntries(kept[name]!.by.map((field) => [field, row[field]]))

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
