import { beforeAll, describe, expect, it, vi } from 'vitest'
import { call, createProgram } from './api'

let key: string

beforeAll(async () => {
  key = (await createProgram()).key
})

const create = (body: unknown, headers?: Record<string, string>) =>
  call('POST', '/v1/keys', { key, body, headers })

const valid = '{"kind":"pos"}'

describe('a problem', () => {
  it('says what happened, where, and under which request id', async () => {
    const { status, headers, json } = await create({ kind: 'pos', 'a/b~c d': 1, scopes: [1] })
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(json).toEqual({
      type: '/docs/problems#validation_failed',
      title: 'The request is not valid',
      status: 400,
      code: 'validation_failed',
      detail: '2 values are not valid; see errors.',
      errors: [
        { pointer: '#/scopes/0', detail: expect.any(String) },
        { pointer: '#/a~1b~0c%20d', detail: 'This field is not known.' },
      ],
      instance: '/v1/keys',
      requestId: headers.get('x-request-id'),
    })
  })

  it('says nothing of the inside when the fault is ours, and logs it with the request id', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = { batch: null, prepare: () => ({ bind: null }) } as unknown as D1Database
    const answer = await call('GET', '/v1/keys', { key, env: { DB: broken } })
    expect(answer.json).toEqual({
      type: '/docs/problems#internal_error',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal_error',
      detail: 'This is our fault. Tell us the requestId.',
      instance: '/v1/keys',
      requestId: answer.headers.get('x-request-id'),
    })
    const logged = JSON.parse(String(log.mock.calls[0]?.[0]))
    expect(logged).toMatchObject({ requestId: answer.json.requestId, name: 'TypeError' })
    log.mockRestore()
  })
})

describe('a fault of D1', () => {
  const answerTo = async (error: Error) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fails = () => Promise.reject(error)
    const DB = { prepare: () => ({ bind: () => ({ all: fails, raw: fails, run: fails }) }) }
    const answer = await call('GET', '/v1/keys', { key, env: { DB: DB as unknown as D1Database } })
    log.mockRestore()
    return [answer.status, answer.json.code]
  }

  it.each([
    new Error('D1_ERROR: database is locked: SQLITE_BUSY', {
      cause: new Error('database is locked: SQLITE_BUSY'),
    }),
    new Error('Failed to get session commit token: internal error'),
    Object.assign(new Error('anything'), { retryable: true }),
  ])('is 503 when D1 cannot be reached: %s', async (error) => {
    expect(await answerTo(error)).toEqual([503, 'unavailable'])
  })

  it('is 500 when D1 refused the statement', async () => {
    const cause = new Error('no such table: keys: SQLITE_ERROR')
    const error = new Error('D1_ERROR: no such table: keys: SQLITE_ERROR', { cause })
    expect(await answerTo(error)).toEqual([500, 'internal_error'])
  })
})

describe('a body', () => {
  it.each([
    ['a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['a quoted charset', { 'content-type': 'application/json;charset="UTF-8"' }],
    ['a suffix', { 'content-type': 'application/merge-patch+json' }],
  ])('may be declared with %s', async (_, headers) => {
    expect((await create(valid, headers)).status).toBe(201)
  })

  it('may begin with a byte order mark', async () => {
    expect((await create(`\uFEFF${valid}`)).status).toBe(201)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'text/json',
    'application/json; charset=gbk',
  ])('is refused as %s', async (type) => {
    expect(await create(valid, { 'content-type': type })).toMatchObject({
      status: 415,
      json: { code: 'unsupported_media_type' },
    })
  })

  it.each([
    ['a brace is missing', '{"kind":"pos"'],
    ['it is not JSON', 'kind=pos'],
    ['it has a comma too many', '{"kind":"pos",}'],
    ['it is blank', ' '],
    ['it is not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['it has a field that would vanish', '{"kind":"pos","name":{"__proto__":1}}'],
    ['it has a field twice', '{"kind":"pos","kind":"secret"}'],
    ['it has one twice, far inside', '{"kind":"pos","name":{"a":[{"b":1,"\\u0062":2}]}}'],
    ['it has that, escaped', '{"kind":"pos","name":{"\\u005f_proto__":1}}'],
    ['it has that itself', '{"kind":"pos","__proto__":{"name":"x"}}'],
  ])('is refused as malformed when %s', async (_, body) => {
    expect(await create(body)).toMatchObject({ status: 400, json: { code: 'malformed_json' } })
  })

  it.each([['null'], ['[]'], ['"pos"'], ['1']])(
    'is refused as invalid when it is %s',
    async (body) => {
      expect(await create(body)).toMatchObject({
        status: 400,
        json: { code: 'validation_failed' },
      })
    },
  )

  it('is {} when there is none', async () => {
    const { status, json } = await call('POST', '/v1/keys', { key })
    expect(status).toBe(400)
    expect(json.errors).toMatchObject([{ pointer: '#/kind' }])
  })

  it('may nest deeply without harm', async () => {
    expect((await create(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).status).toBe(400)
  })

  describe('of more than 1 MB', () => {
    const large = JSON.stringify({ kind: 'pos', name: 'x'.repeat(1_000_000) })
    const tooLarge = { status: 413, json: { code: 'payload_too_large' } }

    it('is refused by its Content-Length', async () => {
      const headers = { 'content-length': String(large.length) }
      expect(await create(large, headers)).toMatchObject(tooLarge)
    })

    it('is refused without a Content-Length', async () => {
      expect(await create(large)).toMatchObject(tooLarge)
    })
  })
})

describe('every answer', () => {
  it.each(['/healthz', '/v1/keys', '/v1/nothing'])('of %s is protected', async (path) => {
    const { headers } = await call('GET', path, { key })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('strict-transport-security')).toContain('max-age=')
  })

  it('carries a request id of ours, whatever came in: it stands in ledgers for ever', async () => {
    const ask = async (id: string) => {
      const { headers } = await call('GET', '/healthz', { headers: { 'x-request-id': id } })
      return headers.get('x-request-id')
    }
    const ids = [await ask('li@shop.example'), await ask('till-7_42'), await ask('x'.repeat(65))]
    expect(ids).toEqual(ids.map(() => expect.stringMatching(/^[0-9a-hjkmnp-tv-z]{16}$/)))
    expect(new Set(ids).size).toBe(3)
  })
})

describe('GET /healthz', () => {
  it('answers without a key', async () => {
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200, json: { ok: true } })
  })
})
