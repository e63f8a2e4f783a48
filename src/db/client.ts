import { drizzle, type DrizzleD1Database } from 'drizzle-orm/d1'

export type Database = DrizzleD1Database

/** What decides which database holds the rows of a call. One holds all for now. */
export interface Shard {
  programId: string
  memberId?: string
  contactHash?: string
}

/** The database of a shard. */
export const database = (env: Pick<Env, 'DB'>, _shard: Shard): Database => drizzle(env.DB)

/** Whether a statement failed because what it adds is there already. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message.includes('UNIQUE constraint failed') || isConflict(error.cause))
