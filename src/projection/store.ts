import { and, asc, count, desc, eq, getTableColumns, gt, min, sql, type SQL } from 'drizzle-orm'
import type { Database } from '../db/client'
import { behind } from '../db/recovery-tables'
import { balances, entries, purchases, totals } from '../db/tables'
import { keyOf, type Pointer, type Rows, type Stand } from './projection'

const isTheirs = sql.raw(`program_id = value ->> 'programId' AND member_id = value ->> 'memberId'`)
const lastSeq = sql`coalesce((SELECT max(seq) FROM entries WHERE ${isTheirs}), 0)`
const history = sql`coalesce((SELECT history FROM histories WHERE ${isTheirs}), 0)`

/** Where D1 stands with each of these members. */
export async function findStands(
  db: Database,
  members: readonly Pointer[],
): Promise<(member: Pointer) => Stand> {
  const rows = await db.all<Pointer & Stand>(sql`
    SELECT value ->> 'programId' AS programId, value ->> 'memberId' AS memberId,
      ${lastSeq} AS seq, ${history} AS history, coalesce((SELECT started_at FROM rebuilds
        WHERE program_id = value ->> 'programId'), 0) AS rebuiltAt
    FROM json_each(${JSON.stringify(members)})`)
  const stands = new Map(rows.map((row) => [keyOf(row), row]))
  return (member) => stands.get(keyOf(member))!
}

/**
 * Writes rows of many members in one transaction. What is there already stays; an older balance changes nothing, nor
 * do rows of a member whose entries before them were dropped since they were asked for: who dropped them writes all anew.
 */
export async function writeRows(db: Database, rows: readonly Rows[]): Promise<void> {
  // One parameter a table: D1 binds a hundred at most.
  const all = (table: keyof Rows) => rows.flatMap((each) => each[table])
  const news = json(all('entries'))
  const [bought, undone] = [all('purchases'), all('undone')]
  const [stands, gone] = [all('balances'), all('erased')]
  await db.batch([
    // Before the entries themselves: what is there already has been counted.
    addTotals(db, news),
    ...(undone.length > 0 ? [dropPurchases(db, json(undone))] : []),
    ...(bought.length > 0 ? [insertPurchases(db, json(bought))] : []),
    insertEntries(db, news),
    ...(stands.length > 0 ? [upsertBalances(db, json(stands)), unmark(db, json(stands))] : []),
    ...(gone.length > 0 ? eraseTexts(db, json(gone)) : []),
  ])
}

const json = (rows: readonly object[]) => sql`json_each(${JSON.stringify(rows)})`
type JsonRows = ReturnType<typeof json>

/** Whether a row continues what D1 has: writing the rows of a member does not change that. */
const isNext = sql`value ->> 'after' <= ${lastSeq} AND value ->> 'history' = ${history}`
const isNew = sql`${isNext} AND NOT EXISTS (
  SELECT 1 FROM entries WHERE ${isTheirs} AND seq = value ->> 'seq')`

// Every column, in the order of the table.

const addTotals = (db: Database, rows: JsonRows) =>
  db
    .insert(totals)
    .select(
      sql`SELECT value ->> 'programId', value ->> 'month', value ->> 'figure', sum(value ->> 'points')
          FROM ${rows}
          WHERE value ->> 'figure' IS NOT NULL AND value ->> 'points' <> 0 AND ${isNew}
          GROUP BY 1, 2, 3`,
    )
    .onConflictDoUpdate({
      target: [totals.programId, totals.month, totals.figure],
      set: { points: sql`points + excluded.points` },
    })

const insertEntries = (db: Database, rows: JsonRows) =>
  db
    .insert(entries)
    .select(
      sql`SELECT value ->> 'programId',
            max(coalesce((SELECT max(position) FROM entries WHERE program_id = value ->> 'programId'), 0),
                coalesce((SELECT position FROM floors WHERE program_id = value ->> 'programId'), 0))
              + row_number() OVER (PARTITION BY value ->> 'programId' ORDER BY key),
            value ->> 'memberId', value ->> 'seq', value ->> 'kind', value ->> 'points',
            value ->> 'occurredAt', value ->> 'recordedAt', value -> 'body', value ->> 'lagMs',
            value ->> 'month', value ->> 'figure'
          FROM ${rows} WHERE ${isNext}`,
    )
    .onConflictDoNothing()

// Before the entries: a batch that was held up brings no order back whose name was erased since.
const insertPurchases = (db: Database, rows: JsonRows) =>
  db
    .insert(purchases)
    .select(
      sql`SELECT value ->> 'programId', value ->> 'orderId', value ->> 'memberId', value ->> 'seq',
            value ->> 'occurredAt', value ->> 'recordedAt', value ->> 'total', value ->> 'points',
            value ->> 'channel', value ->> 'storeId', value -> 'lines', value ->> 'currency'
          FROM ${rows} WHERE ${isNew}`,
    )
    .onConflictDoNothing()

/** Takes purchases off the list that are undone now. */
const dropPurchases = (db: Database, rows: JsonRows) =>
  db.delete(purchases).where(
    sql`(program_id, order_id, member_id) IN (
      SELECT value ->> 'programId', value ->> 'orderId', value ->> 'memberId'
      FROM ${rows} WHERE ${isNew})`,
  )

/** What links entries and orders to who has left. */
const eraseTexts = (db: Database, rows: JsonRows) => {
  const areTheirs = ofMembers(sql`FROM ${rows}`)
  const body = sql`json_remove(body, '$.orderId', '$.reference', '$.refundId', '$.reason')`
  return [
    db.delete(purchases).where(inEntries(areTheirs)),
    db.update(entries).set({ body }).where(areTheirs),
  ] as const
}

/**
 * Which entries are of the members that JSON rows name. Keys first, then rows: without statistics SQLite goes through all
 * of a program rather than by an index and back.
 */
export const ofMembers = (rows: SQL) =>
  sql`(program_id, position) IN (SELECT program_id, position FROM entries WHERE (program_id, member_id) IN (
        SELECT value ->> 'programId', value ->> 'memberId' ${rows}))`

/** Which purchases some entries tell of: no index finds the orders of a member. */
export const inEntries = (are: SQL) =>
  sql`(program_id, order_id, member_id) IN (
        SELECT program_id, body ->> 'orderId', member_id FROM entries WHERE ${are} AND json_valid(body))`

const { programId: _p, memberId: _m, ...balanceColumns } = getTableColumns(balances)

/** Every column of a balance but its key, from the row that was to be inserted. */
const newBalance = Object.fromEntries(
  Object.entries(balanceColumns).map(([name, { name: column }]) => [
    name,
    sql.raw(`excluded.${column}`),
  ]),
)

const upsertBalances = (db: Database, rows: JsonRows) =>
  db
    .insert(balances)
    .select(
      sql`SELECT value ->> 'programId', value ->> 'memberId', value ->> 'seq', value ->> 'available',
            value ->> 'pending', value ->> 'held', value ->> 'debt', value ->> 'tier',
            value ->> 'nextExpiryAt', value ->> 'nextExpiryPoints',
            -- By rules that the ledger has not seen something may be due at once.
            CASE WHEN value ->> 'version' < (SELECT version FROM programs WHERE id = value ->> 'programId')
              THEN value ->> 'recordedAt' ELSE value ->> 'dueAt' END,
            value ->> 'recordedAt'
          FROM ${rows} WHERE ${isNext}`,
    )
    .onConflictDoUpdate({
      target: [balances.programId, balances.memberId],
      set: newBalance,
      // New rules move what is due, without an entry.
      setWhere: sql`excluded.seq > balances.seq
        OR (excluded.seq = balances.seq AND excluded.due_at IS NOT balances.due_at)`,
    })

/** Whose balance is written is behind no more. */
const unmark = (db: Database, rows: JsonRows) =>
  db.delete(behind).where(sql`(program_id, member_id) IN (
    SELECT value ->> 'programId', value ->> 'memberId' FROM ${rows} WHERE ${isNext})`)

/** An order by every member who was awarded it, first come first. More than one is a conflict. */
export const findPurchases = (db: Database, programId: string, orderId: string) =>
  db
    .select()
    .from(purchases)
    .where(and(eq(purchases.programId, programId), eq(purchases.orderId, orderId)))
    .orderBy(asc(purchases.recordedAt), asc(purchases.memberId))
    .limit(MOST_CONFLICTS)

const MOST_CONFLICTS = 100

/** Up to `count` entries of all members of the program in the order in which they came to D1, after a position. */
export const listEntries = (db: Database, programId: string, position: number, count: number) =>
  db
    .select()
    .from(entries)
    .where(and(eq(entries.programId, programId), gt(entries.position, position)))
    .orderBy(entries.position)
    .limit(count)

/** The last entries of the program that came to D1, newest first. */
export const lastEntries = (db: Database, programId: string, count: number) =>
  db
    .select({ position: entries.position, lagMs: entries.lagMs })
    .from(entries)
    .where(eq(entries.programId, programId))
    .orderBy(desc(entries.position))
    .limit(count)

/** How many members are behind, as their ledgers found, and since when the first of them is; null for none. */
export const countBehind = (db: Database, programId: string) =>
  db
    .select({ members: count(), since: min(behind.since) })
    .from(behind)
    .where(eq(behind.programId, programId))
    .get()

/** A member for whom time alone has changed something by now. */
export type Due = Pointer & { dueAt: number }

/** Up to `count` members of all programs who are due at `now` (real milliseconds) or their program's clock, after another. */
export const listDue = (db: Database, now: number, after: Due | null, count: number) =>
  db.all<Due>(sql`
    SELECT p.id AS programId, b.member_id AS memberId, b.due_at AS dueAt
    FROM programs p CROSS JOIN balances b ON b.program_id = p.id AND b.due_at <= coalesce(p.clock, ${now})
    WHERE ${after ? sql`(p.id, b.due_at, b.member_id) > (${after.programId}, ${after.dueAt}, ${after.memberId})` : sql`true`}
    ORDER BY p.id, b.due_at, b.member_id
    LIMIT ${count}`)

/** What moved in each month, the oldest first. */
export const listTotals = (db: Database, programId: string) =>
  db.select().from(totals).where(eq(totals.programId, programId)).orderBy(totals.month)
