import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app'
import { digest, mintKey, newId, parseKey } from '../../src/auth/key'
import { access, scopesOf, type Access, type Scope } from '../../src/auth/scopes'
import { SQL } from '../db'
import { call, createKey, createProgram, enrol, rootKey } from '../http/api'

const routes = [
  ...new Set(app.routes.filter((r) => r.method !== 'ALL').map((r) => `${r.method} ${r.path}`)),
]

const table: [route: string, rule: Access][] = Object.entries(access)

const closed = table.filter(([, rule]) => rule !== 'open')

const unauthorized = { status: 401, json: { code: 'unauthorized' } }

const keys: Record<string, string> = {}

beforeAll(async () => {
  const { key } = await createProgram()
  keys.root = rootKey
  keys.secret = key
  keys.pos = (await createKey(key, 'pos')).key
  keys.publishable = (await createKey(key, 'publishable')).key
  keys.narrow = (await createKey(key, 'secret', [])).key
  keys.member = await signIn(key)
})

afterEach(() => {
  vi.useRealTimers()
})

/** The token of a new member. */
async function signIn(key: string): Promise<string> {
  const { id } = (await enrol(key, {})).json
  const { json } = await call('POST', `/v1/members/${id}/tokens`, { key })
  return json.accessToken
}

/** Calls a route with ids that nobody has, so that what is allowed changes nothing. */
const visit = (route: string, key?: string) => {
  const [method, path] = route.split(' ') as [string, string]
  // Without an identity this route needs a second scope: see its own tests.
  const query = route === 'GET /v1/members' ? '?externalId=nobody' : ''
  const url = path.replaceAll(/:\w+/g, 'nobody') + query
  return call(method, url, { key, body: method === 'GET' ? undefined : { unknown: true } })
}

const isAllowed = (rule: Access, principal: string): boolean => {
  if (rule === 'root' || principal === 'root') {
    return rule === principal
  }
  const scopes: Record<string, readonly Scope[]> = { ...scopesOf, narrow: [], member: ['me'] }
  return scopes[principal]!.includes(rule as Scope)
}

describe('the table of scopes', () => {
  it('has every route', () => {
    expect(routes.filter((route) => !(route in access))).toEqual([])
  })

  it('has no route that does not exist', () => {
    expect(table.map(([route]) => route).filter((route) => !routes.includes(route))).toEqual([])
  })

  it('leaves open what says nothing of anybody, and what is signed', () => {
    const open = table.filter(([, rule]) => rule === 'open')
    expect(open.map(([route]) => route)).toEqual([
      'GET /healthz',
      'GET /demo',
      'GET /.well-known/jwks.json',
      // Their signatures speak for them.
      'POST /webhooks/:provider/:endpointId',
    ])
  })

  it('gives a till nothing that a secret key does not have, and publishable keys signing in', () => {
    expect(scopesOf.pos.filter((scope) => !scopesOf.secret.includes(scope))).toEqual([])
    expect(scopesOf.publishable).toEqual(['sign-in'])
  })

  it('gives members /me, and /me to nobody else', () => {
    const own = table.filter(([, rule]) => rule === 'me' || rule === 'sign-in')
    const under = table.filter(([route]) => /^\w+ \/me(\/|$)/.test(route))
    expect(own).toEqual(under)
    expect(Object.values(scopesOf).flat()).not.toContain('me')
  })

  it('keeps programs, keys, clocks, adjustments, who members are and lists from tills', () => {
    const refused = closed.filter(([, rule]) => !isAllowed(rule, 'pos'))
    const shops = refused.filter(([route]) => !route.includes(' /me'))
    expect(shops.map(([route]) => route).toSorted()).toEqual([
      'DELETE /v1/keys/:id',
      'DELETE /v1/members/:id',
      'DELETE /v1/webhook-endpoints/:id',
      'GET /v1/admin/reproject',
      'GET /v1/entries',
      'GET /v1/health',
      'GET /v1/imports',
      'GET /v1/imports/:id',
      'GET /v1/imports/:id/faults',
      'GET /v1/keys',
      'GET /v1/members/:id/statement',
      'GET /v1/outbox',
      'GET /v1/payments',
      'GET /v1/program',
      'GET /v1/program/totals',
      'GET /v1/program/versions',
      'GET /v1/program/versions/:version',
      'GET /v1/programs/:id/backup',
      'GET /v1/test-clock',
      'GET /v1/webhook-endpoints',
      'GET /v1/webhook-events',
      'PATCH /v1/imports/:id',
      'PATCH /v1/members/:id',
      'POST /v1/admin/reproject',
      'POST /v1/admin/rewinds',
      'POST /v1/imports',
      'POST /v1/imports/:id/undo',
      'POST /v1/keys',
      'POST /v1/keys/:id/rotate',
      'POST /v1/members/:id/adjustments',
      'POST /v1/members/:id/tokens',
      'POST /v1/members/:id/unfreeze',
      'POST /v1/payments/:id/claim',
      'POST /v1/programs',
      'POST /v1/programs/:id/backup',
      'POST /v1/test-clock',
      'POST /v1/webhook-endpoints',
      'POST /v1/webhook-endpoints/:id/rotate',
      'POST /v1/webhook-events/:position/replay',
      'PUT /v1/program',
    ])
    expect(refused.length - shops.length).toBe(table.filter(([r]) => r.includes(' /me')).length)
  })
})

describe.each(closed.filter(([route]) => routes.includes(route)))('%s', (route, rule) => {
  it('answers 401 without a key', async () => {
    const answer = await visit(route)
    expect(answer).toMatchObject(unauthorized)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  const principals = ['root', 'secret', 'pos', 'publishable', 'narrow', 'member']
  it.each(principals)('knows what %s may', async (who) => {
    // Who may leave is gone then.
    const leaves = route === 'DELETE /me' && who === 'member'
    const { status } = await visit(route, leaves ? await signIn(keys.secret!) : keys[who])
    expect([200, 204, 400, 403, 404, 415, 428]).toContain(status)
    expect(status !== 403).toBe(isAllowed(rule, who))
  })
})

describe('a credential', () => {
  const withHeader = (authorization: string) =>
    call('GET', '/v1/keys', { headers: { authorization } })

  it('may be sent with any case of the scheme', async () => {
    expect((await withHeader(`bearer ${keys.secret}`)).status).toBe(200)
  })

  it.each([
    ['another scheme', () => `Basic ${keys.secret}`],
    ['no scheme', () => keys.secret!],
    ['no key', () => 'Bearer'],
    ['two keys', () => `Bearer ${keys.secret} ${keys.secret}`],
    ['SQL', () => `Bearer pc_test_secret_'OR'1'='1`],
  ])('is refused with %s', async (_, header) => {
    expect(await withHeader(header())).toMatchObject(unauthorized)
  })

  it('costs no look-up when its checksum is broken', async () => {
    const broken = `${keys.secret!.slice(0, -1)}${keys.secret!.endsWith('0') ? '1' : '0'}`
    const prepare = vi.fn<D1Database['prepare']>()
    const answer = await call('GET', '/v1/keys', { key: broken, env: { DB: { prepare } as never } })
    expect(answer).toMatchObject(unauthorized)
    expect(prepare).not.toHaveBeenCalled()
  })

  it('is refused when the program or the key is unknown, or the secret is another', async () => {
    const parts = parseKey(keys.secret!)!
    for (const wrong of [
      {},
      { keyId: newId() },
      { programId: newId() },
      { kind: 'pos' as const },
    ]) {
      const key = mintKey({ ...parts, ...wrong })
      expect(await call('GET', '/v1/keys', { key })).toMatchObject(unauthorized)
    }
  })
})

describe('a path that does not exist', () => {
  it('answers 401 without a key and 404 with any', async () => {
    expect(await call('GET', '/v1/nothing')).toMatchObject(unauthorized)
    for (const key of Object.values(keys)) {
      expect(await call('GET', '/v1/nothing', { key })).toMatchObject({
        status: 404,
        json: { code: 'not_found' },
      })
    }
  })

  it('answers 404 for a method that a path does not have', async () => {
    expect((await call('PUT', '/v1/keys', { key: keys.secret })).status).toBe(404)
  })
})

describe('the rate limit', () => {
  const limiter = (limit: RateLimit['limit']) => ({ RATE_LIMITER: { limit } })

  it('counts by key and answers 429 with Retry-After', async () => {
    const seen: string[] = []
    const full = limiter(({ key }) => {
      seen.push(key)
      return Promise.resolve({ success: false })
    })
    const answer = await call('GET', '/v1/keys', { key: keys.secret, env: full })
    expect(answer).toMatchObject({ status: 429, json: { code: 'too_many_requests' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    const { programId, keyId } = parseKey(keys.secret!)!
    expect(seen).toEqual([`${programId}:${keyId}`])
  })

  it('does not count calls with a wrong secret against the key', async () => {
    const limit = vi.fn<RateLimit['limit']>()
    const key = mintKey(parseKey(keys.secret!)!)
    await call('GET', '/v1/keys', { key, env: limiter(limit) })
    expect(limit).not.toHaveBeenCalled()
  })

  it('lets calls pass when the limiter fails', async () => {
    const broken = limiter(() => Promise.reject(new Error('away')))
    expect((await call('GET', '/v1/keys', { key: keys.secret, env: broken })).status).toBe(200)
  })
})

describe('the cache of keys', () => {
  const away = (): never => {
    throw new Error('D1_ERROR: Network connection lost.', {
      cause: new Error('Network connection lost.'),
    })
  }
  const noDatabase = { DB: { prepare: away, batch: away } as unknown as D1Database }
  const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
  // An allowed call that reads nothing but key and program.
  const knock = (key: string, bindings?: Partial<Env>) =>
    call('GET', '/v1/nothing', { key, env: bindings })

  it('lets a revocation in another place take effect within five seconds', async () => {
    const { key } = await createProgram()
    const other = await createKey(key, 'pos')
    expect((await knock(other.key)).status).toBe(404)
    await SQL.prepare('UPDATE api_keys SET revoked_at = 1 WHERE hash = ?')
      .bind(digest(other.key))
      .run()
    later(5_000)
    expect((await knock(other.key)).status).toBe(401)
  })

  it('needs no database for a key and a program that it knows', async () => {
    const { key } = await createProgram()
    expect((await knock(key)).status).toBe(404)
    for (const ms of [0, 3_000, 6_000, 3_600_000]) {
      later(ms)
      expect((await knock(key, noDatabase)).status).toBe(404)
    }
  })

  it('does not let an ended key pass while the database is away', async () => {
    const { key } = await createProgram()
    const old = await createKey(key, 'secret')
    await call('POST', `/v1/keys/${old.id}/rotate`, { key, body: { overlapSeconds: 60 } })
    expect((await knock(old.key)).status).toBe(404)
    later(61_000)
    expect((await knock(old.key, noDatabase)).status).toBe(401)
  })

  it('answers 503 for a key that it does not know while the database is away', async () => {
    const key = mintKey({ mode: 'test', kind: 'secret', programId: newId(), keyId: newId() })
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const answer = await knock(key, noDatabase)
    expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(log.mock.calls.join()).not.toContain(key)
    log.mockRestore()
  })

  it('serves many first calls at once', async () => {
    const { key } = await createProgram()
    const all = await Promise.all(Array.from({ length: 50 }, () => knock(key)))
    expect(new Set(all.map((each) => each.status))).toEqual(new Set([404]))
  })
})
