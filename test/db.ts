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

/** A D1 that counts the rows which it writes and reads; libSQL does not tell. */
export function countingRows() {
  const counted = { rows: 0, read: 0 }
  const batch = async <T>(all: D1PreparedStatement[]) => {
    const results = await SQL.batch<T>(all)
    counted.rows += results.reduce((sum, { meta }) => sum + meta.rows_written, 0)
    counted.read += results.reduce((sum, { meta }) => sum + meta.rows_read, 0)
    return results
  }
  // A statement by itself is a batch of one.
  const prepare = (sql: string) => {
    const statement = SQL.prepare(sql)
    const original = statement.bind.bind(statement)
    const bind = (...values: unknown[]) => {
      const bound = original(...values)
      const asRows = bound.raw.bind(bound)
      const run = async () => (await batch<object>([bound]))[0]!
      const raw = async () => {
        const { results } = await run()
        // What reads may name two columns alike: it is asked once more.
        return sql.startsWith('select') ? asRows() : results.map((row) => Object.values(row))
      }
      return Object.assign(bound, { run, all: run, raw: raw as never })
    }
    return Object.assign(statement, { bind: bind as never })
  }
  return { counted, DB: { prepare, batch } as unknown as D1Database }
}
