import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '../db/client'
import { clockMoves, programs } from '../db/tables'

/** How far a clock has brought the members of its program. */
export type Move = typeof clockMoves.$inferSelect

/** The last move of a program's clock, or null. */
export async function findMove(db: Database, programId: string): Promise<Move | null> {
  return (
    (await db.select().from(clockMoves).where(eq(clockMoves.programId, programId)).get()) ?? null
  )
}

/**
 * Moves a test program's clock forward, from `now` where it ran on real time (milliseconds). Null, and nothing is
 * changed, when it stands later already. To where it stands, it goes on with the move that is under way.
 */
export async function startMove(
  db: Database,
  programId: string,
  to: { clock: number; now: number },
): Promise<Move | null> {
  const { clock, now } = to
  const stands = sql`coalesce(${programs.clock}, ${now}) <= ${clock}`
  const is = and(eq(programs.id, programId), eq(programs.mode, 'test'))
  const moved = sql`(SELECT clock FROM programs WHERE id = ${programId}) = ${clock}`
  const [, , [move]] = await db.batch([
    db.update(programs).set({ clock }).where(and(is, stands)),
    db
      .insert(clockMoves)
      .select(
        // Every column, in the order of the table.
        sql`SELECT ${programId}, ${clock}, (SELECT count(*) FROM members WHERE program_id = ${programId}), 0, ''
            WHERE ${moved}`,
      )
      .onConflictDoUpdate({
        target: clockMoves.programId,
        set: {
          clock,
          members: sql`excluded.members`,
          settled: 0,
          cursor: '',
        },
        setWhere: sql`excluded.clock > clock_moves.clock`,
      }),
    db
      .select()
      .from(clockMoves)
      .where(and(eq(clockMoves.programId, programId), eq(clockMoves.clock, clock))),
  ])
  return move ?? null
}

/** Notes that so many more members are settled, up to `cursor` or, at null, all; the move as it is then. */
export async function progress(
  db: Database,
  move: Move,
  { settled, cursor }: { settled: number; cursor: string | null },
): Promise<Move> {
  const { programId, clock } = move
  const isHere = and(
    eq(clockMoves.programId, programId),
    eq(clockMoves.clock, clock),
    eq(clockMoves.cursor, move.cursor ?? ''),
  )
  await db
    .update(clockMoves)
    .set({ settled: sql`settled + ${settled}`, cursor })
    .where(isHere)
  return (await findMove(db, programId))!
}
