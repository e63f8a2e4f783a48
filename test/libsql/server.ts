// The real engine of libSQL, the npm package `libsql`, as a server: as much of Hrana 2 over HTTP as @libsql/client sends.
// https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_2_SPEC.md
// node test/libsql/server.ts <port> <file> [token]
import Database from 'libsql'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Value =
  | { type: 'null' }
  | { type: 'integer' | 'text'; value: string }
  | { type: 'float'; value: number }
  | { type: 'blob'; base64: string }

interface Statement {
  sql?: string
  sql_id?: number
  args: Value[]
}

type Condition =
  | { type: 'ok' | 'error'; step: number }
  | { type: 'not'; cond: Condition }
  | { type: 'and' | 'or'; conds: Condition[] }

type Ask =
  | { type: 'execute'; stmt: Statement }
  | { type: 'batch'; batch: { steps: { stmt: Statement; condition?: Condition }[] } }
  | { type: 'sequence' | 'store_sql'; sql: string; sql_id?: number }
  | { type: 'close_sql' | 'close' }

const bound = (value: Value): unknown => {
  if (value.type === 'integer') {
    return BigInt(value.value)
  }
  if (value.type === 'blob') {
    return Buffer.from(value.base64, 'base64')
  }
  return value.type === 'null' ? null : value.value
}

const told = (value: unknown): Value => {
  if (typeof value === 'bigint') {
    return { type: 'integer', value: String(value) }
  }
  if (typeof value === 'number') {
    return { type: 'float', value }
  }
  if (typeof value === 'string') {
    return { type: 'text', value }
  }
  return value === null
    ? { type: 'null' }
    : { type: 'blob', base64: Buffer.from(value as Uint8Array).toString('base64') }
}

const errorOf = (error: unknown) => {
  const { message, code } = error as InstanceType<typeof Database.SqliteError>
  return { message: `SQLite error: ${message}`, code }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Runs a statement. The driver ends one that was refused only when it is collected, and until then it commits nothing. */
function settled<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error as Error).message.includes('statements in progress')) {
      throw error
    }
    collectGarbage()
    return run()
  }
}

/** What one call asks of the database, in order; the texts it stores are forgotten with it, as is what it did not commit. */
function stream(db: Database.Database) {
  const texts = new Map<number | undefined, string>()

  const execute = ({ sql, sql_id: id, args }: Statement) => {
    const statement = db.prepare(sql ?? texts.get(id)!).safeIntegers(true)
    const values = args.map(bound)
    if (!statement.reader) {
      const { changes } = settled(() => statement.run(values))
      return { cols: [], rows: [], affected_row_count: changes }
    }
    const cols = statement.columns().map(({ name, type }) => ({ name, decltype: type }))
    const rows = statement.raw(true).all(values) as unknown[][]
    return { cols, rows: rows.map((row) => row.map(told)), affected_row_count: 0 }
  }

  const batch = (steps: (Ask & { type: 'batch' })['batch']['steps']) => {
    const results: unknown[] = steps.map(() => null)
    const errors: unknown[] = steps.map(() => null)
    const holds = (cond: Condition): boolean => {
      if (cond.type === 'not') {
        return !holds(cond.cond)
      }
      if (cond.type === 'and' || cond.type === 'or') {
        return cond.type === 'and' ? cond.conds.every(holds) : cond.conds.some(holds)
      }
      return (cond.type === 'ok' ? results : errors)[cond.step] !== null
    }
    for (const [i, { stmt, condition }] of steps.entries()) {
      if (condition === undefined || holds(condition)) {
        try {
          results[i] = execute(stmt)
        } catch (error) {
          errors[i] = errorOf(error)
        }
      }
    }
    return { step_results: results, step_errors: errors }
  }

  const answer = (ask: Ask): object => {
    if (ask.type === 'execute') {
      return { result: execute(ask.stmt) }
    }
    if (ask.type === 'batch') {
      return { result: batch(ask.batch.steps) }
    }
    if (ask.type === 'sequence') {
      db.exec(ask.sql)
    }
    if (ask.type === 'store_sql') {
      texts.set(ask.sql_id, ask.sql)
    }
    return {}
  }

  return (ask: Ask) => {
    try {
      return { type: 'ok', response: { type: ask.type, ...answer(ask) } }
    } catch (error) {
      return { type: 'error', error: errorOf(error) }
    }
  }
}

/** Serves the database in `file` on a port of this machine, to whoever has the token. */
export async function serve({ file = ':memory:', port = 0, token = '' } = {}) {
  const db = new Database(file)
  const reply = async (request: IncomingMessage, response: ServerResponse) => {
    if (token && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { 'content-type': 'application/json' })
      response.end('{"error":"Unauthorized"}')
      return
    }
    // Calls do not mix: from here on nothing is awaited.
    const { requests } = (await json(request)) as { requests: Ask[] }
    const results = requests.map(stream(db))
    if (db.inTransaction) {
      db.exec('ROLLBACK')
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ baton: null, base_url: null, results }))
  }
  const server = createServer((request, response) => {
    reply(request, response).catch((error: unknown) => {
      // An object that is killed hangs up in the middle of its call, and is owed no answer.
      if (request.complete) {
        throw error
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () => {
      server.closeAllConnections()
      server.close()
      db.close()
    },
  }
}

if (import.meta.main) {
  const [port, file, token] = process.argv.slice(2)
  const { url } = await serve({ file, port: Number(port ?? 8080), token })
  console.log(`libSQL on ${url}`)
}
