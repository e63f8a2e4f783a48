import { and, eq, sql } from 'drizzle-orm'
import type { Database } from './client'
import { behind, histories } from './recovery-tables'
import { balances } from './tables'

interface Whose {
  programId: string
  memberId: string
}

/** Up to which `seq` the projection has this member, 0 when it has nothing, and of which history. */
export async function findProjected(
  db: Database,
  { programId, memberId }: Whose,
): Promise<{ seq: number; history: number }> {
  const seq = db
    .select({ seq: balances.seq })
    .from(balances)
    .where(and(eq(balances.programId, programId), eq(balances.memberId, memberId)))
  const history = db
    .select({ history: histories.history })
    .from(histories)
    .where(and(eq(histories.programId, programId), eq(histories.memberId, memberId)))
  return db.get(sql`SELECT coalesce(${seq}, 0) AS seq, coalesce(${history}, 0) AS history`)
}

const json = (members: readonly Whose[]) => {
  const whose = members.map(({ programId, memberId }) => ({ programId, memberId }))
  return sql`json_each(${JSON.stringify(whose)})`
}

/** Notes that the projection lacks something of members since `since`, real milliseconds, unless that is known. */
export const markBehind = (db: Database, members: readonly Whose[], since: number) =>
  db
    .insert(behind)
    .select(
      sql`SELECT value ->> 'programId', value ->> 'memberId', ${since}
          FROM ${json(members)} WHERE true`,
    )
    .onConflictDoNothing()

/** Notes that the projection has all of members. */
export const unmarkBehind = (db: Database, members: readonly Whose[]) =>
  db.delete(behind).where(sql`(program_id, member_id) IN (
    SELECT value ->> 'programId', value ->> 'memberId' FROM ${json(members)})`)

const HOUR_MS = 3_600_000

/** Up to `count` members to ask for again: for an hour at each round of the cron, then once an hour. Any of them, so that none stands in the way of the others. */
export const listBehind = (
  db: Database,
  { now, everyMs, count }: { now: number; everyMs: number; count: number },
): Promise<Whose[]> =>
  db
    .select({ programId: behind.programId, memberId: behind.memberId })
    .from(behind)
    .where(sql`${now} - since < ${HOUR_MS} OR (${now} - since) % ${HOUR_MS} < ${everyMs}`)
    .orderBy(sql`random()`)
    .limit(count)
