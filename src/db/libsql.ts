import { type Client, createClient, type InArgs } from '@libsql/client/web'

/** Where the database is: `libsql:`, `https:` or, on one's own machine, `http:`; the token, if it asks for one. */
export interface Libsql {
  LIBSQL_URL: string
  LIBSQL_AUTH_TOKEN?: string
}

/** As D1 does: what takes longer is lost. */
const TIMEOUT_MS = 30_000

let opened: { url: string; authToken: string | undefined; db: D1Database } | undefined

/** libSQL with the face of D1, as far as drizzle looks at it: one driver serves both. Made once an isolate. */
export function libsql({ LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken }: Libsql): D1Database {
  if (opened?.url !== url || opened.authToken !== authToken) {
    opened = { url, authToken, db: open(url, authToken) }
  }
  return opened.db
}

function open(url: string, authToken: string | undefined): D1Database {
  const client = createClient({
    url,
    authToken,
    // A statement that waited for its turn would be sent by another request, which workerd forbids.
    concurrency: Infinity,
    fetch: inTime,
  })
  return {
    prepare: (sql: string) => statement(client, sql),
    batch: async (all: { sql: string; args: InArgs }[]) =>
      (await client.batch(all, 'write')).map(({ rows }) => ({ results: rows })),
  } as unknown as D1Database
}

async function inTime(request: Request): Promise<Response> {
  const late = new AbortController()
  // Not AbortSignal.timeout, whose timers run on when the answer is there.
  const timer = setTimeout(() => late.abort(), TIMEOUT_MS)
  try {
    return await fetch(request, { signal: late.signal })
  } finally {
    clearTimeout(timer)
  }
}

function statement(client: Client, sql: string, args: InArgs = []) {
  const all = async () => ({ results: (await client.execute({ sql, args })).rows })
  return {
    sql,
    args,
    bind: (...values: []) => statement(client, sql, values),
    all,
    run: all,
    raw: async () => (await all()).results.map((row) => Array.from(row)),
  }
}
