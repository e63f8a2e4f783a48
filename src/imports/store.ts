import { and, desc, eq, lt, or } from 'drizzle-orm'
import { type Database, isConflict } from '../db/client'
import { imports } from '../db/tables'
import type { Import } from './import'

type Whose = Pick<Import, 'programId' | 'id'>

const is = ({ programId, id }: Whose) => and(eq(imports.programId, programId), eq(imports.id, id))

/** Notes that an import was begun; once more changes nothing. */
export async function insertImport(
  db: Database,
  { programId, id, createdAt }: Whose & { createdAt: number },
): Promise<void> {
  await db.insert(imports).values({ programId, id, createdAt }).onConflictDoNothing()
}

/** Notes what an import's file says; the id of another one that has said the same, or null. */
export async function claimContent(
  db: Database,
  { programId, id, digest }: Whose & { digest: string },
): Promise<string | null> {
  try {
    await db.update(imports).set({ digest }).where(is({ programId, id }))
    return null
  } catch (error) {
    if (!isConflict(error)) {
      throw error
    }
    const same = and(eq(imports.programId, programId), eq(imports.digest, digest))
    return (await db.select({ id: imports.id }).from(imports).where(same).get())?.id ?? id
  }
}

/** What it said can be said by another again. */
export async function freeContent(db: Database, whose: Whose): Promise<void> {
  await db.update(imports).set({ digest: null }).where(is(whose))
}

/** Where a list of imports goes on. */
export type Before = Pick<typeof imports.$inferSelect, 'createdAt' | 'id'>

/** The ids of up to `count` imports of a program, the newest first, from one on. */
export const listImports = (
  db: Database,
  programId: string,
  before: Before | null,
  count: number,
) =>
  db
    .select({ createdAt: imports.createdAt, id: imports.id })
    .from(imports)
    .where(
      and(
        eq(imports.programId, programId),
        before
          ? or(
              lt(imports.createdAt, before.createdAt),
              and(eq(imports.createdAt, before.createdAt), lt(imports.id, before.id)),
            )
          : undefined,
      ),
    )
    .orderBy(desc(imports.createdAt), desc(imports.id))
    .limit(count)
