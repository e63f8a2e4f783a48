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
    const sql = 'INSERT INTO totals VALUES (?, ?, ?, ?)'
    const args = (id: string, i: number) => [id, texts[i % texts.length], 'issued', i - 600]
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
      `PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE totals (\n a);\n${record}${rows}`,
    )
    assert.equal(await load(await empty(), file), ids.length)
  })

  it('does not add rows that are there', async () => {
    await assert.rejects(load(client, file), /UNIQUE constraint failed/)
    const { rows } = await client.execute('SELECT count(*) AS n FROM totals')
    assert.equal(rows[0]?.n, ids.length)
  })
})
