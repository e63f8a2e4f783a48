import { env } from 'cloudflare:workers'
import { libsql } from '../src/db/libsql'

/** Whether this run is on libSQL (`--mode libsql`), beside a D1 that has no tables. */
export const onLibsql = Boolean(env.LIBSQL_URL)

/** With the word that tests use and drizzle does not. */
function withFirst(statement: D1PreparedStatement): D1PreparedStatement {
  const first = async (column?: string) => {
    const [row] = (await statement.run<Record<string, unknown>>()).results
    return (column === undefined ? row : row?.[column]) ?? null
  }
  const bind = (...values: unknown[]) => withFirst(statement.bind(...values))
  return { ...(statement as object), bind, first } as D1PreparedStatement
}

/** The database of this run, D1 or libSQL, by the words of D1. */
export const SQL: Pick<D1Database, 'prepare' | 'batch'> = onLibsql
  ? {
      prepare: (sql) => withFirst(libsql(env).prepare(sql)),
      batch: (all) => libsql(env).batch(all),
    }
  : env.DB

/** The bindings of the test, some replaced. A `DB` among them takes the place of the run's database, whichever it is. */
export const envWith = (bindings: Partial<Env> = {}): Env => ({
  ...env,
  ...(bindings.DB && { LIBSQL_URL: '' }),
  ...bindings,
})
