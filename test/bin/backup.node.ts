import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'punchcard-'))
const file = join(folder, 'backup.ndjson')

/** Answers as a deployment does. */
let answer: (
  request: IncomingMessage,
  body: string,
) => { status: number; body: string; next?: string }
const listener = async (request: IncomingMessage, response: ServerResponse) => {
  const { status, body, next } = answer(request, await text(request))
  const type = status === 200 ? 'application/x-ndjson' : 'application/problem+json'
  const link = next === undefined ? {} : { link: `<${next}>; rel="next"` }
  response.writeHead(status, { 'content-type': type, ...link }).end(body)
}
const server = createServer((request, response) => void listener(request, response))

before(async () => {
  server.listen(0)
  await once(server, 'listening')
})

after(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

interface Ended {
  code: number
  out: string
  errors: string
}

/** Runs a command against the server. */
const run = (command: string, ...args: string[]): Promise<Ended> => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const all = [`bin/${command}.ts`, ...args, '--url', url, '--root-key', 'root']
  return new Promise((resolve) => {
    execFile(process.execPath, all, (error, out, errors) =>
      resolve({ code: Number(error?.code ?? 0), out, errors }),
    )
  })
}

const problem = (status: number, code: string, detail: string) => ({
  status,
  body: JSON.stringify({ code, detail }),
})

const programLine = '{"table":"programs","row":{"id":"abcdefgh"},"seal":"s"}'
const ledgerLine = (id: string, nth = 0) => `{"ledger":"${id}","part":{"nth":${nth}}}`
const keyLine = '{"table":"apiKeys","row":{"id":"k"}}'
const endLine = (lines: number) => `{"end":"abcdefgh","lines":${lines}}`

describe('npm run export', () => {
  it('ends with a line that says how many there are before it', async () => {
    const pages = [`${programLine}\n${ledgerLine('ma')}\n`, '', `${keyLine}\n`]
    answer = ({ url }) => {
      const at = Number(/cursor=(\d)/.exec(url!)?.[1] ?? 0)
      const next = at < 2 ? { next: `?cursor=${at + 1}` } : {}
      return { status: 200, body: pages.slice(at, at + 1).join(''), ...next }
    }
    const { code, out } = await run('export', 'abcdefgh', '--out', file)
    assert.equal(code, 0)
    assert.match(out, /: 3 lines\./)
    assert.equal(readFileSync(file, 'utf8'), `${pages.join('')}${endLine(3)}\n`)
  })

  it('leaves the file of before, and nothing else, when it is refused', async () => {
    writeFileSync(file, 'good')
    answer = () => problem(404, 'not_found', 'There is no such program.')
    const { code, errors } = await run('export', 'abcdefgh', '--out', file)
    assert.deepEqual([code, errors], [1, '404 not_found: There is no such program.\n'])
    assert.deepEqual(readdirSync(folder), ['backup.ndjson'])
    assert.equal(readFileSync(file, 'utf8'), 'good')
  })

  it('says in a sentence what is wrong with a file', async () => {
    answer = () => ({ status: 200, body: `${programLine}\n` })
    for (const out of [join(folder, 'none', 'x'), join(file, 'x')]) {
      const { code, errors } = await run('export', 'abcdefgh', '--out', out)
      assert.equal(code, 1)
      assert.match(errors, /^.*cannot be written: E\w+: [^\n]+\n$/)
    }
  })
})

describe('npm run import of a backup', () => {
  let put: string[]
  /** What the deployment refuses. */
  let refused: (line: string) => boolean

  beforeEach(() => {
    put = []
    refused = () => false
    answer = (_, body) => {
      const lines = body.trimEnd().split('\n')
      const bad = lines.find(refused)
      if (bad !== undefined) {
        const { ledger } = JSON.parse(bad) as { ledger: string }
        return problem(409, 'already_exists', `${ledger}: It has gone its own way.`)
      }
      put.push(...lines)
      return { status: 200, body: JSON.stringify({ lines: lines.length }) }
    }
  })

  const write = (lines: string[]) => writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  const whole = [programLine, ledgerLine('ma'), ledgerLine('mb'), keyLine]

  it('sends every line but the last', async () => {
    write([...whole, endLine(4)])
    const { code, out } = await run('import', file)
    assert.deepEqual([code, put], [0, whole])
    assert.match(out, /^4 lines were put back/)
  })

  it('exits with 1 where lines are missing', async () => {
    for (const lines of [whole, [...whole.slice(1, 3), endLine(4)], [...whole, endLine(5)]]) {
      write([programLine, ...lines.filter((line) => line !== programLine)])
      const { code, errors } = await run('import', file)
      assert.equal(code, 1)
      assert.match(errors, /is not whole/)
    }
  })

  it('goes on without a ledger that is refused, and names it', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `m${i}`)
    const lines = [programLine, ...ids.map((id) => ledgerLine(id)), keyLine]
    lines.splice(6, 0, ledgerLine('m4', 1), ledgerLine('m4', 2))
    write([...lines, endLine(44)])
    const isOf = (line: string) => /"m(4|31)"/.test(line)
    refused = isOf
    const { code, out, errors } = await run('import', file)
    assert.equal(code, 1)
    assert.deepEqual(
      put,
      lines.filter((line) => !isOf(line)),
    )
    assert.match(out, /^40 lines were put back/)
    const said = ['m4', 'm31'].map(
      (id) => `  409 already_exists: ${id}: It has gone its own way.\n`,
    )
    assert.equal(errors, `Refused, and left as it is here:\n${said.join('')}`)
  })

  it('stops at any other refusal', async () => {
    write([...whole, endLine(4)])
    answer = () => problem(400, 'validation_failed', 'Line 1: another secret')
    const { code, errors } = await run('import', file)
    assert.deepEqual([code, errors], [1, '400 validation_failed: Line 1: another secret\n'])
  })
})
