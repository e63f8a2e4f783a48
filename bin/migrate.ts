// LIBSQL_URL=… LIBSQL_AUTH_TOKEN=… npm run migrate
import { type Client, createClient } from '@libsql/client/web'
import { readdirSync, readFileSync } from 'node:fs'
import { type Libsql, libsqlOf, quit } from './local.ts'

const source = 'migrations/d1'

// As `wrangler d1 migrations apply` has it, so that what was done goes along when a database is moved.
const record = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** Applies what is missing of `migrations/d1`, each file in one transaction with its record; the names of what was. */
export async function migrate(client: Client): Promise<string[]> {
  const applied = []
  for (const name of readdirSync(source).filter((file) => file.endsWith('.sql'))) {
    const statements = readFileSync(`${source}/${name}`, 'utf8').split('--> statement-breakpoint')
    const noted = { sql: 'INSERT INTO d1_migrations (name) VALUES (?)', args: [name] }
    try {
      await client.batch([record, noted, ...statements], 'write')
      applied.push(name)
    } catch (error) {
      // Applied before, or just now by somebody else.
      if (!(error as Error).message.includes('UNIQUE constraint failed: d1_migrations.name')) {
        throw error
      }
    }
  }
  return applied
}

/** Brings the database of `LIBSQL_URL` up to date, or ends with why not. */
export const migrateLibsql = async ({ url, authToken }: Libsql) => {
  try {
    return await migrate(createClient({ url, authToken }))
  } catch (error) {
    return quit(`The libSQL database cannot be migrated: ${(error as Error).message}`)
  }
}

if (import.meta.main) {
  const libsql = libsqlOf() ?? quit('LIBSQL_URL is missing: set it, or put it into .dev.vars.')
  const applied = await migrateLibsql(libsql)
  console.log(applied.length ? `Applied ${applied.join(', ')}.` : 'Nothing to apply.')
}
