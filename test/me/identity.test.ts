import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { signToken, type TokenType, verifyToken } from '../../src/auth/token'
import { call } from '../http/api'
import { forge, newKey, part, taken, type TestKey } from '../auth/tokens'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

let store: Storefront
let ann: Tokens
let bob: Tokens

beforeAll(async () => {
  store = await openStorefront()
  ann = await store.newcomer()
  bob = await store.newcomer()
  await store.buy(ann.memberId, 'order-of-ann', 300)
  await store.buy(bob.memberId, 'order-of-bob', 100)
  await command(bob, '/redemptions', { rewardId: 'gift' })
})

afterEach(() => {
  vi.useRealTimers()
})

interface Said {
  sub: string
  sid: string
  epoch: number
  exp: number
  [claim: string]: unknown
}
const claimsOf = ({ accessToken }: Tokens): Said => taken(accessToken).payload

/** A token that this deployment did sign, with some of what Ann's says changed. */
async function resigned(changes: object, typ: TokenType = 'at+jwt'): Promise<string> {
  const { iat: _iat, exp: _exp, iss: _iss, ...claims } = claimsOf(ann)
  const said = { ...claims, ...changes } as unknown as Parameters<typeof signToken>[2]
  return signToken(env, typ, said, { ttlSeconds: 900, now: Date.now() })
}

const reads = ['', '/card', '/balance', '/tier', '/entries', '/rewards', '/coupons', '/export']

/** The statuses that a token gets on every route that shows something. */
const statuses = async (accessToken: string) => {
  const answers = await Promise.all(reads.map((path) => mine({ accessToken }, 'GET', path)))
  return [...new Set(answers.map(({ status }) => status))]
}

describe('a token that nobody here signed', () => {
  let strange: TestKey

  beforeAll(async () => {
    strange = await newKey('strange')
  })

  const head = () => taken(ann.accessToken).header

  it.each<[string, () => string | Promise<string>]>([
    ['is signed by another key', () => forge(head(), claimsOf(ann), strange)],
    ['brings its key along', () => forge({ ...head(), jwk: strange }, claimsOf(ann), strange)],
    ['is signed by none', () => `${part({ ...head(), alg: 'none' })}.${part(claimsOf(ann))}.`],
    [
      'says that it is of Bob',
      () => {
        const [header, , signature] = ann.accessToken.split('.')
        return `${header}.${part({ ...claimsOf(ann), sub: bob.memberId })}.${signature}`
      },
    ],
    ['lacks its signature', () => ann.accessToken.replace(/[^.]+$/, '')],
    [
      'has the signature of Bob',
      () => {
        const [header, payload] = ann.accessToken.split('.')
        return `${header}.${payload}.${bob.accessToken.split('.')[2]}`
      },
    ],
    ['is no token', () => 'a.b.c'],
    ['is a refresh token', () => ann.refreshToken],
    ['is an id', () => ann.memberId],
  ])('opens nothing: it %s', async (_, make) => {
    expect(await statuses(await make())).toEqual([401])
  })

  it('opens nothing in a query, a cookie or another scheme', async () => {
    const path = `/me/balance?access_token=${ann.accessToken}`
    expect((await call('GET', path)).status).toBe(401)
    const carried: Record<string, string>[] = [
      { cookie: `access_token=${ann.accessToken}` },
      { authorization: `Basic ${btoa(`${ann.accessToken}:`)}` },
      { authorization: ann.accessToken },
      { 'x-access-token': ann.accessToken },
    ]
    for (const headers of carried) {
      expect((await call('GET', '/me/balance', { headers })).status).toBe(401)
    }
  })
})

describe('a token that was signed here', () => {
  it('opens what it must, as a baseline', async () => {
    expect(await statuses(await resigned({}))).toEqual([200])
  })

  it.each<[string, () => object]>([
    ['another member, with this session', () => ({ sub: bob.memberId })],
    ['this member, with the session of another', () => ({ sid: claimsOf(bob).sid })],
    ['no session', () => ({ sid: undefined })],
    ['an empty session', () => ({ sid: '' })],
    ['a session that is a list', () => ({ sid: [claimsOf(ann).sid] })],
    ['a session that is a pattern', () => ({ sid: '%' })],
    ['no epoch', () => ({ epoch: undefined })],
    ['an epoch that is a text', () => ({ epoch: '0' })],
    ['an earlier epoch', () => ({ epoch: -1 })],
    ['a later epoch', () => ({ epoch: 1 })],
    ['a program that is not', () => ({ aud: 'nowhere1' })],
    ['two programs', () => ({ aud: [store.id, 'nowhere1'] })],
  ])('opens nothing for %s', async (_, changes) => {
    expect(await statuses(await resigned(changes()))).toEqual([401])
  })

  it('opens nothing for a member who is nobody, and leaves nothing behind', async () => {
    const all = await statuses(await resigned({ sub: 'mp0000000000000' }))
    expect(all.every((status) => status === 401 || status === 404)).toBe(true)
    const strange = await statuses(await resigned({ sub: `../${ann.memberId}` }))
    expect(strange.every((status) => status === 401 || status === 404)).toBe(true)
  })

  it('opens nothing in another program: there the member is nobody', async () => {
    const other = await openStorefront()
    const all = await statuses(await resigned({ aud: other.id }))
    expect(all.every((status) => status === 401 || status === 404)).toBe(true)
  })

  it('opens nothing when it is a card, and a card opens nothing', async () => {
    const { json } = await mine(ann, 'GET', '/card')
    expect(await statuses(json.token)).toEqual([401])
    expect(await statuses(await resigned({}, 'card+jwt'))).toEqual([401])
  })

  it('is over after a quarter of an hour by real time', async () => {
    const tokens = await store.newcomer()
    const end = claimsOf(tokens).exp * 1000
    vi.useFakeTimers({ toFake: ['Date'], now: end - 1 })
    expect(await statuses(tokens.accessToken)).toEqual([200])
    vi.setSystemTime(end)
    expect(await statuses(tokens.accessToken)).toEqual([401])
  })

  it('says who and for how long, and nothing personal', async () => {
    const checked = await verifyToken(env, 'at+jwt', ann.accessToken, { now: Date.now() })
    expect(checked).toEqual({
      ok: true,
      value: {
        iss: 'punchcard',
        aud: store.id,
        sub: ann.memberId,
        jti: expect.stringMatching(/^[0-9a-z]{16}$/),
        sid: expect.stringMatching(/^[0-9a-z]{16}$/),
        epoch: 0,
        iat: expect.any(Number),
        exp: expect.any(Number),
      },
    })
    const { iat, exp } = claimsOf(ann) as Said & { iat: number }
    expect(exp - iat).toBe(900)
  })
})

describe('the ids of another member', () => {
  const asks: [method: string, path: string, body?: object][] = [
    ['GET', '?memberId=BOB'],
    ['GET', '/balance?memberId=BOB'],
    ['GET', '/entries?memberId=BOB'],
    ['GET', '/BOB'],
    ['GET', '/../v1/members/BOB'],
    ['GET', '/export?memberId=BOB'],
    ['GET', '/coupons?memberId=BOB'],
    ['PATCH', '', { id: 'BOB', name: 'Eve' }],
    ['PATCH', '?id=BOB', { name: 'Ann' }],
    ['POST', '/redemptions', { rewardId: 'gift', memberId: 'BOB' }],
    ['POST', '/activities', { type: 'check-in', memberId: 'BOB' }],
    ['POST', '/sign-out', { memberId: 'BOB', everywhere: true }],
  ]

  it.each(asks)('are of no use: %s /me%s %j', async (method, path, body) => {
    const put = (text: string) => text.replaceAll('BOB', bob.memberId)
    const state = async () => [
      (await mine(bob, 'GET')).text,
      (await mine(bob, 'GET', '/entries')).text,
    ]
    const before = await state()
    const answer = await mine(ann, method, put(path), {
      ...(body && { body: put(JSON.stringify(body)) }),
      headers: {
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
        'x-member-id': bob.memberId,
      },
    })
    expect(answer.text.replaceAll(put(path), '')).not.toMatch(new RegExp(`"${bob.memberId}"`))
    expect(answer.text).not.toContain('order-of-bob')
    expect(await state()).toEqual(before)
  })

  it('name no route of the shop: 403, whose ever they are', async () => {
    const paths = [`/v1/members/${bob.memberId}`, `/v1/members/${ann.memberId}/balance`]
    for (const path of [...paths, '/v1/members', '/v1/entries', '/v1/outbox', '/v1/purchases/x']) {
      const answer = await call('GET', path, { key: ann.accessToken })
      expect([path, answer.status]).toEqual([path, 403])
    }
  })

  it('share no Idempotency-Key: each member’s is their own, and apart from the shop’s', async () => {
    const own = await store.newcomer()
    await store.buy(own.memberId, 'o1', 200)
    const other = await store.newcomer()
    await store.buy(other.memberId, 'o1', 200)
    const body = { rewardId: 'gift' }
    const first = await command(own, '/redemptions', body, 'same')
    const second = await command(other, '/redemptions', body, 'same')
    const shop = await call('POST', `/v1/members/${own.memberId}/redemptions`, {
      key: store.key,
      body,
      headers: { 'idempotency-key': 'same' },
    })
    for (const each of [first, second, shop]) {
      expect([each.status, each.headers.get('idempotent-replayed')]).toEqual([201, null])
    }
    expect(new Set([first, second, shop].map(({ json }) => json.coupon.code)).size).toBe(3)
  })
})
