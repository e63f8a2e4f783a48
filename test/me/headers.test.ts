import { beforeAll, describe, expect, it } from 'vitest'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

let store: Storefront
let tokens: Tokens

beforeAll(async () => {
  store = await openStorefront()
  tokens = await store.newcomer()
  await store.buy(tokens.memberId, 'o1', 300)
  await command(tokens, '/redemptions', { rewardId: 'gift' })
})

const get = (path: string, headers: Record<string, string> = {}, whose = tokens) =>
  mine(whose, 'GET', path, { headers })
const steady = ['', '/balance', '/tier', '/entries', '/entries/1', '/rewards', '/coupons']

describe('an ETag', () => {
  it.each(steady)('of /me%s saves the body as long as nothing changes', async (path) => {
    const first = await get(path)
    const etag = first.headers.get('etag')!
    expect(etag).toMatch(/^(W\/)?"[^"]+"$/)
    for (const tags of [etag, `W/${etag.replace(/^W\//, '')}`, `"other", ${etag}`, '*']) {
      const { status, text, headers } = await get(path, { 'if-none-match': tags })
      expect([tags, status, text]).toEqual([tags, 304, ''])
      expect(headers.get('etag')).toBe(etag)
      expect(headers.get('cache-control')).toBe('private, no-cache')
      expect(headers.get('vary')).toMatch(/Authorization/)
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-z]{16}$/)
    }
    expect((await get(path, { 'if-none-match': '"other"' })).text).toBe(first.text)
  })

  it('is another when something has changed', async () => {
    const own = await store.newcomer()
    const { headers } = await get('/balance', {}, own)
    await store.buy(own.memberId, 'o2', 10)
    const { status, json } = await get('/balance', { 'if-none-match': headers.get('etag')! }, own)
    expect([status, json.balance.balance]).toEqual([200, 10])
  })

  it('is another in another language', async () => {
    const english = await get('/tier', { 'accept-language': 'en' })
    const etag = english.headers.get('etag')!
    const { status, json } = await get('/tier', { 'accept-language': 'zh', 'if-none-match': etag })
    expect([status, json.name]).toEqual([200, '青铜'])
  })

  it('opens nothing to who is signed out, erased or somebody else', async () => {
    const own = await store.newcomer()
    const headers = { 'if-none-match': '*' }
    await mine(own, 'POST', '/sign-out', { body: {} })
    expect((await get('/balance', headers, own)).status).toBe(401)
    expect((await get('/balance', headers, { ...own, accessToken: 'a.b.c' })).status).toBe(401)
    const leaving = await store.tokensFor(own.memberId)
    await mine(leaving, 'DELETE')
    expect((await get('/balance', headers, leaving)).status).toBe(410)
  })

  it('stops no command', async () => {
    const own = await store.newcomer()
    const answer = await mine(own, 'POST', '/activities', {
      body: { type: 'check-in' },
      headers: { 'idempotency-key': 'once', 'if-none-match': '*' },
    })
    expect([answer.status, answer.headers.get('etag')]).toEqual([201, null])
  })
})

describe('the headers of an answer', () => {
  it.each(steady)('let its reader alone keep /me%s, and ask each time', async (path) => {
    const { headers } = await get(path)
    expect(headers.get('cache-control')).toBe('private, no-cache')
    expect(headers.get('vary')).toMatch(/Authorization/)
    expect(headers.get('vary')).toMatch(/Accept-Language/)
  })

  it.each(['/card', '/export'])('let nobody keep /me%s', async (path) => {
    for (const accept of ['application/json', 'text/html, image/svg+xml']) {
      const { headers } = await get(path, { accept, 'if-none-match': '*' })
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('etag')).toBe(null)
    }
  })

  it('let nobody keep what is changed, refused or signed', async () => {
    const to = { email: 'ann@example.com' }
    const answers = [
      await store.knock('/sign-in', to),
      await store.verify(to, '000000'),
      await store.refresh(tokens.refreshToken),
      await command(tokens, '/activities', { type: 'check-in' }),
      await mine({ accessToken: 'a.b.c' }, 'GET'),
    ]
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  it.each(['', '/card', '/export', '/nothing'])('of /me%s are safe by default', async (path) => {
    const { headers } = await get(path, { accept: 'text/html, image/svg+xml' })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('strict-transport-security')).toContain('max-age=')
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-z]{16}$/)
  })

  it('ask for a credential where it is missing or not good', async () => {
    const { status, headers, json } = await mine({ accessToken: 'a.b.c' }, 'GET')
    expect([status, json.code]).toEqual([401, 'unauthorized'])
    expect(headers.get('www-authenticate')).toBe('Bearer')
  })
})
