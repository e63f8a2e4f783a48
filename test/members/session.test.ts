import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { verifyToken } from '../../src/auth/token'
import { call, createKey, tally } from '../http/api'
import { mine, openStorefront, type Storefront, type Tokens } from '../me/storefront'

let store: Storefront

beforeAll(async () => {
  store = await openStorefront()
})

afterEach(() => {
  vi.useRealTimers()
})

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Moves real time for the code under test; timers stay real. */
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

const isIn = async (tokens: Tokens) => (await mine(tokens, 'GET', '/balance')).status === 200

/** The next tokens of a session that must go on. */
const next = async ({ refreshToken }: Tokens): Promise<Tokens> => {
  const { status, json } = await store.refresh(refreshToken)
  expect(status).toBe(200)
  return json
}

const over = { status: 401, json: { code: 'unauthorized' } }

describe('POST /v1/members/:id/tokens', () => {
  const exchange = (id: string, key = store.key) =>
    call('POST', `/v1/members/${id}/tokens`, { key, body: {} })

  describe('happy', () => {
    it('answers 201 with an access token for a quarter of an hour and a refresh token', async () => {
      const id = await store.enrol()
      const { status, json, headers } = await exchange(id)
      expect(status).toBe(201)
      expect(json).toEqual({
        memberId: id,
        accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]{86}$/),
        tokenType: 'Bearer',
        expiresInSeconds: 900,
        refreshToken: expect.stringMatching(/^pcr_/),
      })
      expect(headers.get('cache-control')).toBe('no-store')
      const claims = await verifyToken(env, 'at+jwt', json.accessToken, { now: Date.now() })
      expect(claims).toMatchObject({ ok: true, value: { aud: store.id, sub: id } })
    })

    it('gives each device a session of its own', async () => {
      const id = await store.enrol()
      const [one, two] = [(await exchange(id)).json, (await exchange(id)).json]
      await mine(one, 'POST', '/sign-out', { body: {} })
      expect([await isIn(one), await isIn(two)]).toEqual([false, true])
    })

    it('lives by real time, whatever the clock of the program', async () => {
      const past = await openStorefront({ clock: '2020-01-01T00:00:00Z' })
      const tokens = await past.newcomer()
      expect(await isIn(tokens)).toBe(true)
      later(15 * MINUTE_MS + 1_000)
      expect(await mine(tokens, 'GET', '/balance')).toMatchObject(over)
      vi.useRealTimers()
      await past.move('2026-01-01T00:00:00Z')
      expect(await isIn(tokens)).toBe(true)
    })
  })

  describe('error', () => {
    it('answers 404 for nobody, and for a member of another program', async () => {
      const other = await openStorefront()
      for (const id of ['mp0000000000000', 'nobody', await other.enrol()]) {
        expect(await exchange(id)).toMatchObject({ status: 404, json: { code: 'not_found' } })
      }
    })

    it('answers 400 to a body that says something', async () => {
      const path = `/v1/members/${await store.enrol()}/tokens`
      const answer = await call('POST', path, { key: store.key, body: { epoch: 0 } })
      expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
    })
  })

  describe('security', () => {
    it('is for secret keys with the scope alone', async () => {
      const tokens = await store.newcomer()
      const keys = [
        (await createKey(store.key, 'pos')).key,
        store.publishable,
        (await createKey(store.key, 'secret', ['members:read'])).key,
        env.ROOT_KEY,
        tokens.accessToken,
      ]
      for (const key of keys) {
        expect((await exchange(tokens.memberId, key)).status).toBe(403)
      }
      const { key } = await createKey(store.key, 'secret', ['tokens:write'])
      expect((await exchange(tokens.memberId, key)).status).toBe(201)
    })
  })
})

const flipped = (letter: string) => (letter === '0' ? '1' : '0')

describe('POST /me/tokens', () => {
  describe('happy', () => {
    it('answers 200 with new tokens; the access token before is good until it ends', async () => {
      const before = await store.newcomer()
      const after = await next(before)
      expect(after).toMatchObject({ memberId: before.memberId, expiresInSeconds: 900 })
      expect(after.refreshToken).not.toBe(before.refreshToken)
      expect([await isIn(before), await isIn(after)]).toEqual([true, true])
    })

    it('keeps a device that is used, however often the shop signs its member in', async () => {
      const device = await next(await store.newcomer())
      for (let i = 0; i < 25; i++) {
        await store.tokensFor(device.memberId)
      }
      expect(await isIn(device)).toBe(true)
    })

    it('keeps a device signed in that is used within 90 days, for ever', async () => {
      let tokens = await store.newcomer()
      for (let i = 0; i < 5; i++) {
        later(89 * DAY_MS)
        tokens = await next(tokens)
      }
      expect(await isIn(tokens)).toBe(true)
    })
  })

  describe('error', () => {
    it('answers 401 after 90 days, and the session is over', async () => {
      const tokens = await store.newcomer()
      later(90 * DAY_MS)
      expect(await store.refresh(tokens.refreshToken)).toMatchObject(over)
      vi.useRealTimers()
      expect(await store.refresh(tokens.refreshToken)).toMatchObject(over)
    })

    it.each<[string, (token: string) => unknown]>([
      ['nothing', () => ''],
      ['a number', () => 7],
      ['what is too long', (token) => token + 'x'.repeat(200)],
    ])('answers 400 for %s', async (_, make) => {
      const { refreshToken } = await store.newcomer()
      expect((await store.refresh(make(refreshToken) as string)).status).toBe(400)
    })

    it.each<[string, (token: string) => string]>([
      ['garbage', () => 'garbage'],
      ['the prefix alone', () => 'pcr_'],
      ['another prefix', (token) => token.replace('pcr_', 'pct_')],
      ['upper case', (token) => token.toUpperCase()],
      ['a blank after', (token) => `${token} `],
      ['a line break after', (token) => `${token}\n`],
      ['a secret that is shorter', (token) => token.slice(0, -1)],
      ['a member in no region', (token) => token.replace(/_m[a-z]/, '_m!')],
      ['a member in a strange region', (token) => token.replace(/_m[a-z]/, '_mz')],
      ['a member who is nobody', (token) => token.replace(/_(m[a-z])[^_]+/, '_$10000000000000')],
      ['a session that is not', (token) => token.replace(/_[^_]+(_[^_]+)$/, '_0000000000000000$1')],
    ])('answers 401 for %s, and the session lives', async (_, make) => {
      const tokens = await store.newcomer()
      expect(await store.refresh(make(tokens.refreshToken))).toMatchObject(over)
      expect(await isIn(await next(tokens))).toBe(true)
    })
  })

  describe('security', () => {
    it('ends the session for both holders when a token is used again', async () => {
      const stolen = await store.newcomer()
      const thief = await next(stolen)
      const other = await store.tokensFor(stolen.memberId)
      expect(await store.refresh(stolen.refreshToken)).toMatchObject(over)
      // Also what had been got by it, refresh and access alike.
      expect(await store.refresh(thief.refreshToken)).toMatchObject(over)
      expect([await isIn(stolen), await isIn(thief), await isIn(other)]).toEqual([
        false,
        false,
        true,
      ])
    })

    it('ends it however long ago the token was used', async () => {
      const first = await store.newcomer()
      let last = first
      for (let i = 0; i < 4; i++) {
        last = await next(last)
      }
      expect(await store.refresh(first.refreshToken)).toMatchObject(over)
      expect(await isIn(last)).toBe(false)
    })

    it('lets at most one of many at once win', async () => {
      const { refreshToken } = await store.newcomer()
      const all = await Promise.all(Array.from({ length: 10 }, () => store.refresh(refreshToken)))
      const { 200: won = 0, 401: lost = 0 } = tally(all)
      expect([won, won + lost]).toEqual([1, 10])
    })

    it('knows no token of another program, nor one that names it', async () => {
      const other = await openStorefront()
      const { refreshToken } = await other.newcomer()
      expect(await store.refresh(refreshToken)).toMatchObject(over)
      expect(await store.refresh(refreshToken.replace(other.id, store.id))).toMatchObject(over)
      const tokens = await store.newcomer()
      const [, , , sid, secret] = tokens.refreshToken.split('_')
      const grafted = refreshToken.replace(/_[^_]+_[^_]+$/, `_${sid}_${secret}`)
      expect(await store.refresh(grafted.replace(other.id, store.id))).toMatchObject(over)
      expect((await other.refresh(refreshToken)).status).toBe(200)
      expect(await isIn(tokens)).toBe(true)
    })

    it('does not take one session for another of the same member', async () => {
      const one = await store.newcomer()
      const two = await store.tokensFor(one.memberId)
      const secret = two.refreshToken.split('_').at(-1)!
      const mixed = one.refreshToken.replace(/[^_]+$/, secret)
      expect(await store.refresh(mixed)).toMatchObject(over)
      expect(await isIn(two)).toBe(true)
    })

    it('is not ended by who knows its name and makes up a secret', async () => {
      const tokens = await store.newcomer()
      const secret = tokens.refreshToken.split('_').at(-1)!
      for (const madeUp of ['0'.repeat(secret.length), secret.replace(/^./, flipped)]) {
        const forged = tokens.refreshToken.replace(/[^_]+$/, madeUp)
        expect(await store.refresh(forged)).toMatchObject(over)
      }
      expect(await isIn(await next(tokens))).toBe(true)
    })

    it('does not take an access token, nor is a refresh token taken for one', async () => {
      const { accessToken, refreshToken } = await store.newcomer()
      expect((await store.refresh(accessToken.slice(0, 200))).status).toBe(401)
      for (const path of ['', '/balance']) {
        expect((await mine({ accessToken: refreshToken }, 'GET', path)).status).toBe(401)
      }
    })

    it('is for the publishable key of the program alone', async () => {
      const { refreshToken, accessToken } = await store.newcomer()
      const body = { refreshToken }
      const till = await createKey(store.key, 'pos')
      for (const key of [till.key, accessToken, env.ROOT_KEY]) {
        expect((await call('POST', '/me/tokens', { key, body })).status).toBe(403)
      }
      expect((await call('POST', '/me/tokens', { body })).status).toBe(401)
    })

    it('is kept as a digest, in the object of its member alone', async () => {
      const { refreshToken, memberId } = await store.newcomer()
      const secret = refreshToken.split('_').at(-1)!
      const stub = env.LEDGER.get(env.LEDGER.idFromName(`${store.id}:${memberId}`))
      const memos = await runInDurableObject(stub, (_, { storage }) =>
        JSON.stringify(storage.sql.exec('SELECT * FROM memos').toArray()),
      )
      expect(memos).toContain(createHash('sha256').update(secret).digest('base64url'))
      expect(memos).not.toContain(secret)
    })
  })
})
