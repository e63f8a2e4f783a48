import { getTableColumns, sql, type SQL } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

/**
 * Rows of a table as `INSERT … SELECT` takes them, every column in the table's order: D1 binds a hundred parameters at
 * most, and this is one. Fields are named as the columns are in code; JSON columns hold values, not texts.
 */
export function rowsOf<T extends SQLiteTable>(table: T, rows: readonly T['$inferInsert'][]): SQL {
  const columns = Object.entries(getTableColumns(table)).map(([name, column]) =>
    sql.raw(`value ${column.dataType === 'json' ? '->' : '->>'} '$.${name}'`),
  )
  return sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${JSON.stringify(rows)}) WHERE true`
}
