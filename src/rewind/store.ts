import { and, eq, isNull, lt } from 'drizzle-orm'
import type { Database } from '../db/client'
import { rewinds } from '../db/recovery-tables'

/** A ledger that is put back, or was; times in real milliseconds. */
export type Rewind = typeof rewinds.$inferSelect

/** Notes that a ledger is about to be put back. */
export const startRewind = (db: Database, rewind: typeof rewinds.$inferInsert) =>
  db.insert(rewinds).values(rewind)

/** Notes that a ledger was put back, and that the lists follow it. */
export const endRewind = (db: Database, rewind: Rewind, finishedAt: number) =>
  db.update(rewinds).set({ finishedAt }).where(isOf(rewind))

/** Forgets a rewind that was refused. */
export const dropRewind = (db: Database, rewind: Rewind) => db.delete(rewinds).where(isOf(rewind))

/** Rewinds that were begun before an instant and are not done. */
export const listUnfinished = (db: Database, before: number): Promise<Rewind[]> =>
  db
    .select()
    .from(rewinds)
    .where(and(isNull(rewinds.finishedAt), lt(rewinds.startedAt, before)))

const isOf = ({ programId, memberId, startedAt }: Rewind) =>
  and(
    eq(rewinds.programId, programId),
    eq(rewinds.memberId, memberId),
    eq(rewinds.startedAt, startedAt),
  )
