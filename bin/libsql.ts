// npm run libsql -- load|save <file>: moves rows between a file and the libSQL database of LIBSQL_URL.
import { type Client, createClient } from '@libsql/client/web'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { linesOf } from './lines.ts'
import { libsqlOf, quit } from './local.ts'
import { migrate } from './migrate.ts'

const usage = `npm run libsql -- load <file>   adds the rows of a file that \`wrangler d1 export\` wrote
npm run libsql -- save <file>   writes all rows but the lists to a file for \`wrangler d1 execute --file\`

The database is LIBSQL_URL with LIBSQL_AUTH_TOKEN, from the environment or .dev.vars.`

/** How many rows go in one call. */
const PAGE = 500

/** The most bytes of a statement that D1 takes. */
const STATEMENT_BYTES = 100_000

/** Texts that are longer leave a row that is too long. */
const LONG = 1_000

/** What of a text goes in one statement: a sign has four bytes at most. */
const PIECES = /.{1,20000}/gsu

/** The lists, which are written anew from the ledgers. */
const projected = new Set(['entries', 'purchases', 'balances', 'totals'])

/** Tables of others: what the migrations have noted, and SQLite's own. */
const foreign = /^(d1_|sqlite_|libsql_|_)/

/** The statements of a file, each from the beginning of a line to the end of one. */
async function* statementsOf(file: string) {
  let [lines, isInText]: [string[], boolean] = [[], false]
  for await (const line of linesOf(file)) {
    lines.push(line)
    // An odd number of quotes: a text begins or ends in this line.
    isInText = isInText !== (line.split("'").length % 2 === 0)
    if (line.endsWith(';') && !isInText) {
      yield lines.join('\n')
      lines = []
    }
  }
}

/** A statement of a file, and which row of its table it is about. */
interface Asked {
  statement: string
  table: string
  nth: number
}

/** The statements of a file that write rows, of our own tables. */
async function* rowsIn(file: string): AsyncGenerator<Asked> {
  const seen = new Map<string, number>()
  for await (const statement of statementsOf(file)) {
    const [, verb, table = ''] = /^(INSERT INTO|UPDATE) "?(\w+)/.exec(statement) ?? []
    if (table !== '' && !foreign.test(table)) {
      const nth = (seen.get(table) ?? 0) + (verb === 'UPDATE' ? 0 : 1)
      seen.set(table, nth)
      yield { statement, table, nth }
    }
  }
}

/** Which row a statement is about, for who looks for it in the file. */
const described = ({ statement, table, nth }: Asked): string => {
  const begin = /(VALUES ?\(|SET ).{0,80}/s.exec(statement)?.[0] ?? ''
  return `row ${nth} of ${table}, ${begin.replace(/\p{Cc}/gu, '·')}…`
}

/** Writes rows at once, or where that fails one after the other, up to the one at fault. */
async function write(client: Client, page: readonly Asked[]): Promise<void> {
  try {
    await client.batch(
      page.map(({ statement }) => statement),
      'write',
    )
  } catch {
    for (const asked of page) {
      await client.execute(asked.statement).catch((cause: Error) => {
        throw new Error(`${described(asked)}: ${cause.message}`, { cause })
      })
    }
  }
}

/** Adds the rows of a dump to a database without rows; how many they were. */
export async function load(client: Client, file: string): Promise<number> {
  await migrate(client)
  let [count, page]: [number, Asked[]] = [0, []]
  const flush = async () => {
    await write(client, page)
    count += page.filter(({ statement }) => statement.startsWith('INSERT')).length
    page = []
  }
  for await (const asked of rowsIn(file)) {
    if (page.push(asked) === PAGE) {
      await flush()
    }
  }
  await flush()
  return count
}

/** A value of a row, as SQL. */
interface Cell {
  column: string
  isKey: boolean
  literal: string
}

const columnsOf = (row: readonly Pick<Cell, 'column'>[]) =>
  row.map(({ column }) => `"${column}"`).join()

/** Says which row is meant, or which come after it. */
const where = (row: readonly Cell[], sign: '=' | '>'): string => {
  const key = row.filter(({ isKey }) => isKey)
  return `WHERE (${columnsOf(key)}) ${sign} (${key.map(({ literal }) => literal).join()})`
}

/** A text as literals that D1 takes in one statement each. */
const piecesOf = (literal: string): string[] => {
  const text = literal.slice(1, -1).replaceAll("''", "'")
  return text.match(PIECES)!.map((piece) => `'${piece.replaceAll("'", "''")}'`)
}

/** The statements that add a row: one, and where that is too long one more for each piece of its long texts. */
function adding(table: string, row: readonly Cell[]): string[] {
  const insert = (isLeft: (cell: Cell) => boolean) => {
    const values = row.map((cell) => (isLeft(cell) ? "''" : cell.literal))
    return `INSERT INTO "${table}" (${columnsOf(row)}) VALUES(${values.join()});\n`
  }
  const whole = insert(() => false)
  if (Buffer.byteLength(whole) <= STATEMENT_BYTES) {
    return [whole]
  }
  const isLong = ({ isKey, literal }: Cell) =>
    !isKey && literal.startsWith("'") && literal.length > LONG
  const appending = ({ column, literal }: Cell) =>
    piecesOf(literal).map(
      (piece) =>
        `UPDATE "${table}" SET "${column}" = "${column}" || ${piece} ${where(row, '=')};\n`,
    )
  return [insert(isLong), ...row.filter(isLong).flatMap(appending)]
}

/** The rows of a table, a page at a time, in the order of its key. */
async function* rowsOf(client: Client, table: string): AsyncGenerator<Cell[][]> {
  const info = await client.execute(`SELECT name, pk FROM pragma_table_info('${table}')`)
  const columns = info.rows.map(({ name, pk }) => ({ column: name as string, isKey: Boolean(pk) }))
  const literals = columns.map(({ column }) => `quote("${column}")`).join()
  const order = `ORDER BY ${columnsOf(columns.filter(({ isKey }) => isKey))} LIMIT ${PAGE}`
  for (let after = ''; ;) {
    const { rows } = await client.execute(`SELECT ${literals} FROM "${table}" ${after} ${order}`)
    const page = rows.map((row) => columns.map((of, i) => ({ ...of, literal: row[i] as string })))
    yield page
    if (page.length < PAGE) {
      return
    }
    after = where(page.at(-1)!, '>')
  }
}

/** Writes all rows but the lists to a file, as statements that add them to a migrated database; how many they were. */
export async function save(client: Client, file: string): Promise<number> {
  const all = await client.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
  const tables = all.rows.map(({ name }) => name as string)
  let count = 0
  async function* statements() {
    for (const table of tables.filter((name) => !foreign.test(name) && !projected.has(name))) {
      for await (const page of rowsOf(client, table)) {
        count += page.length
        yield page.flatMap((row) => adding(table, row)).join('')
      }
    }
  }
  // Under another name until it is whole.
  const part = `${file}.part`
  try {
    await pipeline(statements, createWriteStream(part, { mode: 0o600 }))
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true }).catch(() => null)
    throw error
  }
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
