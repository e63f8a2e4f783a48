import { eq } from 'drizzle-orm'
import { insertKey, type NewKey } from '../auth/store'
import type { Database } from '../db/client'
import { programs } from '../db/tables'
import { exponent } from './money'
import { defaultRules, type Program } from './program'

type NewProgram = typeof programs.$inferInsert

/** Adds a program and its first key, or neither. */
export async function createProgram(db: Database, program: NewProgram, key: NewKey): Promise<void> {
  await db.batch([db.insert(programs).values(program), insertKey(db, key)])
}

/** The program of that id as it is now, or null. */
export async function findProgram(db: Database, id: string): Promise<Program | null> {
  const row = await db.select().from(programs).where(eq(programs.id, id)).get()
  if (row === undefined) {
    return null
  }
  const { mode, version, currency, timeZone, country, clock: clockMs } = row
  const rules = defaultRules(exponent(currency))
  return { id, mode, version, currency, timeZone, country, clockMs, rules }
}
