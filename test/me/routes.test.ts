import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { verifyToken } from '../../src/auth/token'
import { call, createKey, enrol, pointers } from '../http/api'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

const benefit = { en: 'Free tea', 'zh-CN': '免费茶' }
const levels = [
  { id: 'bronze', name: { en: 'Bronze', 'zh-CN': '青铜' }, from: 0, benefits: [benefit] },
  { id: 'silver', name: { en: 'Silver', 'zh-CN': '白银' }, from: 200_000 },
]
const tiers = {
  basis: 'spend',
  window: { kind: 'rolling', months: 12 },
  down: 'qualifying',
  levels,
}

let store: Storefront

beforeAll(async () => {
  store = await openStorefront({}, { tiers })
})

/** A signed-in member who has bought for so many points. */
async function member(points = 0): Promise<Tokens> {
  const tokens = await store.newcomer()
  if (points > 0) {
    await store.buy(tokens.memberId, 'o1', points)
  }
  return tokens
}

const get = async (tokens: Tokens, path = '', headers: Record<string, string> = {}) =>
  mine(tokens, 'GET', path, { headers })

describe('GET /me', () => {
  it('answers who the member is, as the shop sees it', async () => {
    const given = { email: 'ann@example.com', phone: '13800138000', name: '李安', externalId: 'c1' }
    const { json } = await enrol(store.key, { ...given, birthday: '1990-02-28', storeId: 'bund' })
    const { status, json: me } = await get(await store.tokensFor(json.id))
    expect([status, me]).toEqual([200, json])
    expect(me).toMatchObject({ name: '李安', birthday: '1990-02-28', phone: '+8613800138000' })
  })
})

describe('PATCH /me', () => {
  const patch = (tokens: Tokens, body: object) => mine(tokens, 'PATCH', '', { body })

  it('changes name, birthday and language, and clears them with null', async () => {
    const tokens = await member()
    const ann = { name: 'Ann', birthday: '1990-02-28', locale: 'zh-CN' }
    const { status, json } = await patch(tokens, { ...ann, locale: 'zh-cn' })
    expect([status, json]).toMatchObject([200, ann])
    expect((await get(tokens)).json).toEqual(json)
    expect((await patch(tokens, { name: null, birthday: null, locale: null })).json).toMatchObject({
      name: null,
      birthday: null,
      locale: null,
    })
  })

  it.each([
    ['#/email', { email: 'eve@example.com' }],
    ['#/email', { email: null }],
    ['#/phone', { phone: '13900139000' }],
    ['#/phone', { phone: null }],
    ['#/externalId', { externalId: 'c2' }],
    ['#/storeId', { storeId: 'north' }],
    ['#/cardNumber', { cardNumber: '2000000000008' }],
    ['#/id', { id: 'mp0000000000000' }],
    ['#/tier', { tier: 'gold' }],
    ['#', {}],
    ['#/name', { name: '' }],
    ['#/name', { name: 'x'.repeat(201) }],
    ['#/birthday', { birthday: '2999-01-01' }],
    ['#/locale', { locale: 'zh_CN' }],
  ])('answers 400 at %s for %j, and nothing is changed', async (pointer, body) => {
    const tokens = await member()
    const before = (await get(tokens)).json
    const answer = await patch(tokens, pointer === '#' ? body : { name: 'Eve', ...body })
    expect([answer.status, pointers(answer)]).toEqual([400, [pointer]])
    expect((await get(tokens)).json).toEqual(before)
  })
})

describe('GET /me/card', () => {
  it('answers the code for the till, and all that a card shows', async () => {
    const tokens = await member(120)
    const before = Date.now()
    const { status, json } = await get(tokens, '/card')
    expect(status).toBe(200)
    expect(json).toMatchObject({
      memberId: tokens.memberId,
      refreshInSeconds: 45,
      isFrozen: false,
      tier: { id: 'bronze', name: 'Bronze', benefits: ['Free tea'] },
      balance: { balance: 120, available: 120, pending: 0, held: 0, debt: 0 },
    })
    const end = Date.parse(json.expiresAt)
    expect(end).toBeGreaterThan(before + 58_000)
    expect(end).toBeLessThanOrEqual(Date.now() + 60_000)
    const claims = await verifyToken(env, 'card+jwt', json.token, { now: end - 1 })
    expect(claims).toMatchObject({ ok: true, value: { aud: store.id, sub: tokens.memberId } })
    expect((await verifyToken(env, 'card+jwt', json.token, { now: end })).ok).toBe(false)
    expect((await get(tokens, '/card')).json.token).not.toBe(json.token)
  })

  it('answers the picture alone to who wants that', async () => {
    const tokens = await member()
    const { headers, text } = await get(tokens, '/card', { accept: 'image/svg+xml' })
    expect(headers.get('content-type')).toBe('image/svg+xml')
    expect(text).toMatch(/^<svg [\s\S]*<\/svg>\s*$/)
    const { json } = await get(tokens, '/card', { accept: '*/*' })
    expect(json.svg).toMatch(/^<svg /)
    expect(text + json.svg).not.toMatch(/<script|onload|javascript:/i)
  })

  it('says names as text, never as markup', async () => {
    const evil = '</title><script>alert(1)</script>$&"'
    const [bronze, silver] = levels
    const named = { ...bronze, name: { en: evil, 'zh-CN': evil }, benefits: [{ en: evil }] }
    const own = await openStorefront(
      {},
      { name: evil, tiers: { ...tiers, levels: [named, silver] } },
    )
    const { text } = await get(await own.newcomer(), '/card', { accept: 'image/svg+xml' })
    expect(text).not.toMatch(/<script|<\/title><s/i)
    expect(text.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;\$&amp;/g)).toHaveLength(3)
  })
})

describe('GET /me/balance and /me/tier', () => {
  it('answer what there is, what lapses when, and how far the next tier is', async () => {
    const tokens = await member(120)
    const { json } = await get(tokens, '/balance')
    const shop = await store.balance(tokens.memberId)
    expect(json.balance).toEqual(shop.balance)
    expect(json.seq).toBe(1)
    expect(json.lapsing).toEqual([shop.balance.nextExpiry])
    expect(json.tier).toMatchObject({
      id: 'bronze',
      name: 'Bronze',
      benefits: ['Free tea'],
      next: { id: 'silver', name: 'Silver', remaining: 188_000 },
    })
    const tier = (await get(tokens, '/tier')).json
    expect(tier).toMatchObject({ id: 'bronze', next: { id: 'silver', remaining: 188_000 } })
    expect(tier.levels).toEqual([
      { id: 'bronze', name: 'Bronze', from: 0, factor: 100, benefits: ['Free tea'] },
      { id: 'silver', name: 'Silver', from: 200_000, factor: 100, benefits: [] },
    ])
  })
})

describe('GET /me/entries', () => {
  it('answers the member’s own entries, newest first, page by page', async () => {
    const tokens = await member(120)
    await command(tokens, '/activities', { type: 'check-in' })
    await command(tokens, '/redemptions', { rewardId: 'gift' })
    const first = (await get(tokens, '/entries?limit=2')).json
    expect(first.data.map(({ kind }: { kind: string }) => kind)).toEqual(['redeem', 'award'])
    const last = (await get(tokens, `/entries?limit=2&cursor=${first.nextCursor}`)).json
    expect(last).toMatchObject({ data: [{ seq: 1, kind: 'award', points: 120 }], nextCursor: null })
    expect((await get(tokens, '/entries/1')).json).toEqual(last.data[0])
  })

  it.each([
    ['/entries?limit=0', 400],
    ['/entries?limit=101', 400],
    ['/entries?cursor=x', 400],
    ['/entries?memberId=x', 400],
    ['/entries/2', 404],
    ['/entries/0', 404],
    ['/entries/x', 404],
    ['/entries/1e9', 404],
    ['/nothing', 404],
  ])('answers %s as it must: %i', async (path, status) => {
    const tokens = await member(10)
    const answer = await get(tokens, path)
    expect([answer.status, answer.json.status]).toEqual([status, status])
  })
})

describe('a key of the shop', () => {
  it('is none of a member: 403 on every route of /me', async () => {
    const keys = [
      store.key,
      store.publishable,
      (await createKey(store.key, 'pos')).key,
      env.ROOT_KEY,
    ]
    for (const key of keys) {
      for (const path of ['', '/card', '/balance', '/export']) {
        expect((await call('GET', `/me${path}`, { key })).status).toBe(403)
      }
      expect((await call('DELETE', '/me', { key })).status).toBe(403)
    }
  })
})
