import { type Client, createClient } from '@libsql/client/web'
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { load, save } from '../../bin/libsql.ts'
import { migrate } from '../../bin/migrate.ts'
import { serve } from './server.ts'

const folder = mkdtempSync(join(tmpdir(), 'punchcard-'))
const file = join(folder, 'rows.sql')
const open: (() => void)[] = []

/** A database with nothing in it. */
async function empty(): Promise<Client> {
  const { url, close } = await serve()
  open.push(close)
  return createClient({ url })
}

after(() => {
  open.forEach((close) => close())
  rmSync(folder, { recursive: true })
})

const files = readdirSync('migrations/d1').filter((name) => name.endsWith('.sql'))

describe('npm run migrate', () => {
  it('applies each file once, though two run at once', async () => {
    const client = await empty()
    const applied = await Promise.all([migrate(client), migrate(client)])
    assert.deepEqual(applied.flat().toSorted(), files)
    assert.deepEqual(await migrate(client), [])
    const { rows } = await client.execute('SELECT name FROM d1_migrations ORDER BY id')
    assert.deepEqual(
      rows.map(({ name }) => name),
      files,
    )
  })

  it('leaves nothing of a file that fails', async () => {
    const client = await empty()
    await client.execute('CREATE TABLE payments (id)')
    await assert.rejects(migrate(client), /already exists/)
    const { rows } = await client.execute(
      "SELECT name FROM sqlite_master WHERE name LIKE 'webhook%'",
    )
    assert.deepEqual(rows, [])
    await client.execute('DROP TABLE payments')
    assert.deepEqual(await migrate(client), files.slice(files.indexOf('0003_webhooks.sql')))
  })
})

describe('npm run libsql', () => {
  let client: Client
  // More than two pages, and texts that look like the end of a statement.
  const texts = ["o'clock;", 'two\nlines;\n', "';\n--", '"', 'Ünüs 李', '']
  const ids = Array.from({ length: 1_203 }, (_, i) => String(i % 7) + i)

  before(async () => {
    client = await empty()
    await migrate(client)
    const sql = 'INSERT INTO imports VALUES (?, ?, ?, NULL)'
    const args = (id: string, i: number) => [id, texts[i % texts.length] ?? '', i - 600]
    await client.batch(
      ids.map((id, i) => ({ sql, args: args(id, i) })),
      'write',
    )
  })

  beforeEach(async () => assert.equal(await save(client, file), ids.length))

  it('loads what it saved', async () => {
    const saved = readFileSync(file, 'utf8')
    const other = await empty()
    assert.equal(await load(other, file), ids.length)
    await save(other, file)
    assert.equal(readFileSync(file, 'utf8'), saved)
  })

  it('takes rows alone from a file of D1, which has its own tables and records in it', async () => {
    const rows = readFileSync(file, 'utf8')
    const record = 'INSERT INTO "d1_migrations" ("id","name") VALUES(1,\'0000_init.sql\');\n'
    writeFileSync(
      file,
      `PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE imports (\n a);\n${record}${rows}`,
    )
    assert.equal(await load(await empty(), file), ids.length)
  })

  it('does not add rows that are there', async () => {
    await assert.rejects(load(client, file), /UNIQUE constraint failed/)
    const { rows } = await client.execute('SELECT count(*) AS n FROM imports')
    assert.equal(rows[0]?.n, ids.length)
  })

  it('leaves out the lists, which are written anew', async () => {
    const sql = "INSERT INTO totals VALUES ('p', '2027-01', 'issued', 5)"
    await client.execute(sql)
    assert.equal(await save(client, file), ids.length)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /totals/)
  })

  it('leaves the file of before when it fails, and nothing else', async () => {
    const { url, close } = await serve()
    const gone = createClient({ url })
    close()
    const before = readFileSync(file, 'utf8')
    await assert.rejects(save(gone, file))
    const execute = (sql: string) =>
      sql.includes('FROM "imports" WHERE') ? Promise.reject(new Error('away')) : client.execute(sql)
    await assert.rejects(save({ execute } as unknown as Client, file), /away/)
    assert.equal(readFileSync(file, 'utf8'), before)
    assert.deepEqual(readdirSync(folder), ['rows.sql'])
  })

  it('names the row that cannot be read', async () => {
    const two = readFileSync(file, 'utf8').split('\n').slice(0, 2).join('\n')
    const bad = `INSERT INTO "imports" VALUES('a\0b','c',1,NULL);`
    writeFileSync(file, `${two}\n${bad}\n`)
    await assert.rejects(
      load(await empty(), file),
      /^Error: row 3 of imports, VALUES\('a·b.*…: .+/s,
    )
  })
})

describe('rows that are longer than a statement of D1', () => {
  const signs = ["'", '\n', ';\n', 'é', '李', '😀', 'a']
  const body = Array.from({ length: 400_000 }, (_, i) => signs[(i * i) % signs.length]).join('')
  const quotes = "'".repeat(60_000)

  it('are moved in pieces, each of which D1 takes', async () => {
    const client = await empty()
    await migrate(client)
    const event = 'INSERT INTO webhook_events VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, NULL, ?)'
    const args = (position: number, text: string) => [
      'p',
      position,
      'e',
      `${position}`,
      'stripe',
      'x',
      'applied',
      text,
      text,
    ]
    await client.batch(
      [body, 'short', quotes, "'; UPDATE"].map((text, i) => ({ sql: event, args: args(i, text) })),
      'write',
    )
    assert.equal(await save(client, file), 4)
    const statements = readFileSync(file, 'utf8').split(/(?<=;\n)(?=INSERT|UPDATE "webhook)/)
    assert.ok(statements.length > 20)
    assert.deepEqual(
      statements.filter((each) => Buffer.byteLength(each) > 100_000),
      [],
    )
    const other = await empty()
    assert.equal(await load(other, file), 4)
    const read = (of: Client) => of.execute('SELECT * FROM webhook_events ORDER BY position')
    assert.deepEqual((await read(other)).rows, (await read(client)).rows)
  })
})
