import { and, eq, getTableColumns, sql } from 'drizzle-orm'
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

/**
 * All there is to keep, in the order in which it is read and put back. Versions come when the ledgers have been read: none
 * obeys one that is not there. Keys come last, so that nobody calls what is half there.
 */
export const kept: Record<string, Kept> = {
  programs: { table: programs, by: ['id'] },
  members: { table: members, by: ['id'] },
  contacts: { table: contacts, by: ['kind', 'hash'] },
  enrolments: { table: enrolments, by: ['key'] },
  imports: { table: imports, by: ['id'] },
  webhookEndpoints: { table: webhookEndpoints, by: ['id'] },
  payments: { table: payments, by: ['id'] },
  webhookEvents: { table: webhookEvents, by: ['position'] },
  programVersions: { table: programVersions, by: ['version'] },
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

/** Adds the rows that are not there; false for what cannot be rows. A key that has ended elsewhere ends here. */
export async function addRows(db: Database, name: string, rows: readonly Row[]): Promise<boolean> {
  const { table } = kept[name]!
  const added = db.insert(table).select(rowsOf(table, rows as never[]))
  try {
    await (name === 'apiKeys'
      ? added.onConflictDoUpdate({ target: [apiKeys.programId, apiKeys.id], set: ends })
      : added.onConflictDoNothing())
    return true
  } catch (error) {
    if (isRefused(error)) {
      return false
    }
    throw error
  }
}

/** The earlier of two times, either of which may be null. */
const earlier = (column: string) =>
  sql.raw(`min(coalesce(api_keys.${column}, excluded.${column}),
               coalesce(excluded.${column}, api_keys.${column}))`)
const ends = { revokedAt: earlier('revoked_at'), expiresAt: earlier('expires_at') }

/** Puts the newest version in force that there is. */
export const enforceNewest = (db: Database, programId: string) =>
  db
    .update(programs)
    .set({
      version: sql`max(version, coalesce(
        (SELECT max(version) FROM program_versions WHERE program_id = ${programId}), 1))`,
    })
    .where(eq(programs.id, programId))

/** These members of a program, those who have left too. */
export const findMembers = (db: Database, programId: string, ids: readonly string[]) =>
  db
    .select()
    .from(members)
    .where(
      sql`(program_id, id) IN (SELECT ${programId}, value FROM json_each(${JSON.stringify(ids)}))`,
    )
