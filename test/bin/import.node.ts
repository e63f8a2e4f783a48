import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'

const none = { rows: 0, amounts: {}, points: 0 }
const done = {
  id: 'import1',
  status: 'done',
  detail: null,
  bytes: 0,
  bytesRead: 0,
  rows: 2,
  booked: 2,
  duplicates: 0,
  failed: 0,
  members: { known: 1, enrolled: 0 },
  purchases: none,
  refunds: none,
  balances: none,
}

const folder = mkdtempSync(join(tmpdir(), 'punchcard-'))
const content = 'externalId,points\na,5\na,6\n'
const fileOf = (name: string): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

/** What the server was asked: the headers of what began an import, and all that came of its file. */
let begun: { key: string; type: string; query: URLSearchParams }[] = []
let sent = ''
/** What the import has come to when it is looked at. */
let outcome: object = done

/** As much of the API as the command asks: an import that ends as soon as its file has come. */
const answerTo = async (request: IncomingMessage): Promise<object> => {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
  const body = await text(request)
  if (request.method === 'POST' && pathname === '/v1/imports') {
    const { 'idempotency-key': key, 'content-type': type } = request.headers
    begun.push({ key: String(key), type: String(type), query: searchParams })
    return { ...done, status: 'uploading' }
  }
  if (request.method === 'PATCH') {
    sent += body
    return { ...done, status: 'reading' }
  }
  return pathname.endsWith('/faults') ? { data: [] } : { ...done, ...outcome }
}

const server = createServer((request, response) => {
  void answerTo(request).then((view) => response.end(JSON.stringify(view)))
})

const run = async (...given: string[]) => {
  const { port } = server.address() as AddressInfo
  const target = ['--url', `http://127.0.0.1:${port}`, '--key', 'k']
  const command = spawn(process.execPath, ['bin/import.ts', ...given, ...target])
  const ended = once(command, 'close') as Promise<[number]>
  const [out, err, [code]] = await Promise.all([text(command.stdout), text(command.stderr), ended])
  return { out, err, code }
}

/** Under which key a command sends a file. */
const keyOf = async (...given: string[]): Promise<string> => {
  await run(...given)
  return begun.at(-1)!.key
}

before(() => once(server.listen(0, '127.0.0.1'), 'listening'))

after(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

beforeEach(() => {
  begun = []
  sent = ''
  outcome = done
})

describe('npm run import', () => {
  it('sends a file with its options, and says what it came to', async () => {
    const file = fileOf('a.csv')
    const { out, code } = await run(file, '--type', 'balance', '--enrol', '--column', 'points=p')
    assert.equal(code, 0)
    assert.match(out, /^Import {6}import1\nRows {8}2: 2 booked, 0 known before, 0 faulty\n/)
    assert.equal(sent, content)
    const query = { name: 'a.csv', type: 'balance', column: 'points:p', enrol: 'true' }
    assert.deepEqual(Object.fromEntries(begun[0]?.query), query)
  })

  it('goes on with the same import by the same command, and with another by another', async () => {
    const file = fileOf('a.csv')
    const first = await keyOf(file)
    assert.equal(await keyOf(file), first)
    const others = [
      await keyOf(file, '--enrol'),
      await keyOf(file, '--charset', 'gb18030'),
      await keyOf(file, '--charset', 'utf-16'),
      await keyOf(file, '--again', 'once'),
    ]
    assert.equal(new Set([first, ...others]).size, 5)
  })

  it('says of which charset the file is', async () => {
    await run(fileOf('a.csv'), '--charset', 'gb18030')
    assert.equal(begun[0]?.type, 'text/csv; charset=gb18030')
  })

  for (const [name, type] of [
    ['H.CSV', 'text/csv'],
    ['H.Tsv', 'text/tab-separated-values'],
    ['H.NDJSON', 'application/x-ndjson'],
    ['h.JsonL', 'application/x-ndjson'],
  ] as const) {
    it(`takes ${name} for ${type}`, async () => {
      assert.equal((await run(fileOf(name))).code, 0)
      assert.equal(begun[0]?.type, type)
    })
  }

  it('does not guess what another file is', async () => {
    const { err, code } = await run(fileOf('a.xlsx'))
    assert.deepEqual([code, begun.length], [1, 0])
    assert.match(err, /is it \.csv, \.tsv or \.ndjson\?/)
  })

  for (const [what, came, code] of [
    ['rows were booked', { booked: 1, failed: 1 }, 0],
    ['all was known before', { booked: 0, duplicates: 2 }, 0],
    ['every row is a fault', { booked: 0, failed: 2 }, 1],
    ['the file was refused', { status: 'failed', booked: 0, detail: 'The file has no rows.' }, 1],
    ['the import was undone', { status: 'undone' }, 1],
  ] as const) {
    it(`ends with ${code} where ${what}, or would be`, async () => {
      outcome = came
      assert.equal((await run(fileOf('a.csv'))).code, code)
      assert.equal((await run(fileOf('a.csv'), '--dry-run')).code, code)
    })
  }

  it('undoes an import', async () => {
    outcome = { status: 'undone' }
    const { out, code } = await run('--undo', 'import1')
    assert.deepEqual([out, code], ['Import      import1 is undone\n', 0])
  })
})
