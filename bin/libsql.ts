// npm run libsql -- load|save <file>: moves rows between a file and the libSQL database of LIBSQL_URL.
import { type Client, createClient } from '@libsql/client/web'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { linesOf } from './lines.ts'
import { libsqlOf, quit } from './local.ts'
import { migrate } from './migrate.ts'

const usage = `npm run libsql -- load <file>   adds the rows of a file that \`wrangler d1 export\` wrote
npm run libsql -- save <file>   writes all rows to a file for \`wrangler d1 execute --file\`

The database is LIBSQL_URL with LIBSQL_AUTH_TOKEN, from the environment or .dev.vars.`

/** How many rows go in one call. */
const PAGE = 500

/** Tables of others: what the migrations have noted, and SQLite's own. */
const foreign = /^(d1_|sqlite_|libsql_|_)/

/** The statements of a file, each from the beginning of a line to the end of one. */
async function* statementsOf(file: string) {
  let statement = ''
  for await (const line of linesOf(file)) {
    statement += statement ? `\n${line}` : line
    // An odd number of quotes: the line ended inside a text.
    if (line.endsWith(';') && statement.split("'").length % 2 === 1) {
      yield statement
      statement = ''
    }
  }
}

/** Adds the rows of a dump to a database without rows; how many they were. */
export async function load(client: Client, file: string): Promise<number> {
  await migrate(client)
  let [count, page]: [number, string[]] = [0, []]
  const flush = async () => {
    await client.batch(page, 'write')
    count += page.length
    page = []
  }
  for await (const statement of statementsOf(file)) {
    const table = /^INSERT INTO "?(\w+)/.exec(statement)?.[1]
    if (table !== undefined && !foreign.test(table) && page.push(statement) === PAGE) {
      await flush()
    }
  }
  await flush()
  return count
}

const quoted = (name: unknown) => `"${name as string}"`

/** The rows of a table as statements that add them, a page at a time, in the order of its key. */
async function* rowsOf(client: Client, table: string) {
  const { rows: columns } = await client.execute(
    `SELECT name, pk FROM pragma_table_info('${table}')`,
  )
  const names = columns.map(({ name }) => quoted(name))
  const key = columns.filter(({ pk }) => pk).map(({ name }) => quoted(name))
  const literals = (all: string[]) => all.map((name) => `quote(${name})`).join(" || ',' || ")
  const read = `SELECT ${literals(names)} AS "values", ${literals(key)} AS "key" FROM "${table}"`
  const order = `ORDER BY ${key.join()} LIMIT ${PAGE}`
  for (let where = ''; ;) {
    const { rows } = await client.execute(`${read} ${where} ${order}`)
    yield rows.map(
      (row) => `INSERT INTO "${table}" (${names.join()}) VALUES(${row.values as string});`,
    )
    if (rows.length < PAGE) {
      return
    }
    where = `WHERE (${key.join()}) > (${rows.at(-1)!.key as string})`
  }
}

/** Writes all rows to a file, as statements that add them to a migrated database; how many they were. */
export async function save(client: Client, file: string): Promise<number> {
  const out = createWriteStream(file)
  const all = await client.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
  const tables = all.rows.map(({ name }) => name as string).filter((name) => !foreign.test(name))
  let count = 0
  for (const table of tables) {
    for await (const page of rowsOf(client, table)) {
      count += page.length
      out.write(page.map((line) => `${line}\n`).join(''))
    }
  }
  out.end()
  await once(out, 'finish')
  return count
}

if (import.meta.main) {
  const [command = '', file] = process.argv.slice(2)
  const act = command === 'load' ? load : command === 'save' ? save : quit(usage)
  const libsql = libsqlOf() ?? quit('LIBSQL_URL is missing: set it, or put it into .dev.vars.')
  try {
    console.log(`${await act(createClient(libsql), file ?? quit(usage))} rows`)
  } catch (error) {
    quit(`${command} failed: ${(error as Error).message}`)
  }
}
