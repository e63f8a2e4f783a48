import { and, eq, getTableColumns, isNull, notInArray, sql, type SQL } from 'drizzle-orm'
import type { Database } from '../db/client'
import { behind, floors, histories, rebuilds } from '../db/recovery-tables'
import { balances, entries, members, programs, purchases, totals } from '../db/tables'
import type { Pointer } from '../projection/projection'
import { inEntries, ofMembers } from '../projection/store'

/** How far the rebuild of a program's projection is. */
export type Rebuild = typeof rebuilds.$inferSelect

/** Also how many of the program's members were not reached by its end, and have not been since. */
export type Progress = Rebuild & { failed: number }

/** Starts the rebuild of a program, or of all, where none is running. Answers those that then are. */
export async function startRebuilds(
  db: Database,
  programId: string | undefined,
  now: number,
): Promise<Progress[]> {
  const whose = programId === undefined ? sql`true` : eq(programs.id, programId)
  const anew = { rebuilt: 0, cursor: '', turn: '', startedAt: now, finishedAt: null }
  await db
    .insert(rebuilds)
    .select(
      // Every column, in the order of the table.
      sql`SELECT id, (SELECT count(*) FROM members WHERE program_id = programs.id), 0, '', '', ${now}, NULL
          FROM programs WHERE ${whose}`,
    )
    .onConflictDoUpdate({
      target: rebuilds.programId,
      set: { members: sql`excluded.members`, ...anew },
      setWhere: sql`rebuilds.finished_at IS NOT NULL`,
    })
  return listRebuilds(db, programId)
}

/** The last rebuild of a program. */
export const findRebuild = (db: Database, programId: string): Promise<Rebuild | undefined> =>
  db.select().from(rebuilds).where(eq(rebuilds.programId, programId)).get()

/** The last rebuild of a program, or of each. */
export const listRebuilds = (db: Database, programId?: string): Promise<Progress[]> =>
  db
    .select({ ...getTableColumns(rebuilds), failed: failed.as('failed') })
    .from(rebuilds)
    .where(programId === undefined ? undefined : eq(rebuilds.programId, programId))
    .orderBy(rebuilds.programId)

// Whoever fell behind later is nothing that the rebuild has left.
const failed = sql<number>`(SELECT count(*) FROM behind WHERE program_id = rebuilds.program_id
  AND since <= coalesce(rebuilds.finished_at, since))`

/** The programs whose rebuild is not done. */
export const listUnfinished = (db: Database): Promise<{ programId: string }[]> =>
  db.select({ programId: rebuilds.programId }).from(rebuilds).where(isNull(rebuilds.finishedAt))

/** The next `count` ids after a rebuild's cursor that are members' or have rows, in order. */
export const listPage = (db: Database, { programId, cursor }: Rebuild, count: number) => {
  const after = (id: SQL, table: SQL) =>
    sql`SELECT ${id} AS id FROM ${table} WHERE program_id = ${programId} AND ${id} > ${cursor}`
  const [id, memberId] = [sql.raw('id'), sql.raw('member_id')]
  return db.all<{ id: string; isMember: 0 | 1 }>(sql`
    SELECT id, EXISTS (SELECT 1 FROM members WHERE program_id = ${programId} AND members.id = page.id) AS isMember
    FROM (${after(id, sql`members`)} UNION ${after(memberId, sql`entries`)}
          UNION ${after(memberId, sql`balances`)} ORDER BY id LIMIT ${count}) AS page`)
}

/** Lets positions begin anew where none was ever given out, and drops what no entry of the program speaks of. */
export const begin = (db: Database, { programId, startedAt }: Rebuild) =>
  db.batch([
    // A millisecond has less than one entry, so that this is above all positions, those of lost rows too.
    raiseFloor(db, sql`SELECT ${programId}, ${startedAt} WHERE true`),
    db.delete(purchases).where(
      sql`program_id = ${programId} AND NOT EXISTS (SELECT 1 FROM entries
          WHERE program_id = ${programId} AND member_id = purchases.member_id AND seq = purchases.seq)`,
    ),
    ...recount(db, programId),
  ])

/** Takes the turn at a page and drops all that its members have, or does nothing and answers false. */
export async function takeTurn(
  db: Database,
  { programId, cursor, turn: was }: Rebuild,
  turn: string,
  page: readonly Pointer[],
): Promise<boolean> {
  const isNext = [eq(rebuilds.cursor, cursor), eq(rebuilds.turn, was), isNull(rebuilds.finishedAt)]
  const is = and(eq(rebuilds.programId, programId), eq(rebuilds.turn, turn))
  const own = db.select({ turn: rebuilds.turn }).from(rebuilds).where(is)
  const [, [taken]] = await db.batch([
    db
      .update(rebuilds)
      .set({ turn })
      .where(and(eq(rebuilds.programId, programId), ...isNext)),
    own,
    ...dropping(db, page, sql`EXISTS ${own}`),
  ])
  return taken !== undefined
}

/** Notes that so many more members are rebuilt, up to `cursor`, unless somebody else has taken the turn. */
export const moveOn = (
  db: Database,
  { programId, turn, rebuilt, cursor }: Pick<Rebuild, 'programId' | 'turn' | 'rebuilt' | 'cursor'>,
) =>
  db
    .update(rebuilds)
    .set({ rebuilt: sql`rebuilt + ${rebuilt}`, cursor })
    .where(and(eq(rebuilds.programId, programId), eq(rebuilds.turn, turn)))

/** Ends a rebuild whose last page is done. */
export const finish = (db: Database, { programId, turn }: Rebuild, now: number) => {
  const known = db.select({ id: members.id }).from(members).where(eq(members.programId, programId))
  return db.batch([
    ...recount(db, programId),
    db
      .delete(behind)
      .where(and(eq(behind.programId, programId), notInArray(behind.memberId, known))),
    db
      .update(rebuilds)
      .set({ finishedAt: now })
      .where(and(eq(rebuilds.programId, programId), eq(rebuilds.turn, turn))),
  ])
}

/** Drops what D1 has of a member whose ledger has another history, unless somebody did. */
export async function beginHistory(
  db: Database,
  member: Pointer,
  { was, is }: { was: number; is: number },
): Promise<void> {
  const { programId, memberId } = member
  const own = and(eq(histories.programId, programId), eq(histories.memberId, memberId))
  const stands = sql`coalesce(${db.select({ history: histories.history }).from(histories).where(own)}, 0)`
  await db.batch([
    ...dropping(db, [member], sql`${stands} = ${was}`),
    db
      .insert(histories)
      .select(sql`SELECT ${programId}, ${memberId}, ${is} WHERE ${stands} = ${was}`)
      .onConflictDoUpdate({
        target: [histories.programId, histories.memberId],
        set: { history: is },
      }),
  ])
}

/** What drops the entries, purchases and balances of members and takes them out of the totals, if `condition` holds. */
function dropping(db: Database, whose: readonly Pointer[], condition: SQL) {
  const named = sql`FROM json_each(${JSON.stringify(whose)}) WHERE ${condition}`
  const areTheirs = ofMembers(named)
  return [
    raiseFloor(
      db,
      sql`SELECT DISTINCT value ->> 'programId', coalesce((SELECT max(position) FROM entries
            WHERE program_id = value ->> 'programId'), 0) ${named}`,
    ),
    db
      .insert(totals)
      .select(
        sql`SELECT program_id, month, figure, -sum(points) FROM entries
            WHERE ${areTheirs} AND figure IS NOT NULL AND points <> 0 GROUP BY 1, 2, 3`,
      )
      .onConflictDoUpdate({
        target: [totals.programId, totals.month, totals.figure],
        set: { points: sql`points + excluded.points` },
      }),
    db.delete(purchases).where(inEntries(areTheirs)),
    db.delete(entries).where(areTheirs),
    db
      .delete(balances)
      .where(
        sql`(program_id, member_id) IN (SELECT value ->> 'programId', value ->> 'memberId' ${named})`,
      ),
  ] as const
}

const raiseFloor = (db: Database, rows: SQL) =>
  db
    .insert(floors)
    .select(rows)
    .onConflictDoUpdate({
      target: floors.programId,
      set: { position: sql`max(position, excluded.position)` },
    })

/** What makes a program's totals the sums of its entries. */
const recount = (db: Database, programId: string) =>
  [
    db.delete(totals).where(eq(totals.programId, programId)),
    db.insert(totals).select(
      sql`SELECT program_id, month, figure, sum(points) FROM entries
          WHERE program_id = ${programId} AND figure IS NOT NULL AND points <> 0 GROUP BY 1, 2, 3`,
    ),
  ] as const
