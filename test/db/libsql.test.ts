import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { onLibsql } from '../db'
import { call, createProgram, enrol } from '../http/api'

describe('libSQL that does not do what it should', () => {
  let key: string
  let memberId: string

  beforeAll(async () => {
    ;({ key } = await createProgram())
    memberId = (await enrol(key, {})).json.id
  })

  const answering = (status: number, body: string, type: string) => () =>
    Promise.resolve(new Response(body, { status, headers: { 'content-type': type } }))
  const faults: Record<string, typeof fetch> = {
    // As workerd says it; a real fetch would have it log more.
    'is not there': () =>
      Promise.reject(Object.assign(new Error('Network connection lost.'), { retryable: true })),
    'is too late': () =>
      Promise.reject(new DOMException('The operation was aborted', 'AbortError')),
    'refuses the token': answering(401, '{"error":"Unauthorized: libSQL"}', 'application/json'),
    'has a fault': answering(502, 'libSQL is down', 'text/plain'),
  }
  /** Bindings that lead to a server with that fault. */
  const behind = (fault: typeof fetch) => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(fault)
    return {
      LIBSQL_URL: 'https://libsql.test',
      LIBSQL_AUTH_TOKEN: 'token',
    } as unknown as Partial<Env>
  }

  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  /** What a read and a write are answered; nothing of it says what went wrong. */
  const answersWith = async (bindings: Partial<Env>) => {
    const read = await call('GET', '/v1/keys', { key, env: bindings })
    const written = await call('POST', '/v1/members', {
      key,
      body: { email: 'ann@example.com' },
      headers: { 'idempotency-key': 'k' },
      env: bindings,
    })
    expect(read.text + written.text).not.toMatch(/libsql|sqlite|token|127\.0|unauthorized|example/i)
    return [read.status, read.json.code, written.status, written.json.code]
  }
  const away = [503, 'unavailable', 503, 'unavailable']

  it.each(Object.entries(faults))(
    'answers 503 and nothing of the inside when it %s',
    async (_, fault) => expect(await answersWith(behind(fault))).toEqual(away),
  )

  it.runIf(onLibsql)('answers so when the real one refuses the token', async () => {
    expect(await answersWith({ LIBSQL_AUTH_TOKEN: 'wrong' } as Partial<Env>)).toEqual(away)
  })

  const never = () => new Promise<never>(() => {})
  it.each(Object.entries({ ...faults, 'does not answer': never }))(
    'awards at once all the same when it %s',
    async (how, fault) => {
      const options = { key, env: behind(fault), isHasty: true }
      const path = `/v1/members/${memberId}`
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
      // After a quiet hour the first call waits for what libSQL might say of key and program.
      await call('GET', `${path}/balance`, options)
      const startedAt = performance.now()
      const { status, json } = await call('POST', `${path}/purchases`, {
        ...options,
        body: { orderId: how, currency: 'CNY', total: 100, channel: 'pos' },
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
      expect(performance.now() - startedAt).toBeLessThan(400)
      expect([status, json]).toMatchObject([201, { entries: [{ points: 1 }] }])
    },
  )
})
