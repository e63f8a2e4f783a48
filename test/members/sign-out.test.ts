import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { command, mine, openStorefront, type Storefront, type Tokens } from '../me/storefront'

let store: Storefront

beforeAll(async () => {
  store = await openStorefront()
})

afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

const over = { status: 401, json: { code: 'unauthorized' } }
const signOut = (tokens: Tokens, body: object = {}) => mine(tokens, 'POST', '/sign-out', { body })
const isIn = async (tokens: Tokens) => (await mine(tokens, 'GET', '/balance')).status === 200
const areIn = (...all: Tokens[]) => Promise.all(all.map(isIn))

/** Every call that a member can make. */
const reads = ['', '/card', '/balance', '/tier', '/entries', '/entries/1', '/rewards', '/coupons']
const everything: [method: string, path: string, body?: object][] = [
  ...reads.map((path): [string, string] => ['GET', path]),
  ['GET', '/export'],
  ['PATCH', '', { name: 'Eve' }],
  ['POST', '/redemptions', { rewardId: 'gift' }],
  ['POST', '/activities', { type: 'check-in' }],
  ['POST', '/sign-out', {}],
  ['POST', '/sign-out', { everywhere: true }],
  ['DELETE', ''],
]

const attempt = (tokens: Tokens, [method, path, body]: (typeof everything)[number]) =>
  mine(tokens, method, path, {
    ...(body && { body }),
    headers: { 'idempotency-key': crypto.randomUUID() },
  })

describe('POST /me/sign-out', () => {
  it('answers 204 and ends this session at once, no other', async () => {
    const one = await store.newcomer()
    const two = await store.tokensFor(one.memberId)
    const { status, text } = await signOut(one)
    expect([status, text]).toEqual([204, ''])
    expect(await areIn(one, two)).toEqual([false, true])
    expect(await store.refresh(one.refreshToken)).toMatchObject(over)
    expect((await store.refresh(two.refreshToken)).status).toBe(200)
  })

  it('ends all sessions of this member at once with everywhere, and of nobody else', async () => {
    const one = await store.newcomer()
    const two = await store.tokensFor(one.memberId)
    const three = (await store.refresh(two.refreshToken)).json as Tokens
    const other = await store.newcomer()
    expect((await signOut(one, { everywhere: true })).status).toBe(204)
    expect(await areIn(one, two, three, other)).toEqual([false, false, false, true])
    for (const { refreshToken } of [one, two, three]) {
      expect(await store.refresh(refreshToken)).toMatchObject(over)
    }
    const again = await store.tokensFor(one.memberId)
    expect(await areIn(again, one)).toEqual([true, false])
  })

  it('ends the session of who refreshes in the meantime, whoever is first', async () => {
    const tokens = await store.newcomer()
    const [out, refreshed] = await Promise.all([
      signOut(tokens, { everywhere: true }),
      store.refresh(tokens.refreshToken),
    ])
    expect(out.status).toBe(204)
    const { accessToken = 'a.b.c' } = refreshed.json
    expect(await areIn(tokens, { ...tokens, accessToken })).toEqual([false, false])
  })

  it.each([{ everywhere: 'yes' }, { everywhere: null }, { session: 'x' }])(
    'answers 400 to %j, and nobody is signed out',
    async (body) => {
      const tokens = await store.newcomer()
      expect((await signOut(tokens, body)).status).toBe(400)
      expect(await isIn(tokens)).toBe(true)
    },
  )

  it.each([{}, { everywhere: true }])(
    'leaves nothing that the token before can do: %j',
    async (body) => {
      const tokens = await store.newcomer()
      await store.buy(tokens.memberId, 'o1', 100)
      await signOut(tokens, body)
      const before = await store.get(`/v1/members/${tokens.memberId}/entries`)
      for (const each of everything) {
        expect([each, await attempt(tokens, each)]).toMatchObject([each, over])
      }
      expect((await store.get(`/v1/members/${tokens.memberId}/entries`)).text).toBe(before.text)
      expect((await store.get(`/v1/members/${tokens.memberId}`)).json.name).toBe(null)
    },
  )

  it('does not repeat to who is signed out what a command had answered', async () => {
    const tokens = await store.newcomer()
    await store.buy(tokens.memberId, 'o1', 100)
    const redeem = () => command(tokens, '/redemptions', { rewardId: 'gift' }, 'once')
    expect((await redeem()).status).toBe(201)
    await signOut(tokens)
    expect(await redeem()).toMatchObject(over)
  })
})

describe('the devices of a member', () => {
  const sessionsIn = (memberId: string) =>
    runInDurableObject(
      env.LEDGER.get(env.LEDGER.idFromName(`${store.id}:${memberId}`)),
      (_, { storage }) =>
        storage.sql.exec("SELECT key FROM memos WHERE key LIKE 'session:%'").toArray().length,
    )

  it('are twenty at most: one more ends the one that was used longest ago', async () => {
    const memberId = await store.enrol()
    const devices: Tokens[] = []
    for (let i = 0; i < 20; i++) {
      later(1_000)
      devices.push(await store.tokensFor(memberId))
    }
    later(1_000)
    const first = (await store.refresh(devices[0]!.refreshToken)).json as Tokens
    later(1_000)
    const last = await store.tokensFor(memberId)
    expect(await areIn(first, devices[1]!, devices[2]!, last)).toEqual([true, false, true, true])
    expect(await sessionsIn(memberId)).toBe(20)
  })

  it('are forgotten that ended by themselves, when the next signs in', async () => {
    const memberId = await store.enrol()
    await Promise.all(Array.from({ length: 5 }, () => store.tokensFor(memberId)))
    expect(await sessionsIn(memberId)).toBe(5)
    later(90 * 86_400_000)
    await store.tokensFor(memberId)
    expect(await sessionsIn(memberId)).toBe(1)
  })

  it('cost nothing to try: a member who is nobody has no storage after it', async () => {
    const { refreshToken } = await store.newcomer()
    const memberId = 'mp0000000000000'
    const strange = refreshToken.replace(/_m[^_]+/, `_${memberId}`)
    expect((await store.refresh(strange)).status).toBe(401)
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${store.id}:${memberId}`))
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })
})
