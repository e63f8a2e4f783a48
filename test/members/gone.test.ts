import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { access } from '../../src/auth/scopes'
import { call, createKey, enrol, tally } from '../http/api'
import { mine, openStorefront, type Storefront, type Tokens } from '../me/storefront'
import { type Full, fullMember, rules } from './full'

// What can be asked of a member who was erased.

let store: Storefront
let full: Full
let card: string

beforeAll(async () => {
  store = await openStorefront({}, rules)
  full = await fullMember(store)
  card = (await mine(full, 'GET', '/card')).json.token
  await mine(full, 'DELETE')
})

const isGone = { status: 410, json: { code: 'member_gone' } }
const erase = (memberId: string, options: { key?: string; env?: Partial<Env> } = {}) =>
  call('DELETE', `/v1/members/${memberId}`, { key: store.key, ...options })

const bought = { currency: 'CNY', total: 100, channel: 'pos' }

/** A good body for each route that takes one. */
const bodies: Record<string, object> = {
  'PATCH /v1/members/:id': { name: 'Eve' },
  'POST /v1/members/:id/tokens': {},
  'POST /v1/members/:id/card': { cardNumber: '2000000000008' },
  'POST /v1/members/:id/freeze': {},
  'POST /v1/members/:id/unfreeze': {},
  'POST /v1/members/:id/purchases': { ...bought, orderId: 'new' },
  'POST /v1/members/:id/refunds': { orderId: 'order', refundId: 'r', amount: 1 },
  'POST /v1/members/:id/refunds/:refundId/reversal': {},
  'POST /v1/members/:id/holds': { points: 1 },
  'POST /v1/members/:id/holds/:holdId/capture': {},
  'POST /v1/members/:id/holds/:holdId/release': {},
  'POST /v1/members/:id/redemptions': { rewardId: 'gift' },
  'POST /v1/members/:id/redemptions/:redemptionId/reversal': {},
  'POST /v1/members/:id/adjustments': { points: 5, reason: 'x' },
  'POST /v1/members/:id/activities': { type: 'check-in' },
  'PATCH /me': { name: 'Eve' },
  'POST /me/redemptions': { rewardId: 'gift' },
  'POST /me/activities': { type: 'check-in' },
  'POST /me/sign-out': {},
}

describe('every route of a member', () => {
  const routes = Object.entries(access).map(([route, scope]) => ({ route, scope }))
  const ofShop = routes.filter(({ route }) => route.includes('/v1/members/:id'))
  const ofMember = routes.filter(({ scope }) => scope === 'me')

  it('is asked', () => {
    expect(ofShop.length).toBeGreaterThan(20)
    expect(ofMember.length).toBeGreaterThan(10)
  })

  it.each([...ofShop, ...ofMember])('answers 410: $route', async ({ route, scope }) => {
    const [method, pattern] = route.split(' ') as [string, string]
    const path = pattern.replace(':id', full.memberId).replaceAll(/:\w+/g, '1')
    const key = scope === 'me' ? full.accessToken : store.key
    const options = { key, headers: { 'idempotency-key': crypto.randomUUID() } }
    const body = bodies[route]
    expect(await call(method, path, { ...options, ...(body && { body }) })).toMatchObject(isGone)
  })
})

describe('what is known of a member otherwise', () => {
  it('finds nobody by identity, card or list', async () => {
    const { email, phone, externalId, cardNumber } = full.texts
    for (const query of [
      `email=${email}`,
      `phone=${encodeURIComponent(phone!)}`,
      `externalId=${externalId}`,
      `cardNumber=${cardNumber}`,
      'limit=100',
    ]) {
      expect((await store.get(`/v1/members?${query}`)).json.data).toEqual([])
    }
  })

  it('takes no card, number or phone at a till', async () => {
    const { phone, cardNumber } = full.texts
    const till = (await createKey(store.key, 'pos')).key
    const show = async (body: object) =>
      (await call('POST', '/v1/pos/cards', { key: till, body })).status
    expect(await show({ card })).toBe(410)
    expect(await show({ memberId: full.memberId })).toBe(410)
    expect(await show({ card: cardNumber })).toBe(404)
    expect(await show({ phone })).toBe(404)
    const sale = { orderId: 'o9', currency: 'CNY', total: 100 }
    for (const who of [{ card }, { memberId: full.memberId }]) {
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const body = { ...who, sale }
      expect(await call('POST', '/v1/pos/sales', { key: till, body, headers })).toMatchObject(
        isGone,
      )
    }
  })

  it('has no coupon: each is void, whatever it was', async () => {
    for (const code of full.codes) {
      const path = `/v1/coupons/${code}`
      expect((await store.get(path)).status).toBe(410)
      for (const act of ['use', 'void']) {
        const headers = { 'idempotency-key': crypto.randomUUID() }
        const answer = await call('POST', `${path}/${act}`, { key: store.key, body: {}, headers })
        expect(answer.status).toBe(410)
      }
    }
  })

  it('has no order: it can neither be found nor refunded by its id', async () => {
    for (const orderId of [full.texts.orderId, full.texts.oddOrder]) {
      const order = encodeURIComponent(orderId!)
      expect((await store.get(`/v1/purchases/${order}`)).status).toBe(404)
      const answer = await call('POST', '/v1/refunds', {
        key: store.key,
        body: { orderId, refundId: 'r9', amount: 1 },
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
      expect(answer.status).toBe(404)
    }
  })

  it('repeats nothing that was answered before, to a key that is known', async () => {
    const answer = await call('POST', `/v1/members/${full.memberId}/purchases`, {
      key: store.key,
      body: { ...bought, orderId: 'x' },
      headers: { 'idempotency-key': `${full.texts.email}#1` },
    })
    expect(answer).toMatchObject(isGone)
    expect(answer.headers.get('idempotent-replayed')).toBe(null)
  })

  it('renews no session', async () => {
    const refreshed = await store.refresh(full.refreshToken)
    expect([401, 410]).toContain(refreshed.status)
  })
})

describe('who comes again', () => {
  it('is somebody new, with the same identities', async () => {
    const { email, phone, externalId } = full.texts
    const { status, json } = await enrol(store.key, { email, phone, externalId })
    expect([status, json.id === full.memberId]).toEqual([201, false])
    expect((await store.balance(json.id)).balance.balance).toBe(0)
    const tokens = await store.signIn({ email: email! })
    expect(tokens.memberId).toBe(json.id)
    expect((await mine(tokens, 'GET', '/entries')).json.data).toEqual([])
  })

  it('is not who comes by an old call: 410 to the old enrolment key, whatever it says', async () => {
    const own = { email: 'again@example.com' }
    const { json } = await enrol(store.key, own, 'once')
    await enrol(store.key, own, 'known')
    await erase(json.id)
    for (const key of ['once', 'known']) {
      expect(await enrol(store.key, own, key)).toMatchObject(isGone)
    }
    expect((await store.get('/v1/members?email=again@example.com')).json.data).toEqual([])
    expect((await enrol(store.key, own, 'new')).status).toBe(201)
  })

  it('is new who signs in by the code that was sent before', async () => {
    const own = { email: 'code@example.com' }
    const before = await store.signIn(own)
    const code = await store.codeFor(own)
    await mine(before, 'DELETE')
    const { status, json } = await store.verify(own, code)
    expect([status, json.isNew, json.memberId === before.memberId]).toEqual([201, true, false])
  })
})

describe('erasing', () => {
  const member = async (): Promise<Tokens> => {
    const tokens = await store.newcomer()
    await store.buy(tokens.memberId, 'o1', 100)
    return tokens
  }

  it('twice answers 410, whoever asks', async () => {
    const tokens = await member()
    expect((await erase(tokens.memberId)).status).toBe(204)
    expect(await erase(tokens.memberId)).toMatchObject(isGone)
    expect(await mine(tokens, 'DELETE')).toMatchObject(isGone)
  })

  it('ten times at once books one end, and answers 204 once', async () => {
    const tokens = await member()
    const all = await Promise.all(Array.from({ length: 10 }, () => erase(tokens.memberId)))
    expect(tally(all)).toEqual({ 204: 1, 410: 9 })
  })

  it('wins or loses against a purchase at once: it is booked before, or refused', async () => {
    const tokens = await member()
    const [erased, purchase] = await Promise.all([
      erase(tokens.memberId),
      store.buy(tokens.memberId, 'late', 50),
    ])
    expect(erased.status).toBe(204)
    expect([201, 410]).toContain(purchase.status)
    expect((await store.listed(tokens.memberId))!.available).toBe(0)
  })

  it('forgets what was sent to an address before', async () => {
    const own = await openStorefront()
    const { memberId } = await own.signIn({ email: 'old@example.com' })
    await own.signIn({ email: 'other@example.com' })
    const path = `/v1/members/${memberId}`
    await call('PATCH', path, { key: own.key, body: { email: 'new@example.com' } })
    expect((await call('DELETE', path, { key: own.key })).status).toBe(204)
    expect((await own.outbox()).map(({ to }) => to)).toEqual(['other@example.com'])
  })

  it('needs the member to be signed in, or a secret key with the scope', async () => {
    const tokens = await member()
    await mine(tokens, 'POST', '/sign-out', { body: {} })
    expect((await mine(tokens, 'DELETE')).status).toBe(401)
    const keys = [
      (await createKey(store.key, 'pos')).key,
      store.publishable,
      (await createKey(store.key, 'secret', ['members:write'])).key,
      tokens.accessToken,
      env.ROOT_KEY,
    ]
    for (const key of keys) {
      const { status } = await erase(tokens.memberId, { key })
      expect([401, 403]).toContain(status)
    }
    expect((await store.balance(tokens.memberId)).balance.balance).toBe(100)
    const { key } = await createKey(store.key, 'secret', ['members:erase'])
    expect((await erase(tokens.memberId, { key })).status).toBe(204)
  })

  it('answers 404 for nobody and for a member of another program, who stays', async () => {
    const other = await openStorefront()
    const { json } = await enrol(other.key, { email: 'theirs@example.com' })
    for (const id of [json.id, 'mp0000000000000', 'nobody', '%00']) {
      expect((await erase(id)).status).toBe(404)
    }
    expect((await other.get(`/v1/members/${json.id}`)).json).toEqual(json)
  })
})
