import { beforeAll, describe, expect, it, vi } from 'vitest'
import { call, type Call } from '../http/api'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

const SHOP = 'https://shop.example'
const APP = 'http://localhost:5173'
const FOREIGN = 'https://evil.example'

let store: Storefront
let tokens: Tokens

beforeAll(async () => {
  store = await openStorefront({}, { origins: [SHOP, APP] })
  tokens = await store.newcomer()
  await store.buy(tokens.memberId, 'o1', 300)
})

const from = (origin: string, options: Call = {}): Call => ({
  ...options,
  headers: { ...options.headers, origin },
})
const allowed = (headers: Headers) => headers.get('access-control-allow-origin')

describe('a preflight', () => {
  const preflight = (path: string, origin: string, headers: Record<string, string> = {}) =>
    call('OPTIONS', path, {
      headers: { origin, 'access-control-request-method': 'POST', ...headers },
    })

  it.each(['/me', '/me/balance', '/me/redemptions', '/me/sign-in', '/me/sign-in/verify'])(
    'of %s is answered without a credential',
    async (path) => {
      const { status, headers, text } = await preflight(path, SHOP)
      expect([status, text]).toEqual([204, ''])
      expect(allowed(headers)).toBe(SHOP)
      expect(headers.get('access-control-allow-methods')).toBe('GET, POST, PATCH, DELETE')
      const lists = headers.get('access-control-allow-headers')!.toLowerCase().split(/, */)
      expect(lists).toEqual(
        expect.arrayContaining([
          'authorization',
          'content-type',
          'idempotency-key',
          'if-none-match',
        ]),
      )
      expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0)
      expect(headers.get('vary')).toContain('Origin')
    },
  )

  it('allows no cookies, and never everybody', async () => {
    const { headers } = await preflight('/me', FOREIGN)
    expect(headers.get('access-control-allow-credentials')).toBe(null)
    expect(allowed(headers)).not.toBe('*')
  })

  it('is none where nobody asks across origins', async () => {
    expect((await call('OPTIONS', '/me')).status).toBe(401)
  })

  it.each(['/v1/members', '/v1/program', '/v1/outbox', '/healthz'])(
    'of %s is not allowed: that is for servers',
    async (path) => {
      const { headers } = await preflight(path, SHOP)
      expect(allowed(headers)).toBe(null)
    },
  )
})

describe('a call of a page of the program', () => {
  it.each([SHOP, APP])(
    'from %s may be read by it, with what it needs of the headers',
    async (origin) => {
      const { status, headers } = await mine(tokens, 'GET', '/balance', from(origin))
      expect([status, allowed(headers)]).toEqual([200, origin])
      const exposed = headers.get('access-control-expose-headers')!
      expect(exposed).toMatch(/ETag/)
      expect(exposed).toMatch(/Idempotent-Replayed/)
      expect(exposed).toMatch(/Retry-After/)
      expect(headers.get('vary')).toMatch(/Origin/)
      expect(headers.get('access-control-allow-credentials')).toBe(null)
    },
  )

  it.each<[number, string, string, Call]>([
    [201, 'POST', '/activities', { body: { type: 'check-in' } }],
    [409, 'POST', '/redemptions', { body: { rewardId: 'item', expectedPoints: 1 } }],
    [400, 'PATCH', '', { body: {} }],
    [404, 'GET', '/entries/99', {}],
    [404, 'GET', '/nothing', {}],
    [304, 'GET', '/balance', { headers: { 'if-none-match': '*' } }],
  ])('may be read when it answers %i: %s /me%s', async (status, method, path, options) => {
    const own = await store.newcomer()
    const headers = { 'idempotency-key': crypto.randomUUID(), ...options.headers }
    const answer = await mine(own, method, path, from(SHOP, { ...options, headers }))
    expect([answer.status, allowed(answer.headers)]).toEqual([status, SHOP])
  })

  it('may be read when it is 401, by whomever: it is nobody’s', async () => {
    for (const origin of [SHOP, FOREIGN]) {
      const { status, headers } = await mine({ accessToken: 'a.b.c' }, 'GET', '', from(origin))
      expect([status, allowed(headers)]).toEqual([401, origin])
    }
  })

  it('may be read when storage is away', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const away = () => {
      throw Object.assign(new Error('Network connection lost.'), { retryable: true })
    }
    const LEDGER = new Proxy({}, { get: () => away }) as Env['LEDGER']
    const { status, headers } = await mine(tokens, 'GET', '', from(SHOP, { env: { LEDGER } }))
    log.mockRestore()
    expect([status, allowed(headers)]).toEqual([503, SHOP])
    expect(headers.get('access-control-expose-headers')).toMatch(/Retry-After/)
  })

  it('may sign in and go on', async () => {
    const to = { email: 'ann@example.com' }
    const code = await store.codeFor(to, from(SHOP))
    const verified = await store.verify(to, code, from(SHOP))
    expect([verified.status, allowed(verified.headers)]).toEqual([201, SHOP])
    const next = await store.refresh(verified.json.refreshToken, from(SHOP))
    expect([next.status, allowed(next.headers)]).toEqual([200, SHOP])
  })
})

describe('a call of another page', () => {
  it.each([
    FOREIGN,
    'null',
    'http://shop.example',
    'https://shop.example:8443',
    'https://shop.example.evil.example',
    'https://evil-shop.example',
    'https://a.shop.example',
    'https://shop.example/',
    'HTTPS://SHOP.EXAMPLE',
    'https://shop.example, https://evil.example',
    '*',
    'http://punchcard.test.evil.example',
    'https://punchcard.test',
  ])('from %s is refused, and cannot be read', async (origin) => {
    const { status, json, headers } = await mine(tokens, 'GET', '/balance', from(origin))
    expect([status, json.code]).toEqual([403, 'forbidden'])
    expect(allowed(headers)).toBe(null)
    expect(headers.get('access-control-expose-headers')).toBe(null)
    expect(headers.get('vary')).toContain('Origin')
  })

  it('does nothing: no points move, nobody is signed out or erased, no code is sent', async () => {
    const own = await store.newcomer()
    await store.buy(own.memberId, 'o2', 100)
    const { length } = await store.outbox()
    const acts: [string, string, object?][] = [
      ['POST', '/redemptions', { rewardId: 'gift' }],
      ['POST', '/activities', { type: 'check-in' }],
      ['PATCH', '', { name: 'Eve' }],
      ['POST', '/sign-out', { everywhere: true }],
      ['DELETE', ''],
    ]
    for (const [method, path, body] of acts) {
      const options = { headers: { 'idempotency-key': 'x' }, ...(body && { body }) }
      expect((await mine(own, method, path, from(FOREIGN, options))).status).toBe(403)
    }
    expect((await store.knock('/sign-in', { email: 'e@example.com' }, from(FOREIGN))).status).toBe(
      403,
    )
    expect((await store.refresh(own.refreshToken, from(FOREIGN))).status).toBe(403)
    expect((await mine(own, 'GET', '/balance')).json).toMatchObject({ seq: 1 })
    expect((await mine(own, 'GET')).json.name).toBe(null)
    expect(await store.outbox()).toHaveLength(length)
    expect((await store.refresh(own.refreshToken)).status).toBe(200)
  })

  it('is refused that is of another program’s origin', async () => {
    const other = await openStorefront({}, { origins: [FOREIGN] })
    const member = await other.newcomer()
    expect((await mine(member, 'GET', '', from(FOREIGN))).status).toBe(200)
    expect((await mine(member, 'GET', '', from(SHOP))).status).toBe(403)
    expect((await mine(tokens, 'GET', '', from(FOREIGN))).status).toBe(403)
  })

  it('is refused as soon as its origin is no more the program’s', async () => {
    const other = await openStorefront({}, { origins: [FOREIGN] })
    const member = await other.newcomer()
    expect((await mine(member, 'GET', '', from(FOREIGN))).status).toBe(200)
    await other.publish({ origins: [] })
    expect((await mine(member, 'GET', '', from(FOREIGN))).status).toBe(403)
  })
})

describe('a call that is of no page, or of our own', () => {
  it('needs no origin', async () => {
    const { status, headers } = await mine(tokens, 'GET', '/balance')
    expect([status, allowed(headers)]).toEqual([200, null])
    expect(headers.get('vary')).toContain('Origin')
  })

  it('is welcome from where the API is', async () => {
    const { status } = await mine(tokens, 'GET', '/balance', from('http://punchcard.test'))
    expect(status).toBe(200)
    const replay = { headers: { 'idempotency-key': 'own', origin: 'http://punchcard.test' } }
    const redeemed = await mine(tokens, 'POST', '/redemptions', {
      ...replay,
      body: { rewardId: 'gift' },
    })
    expect(redeemed.status).toBe(201)
    expect((await command(tokens, '/redemptions', { rewardId: 'gift' }, 'own')).json).toEqual(
      redeemed.json,
    )
  })
})
