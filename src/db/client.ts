import { drizzle, type DrizzleD1Database } from 'drizzle-orm/d1'
import { type Libsql, libsql } from './libsql'

export type Database = DrizzleD1Database

/** What decides which database holds the rows of a call. One holds all for now. */
export interface Shard {
  programId: string
  memberId?: string
  contactHash?: string
}

/** The database of a shard: libSQL where `LIBSQL_URL` names one, else D1. */
export const database = (env: Pick<Env, 'DB'> & Libsql, _shard: Shard): Database =>
  drizzle(env.LIBSQL_URL ? libsql(env) : env.DB)

/** Whether a statement failed because what it adds is there already. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message.includes('UNIQUE constraint failed') || isConflict(error.cause))

/** Whether a statement failed because what it adds is no row of its table. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Error &&
  (/NOT NULL|CHECK|datatype/.test(error.message) || isRefused(error.cause))
