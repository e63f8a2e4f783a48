import { and, desc, eq, lt, lte, max, sql } from 'drizzle-orm'
import { insertKey, type NewKey } from '../auth/store'
import { type Database, isConflict } from '../db/client'
import { balances, programs, programVersions } from '../db/tables'
import { exponent } from './money'
import { defaultDocument, type Program } from './program'

type NewProgram = typeof programs.$inferInsert

/** A version of a program's rules: what, when by the program's clock (milliseconds), and by which key. */
export type Version = typeof programVersions.$inferSelect

/** Adds a program with its first version and its first key, or nothing. */
export async function createProgram(
  db: Database,
  program: NewProgram,
  version: Version,
  key: NewKey,
): Promise<void> {
  await db.batch([
    db.insert(programs).values(program),
    db.insert(programVersions).values(version),
    insertKey(db, key),
  ])
}

/** The program of that id as it is now, or null. */
export async function findProgram(db: Database, id: string): Promise<Program | null> {
  const found = await db
    .select()
    .from(programs)
    .leftJoin(
      programVersions,
      and(
        eq(programVersions.programId, programs.id),
        eq(programVersions.version, programs.version),
      ),
    )
    .where(eq(programs.id, id))
    .get()
  if (found === undefined) {
    return null
  }
  const { mode, version, currency, createdAt, clock: clockMs } = found.programs
  const published = found.program_versions
  const document = published?.document ?? defaultDocument(found.programs, exponent(currency))
  const publishedAt = published?.publishedAt ?? createdAt
  return { ...document, id, mode, version, publishedAt, clockMs }
}

/** A program as it was at an instant (milliseconds by its clock); before its first version, as that. */
export async function findProgramAt(db: Database, program: Program, at: number): Promise<Program> {
  const { programId, version, publishedAt } = programVersions
  const mine = eq(programId, program.id)
  const last = db
    .select({ version: max(version) })
    .from(programVersions)
    .where(and(mine, lte(publishedAt, at)))
  const then = await db
    .select()
    .from(programVersions)
    .where(and(mine, eq(version, sql`coalesce(${last}, 1)`)))
    .get()
  return then
    ? { ...program, ...then.document, version: then.version, publishedAt: then.publishedAt }
    : program
}

/** One version of a program's rules, or null. */
export async function findVersion(
  db: Database,
  programId: string,
  version: number,
): Promise<Version | null> {
  const is = and(eq(programVersions.programId, programId), eq(programVersions.version, version))
  return (await db.select().from(programVersions).where(is).get()) ?? null
}

/** Up to `count` versions before one, the newest first, without what they say. */
export const listVersions = (db: Database, programId: string, before: number, count: number) =>
  db
    .select({
      version: programVersions.version,
      publishedAt: programVersions.publishedAt,
      keyId: programVersions.keyId,
    })
    .from(programVersions)
    .where(and(eq(programVersions.programId, programId), lt(programVersions.version, before)))
    .orderBy(desc(programVersions.version))
    .limit(count)

/**
 * Publishes the version after the one that is in force; false, and nothing is changed, when it is not any more.
 * Where it moves tiers, every member becomes due: the next cron settles them.
 */
export async function publish(
  db: Database,
  next: Version,
  { movesTiers }: { movesTiers: boolean },
): Promise<boolean> {
  const { programId, version, publishedAt } = next
  const isNext = and(eq(programs.id, programId), eq(programs.version, version - 1))
  const all = eq(balances.programId, programId)
  try {
    // Whoever comes second with a version finds its row taken, and changes nothing.
    await db.batch([
      db.insert(programVersions).values(next),
      db.update(programs).set({ version }).where(isNext),
      ...(movesTiers ? [db.update(balances).set({ dueAt: publishedAt }).where(all)] : []),
    ])
    return true
  } catch (error) {
    if (isConflict(error)) {
      return false
    }
    throw error
  }
}
