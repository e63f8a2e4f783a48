import { describe, expect, it, vi } from 'vitest'
import { call, enrol } from '../http/api'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

/** A member of a language who has a coupon, and what everything of theirs is called. */
async function speaker(store: Storefront, locale: string | null): Promise<Tokens> {
  const { json } = await enrol(store.key, locale === null ? {} : { locale })
  const tokens = await store.tokensFor(json.id)
  await store.buy(json.id, 'o1', 100)
  await command(tokens, '/redemptions', { rewardId: 'gift' })
  return tokens
}

type Texts = Record<string, string>

/** The language in which each answer is. */
async function languages(tokens: Tokens, accept?: string): Promise<Texts> {
  const headers: Record<string, string> = accept === undefined ? {} : { 'accept-language': accept }
  const get = async (path: string) => (await mine(tokens, 'GET', path, { headers })).json
  const [card, balance, tier, rewards, coupons] = await Promise.all(
    ['/card', '/balance', '/tier', '/rewards', '/coupons'].map(get),
  )
  const redeemed = await mine(tokens, 'POST', '/redemptions', {
    body: { rewardId: 'gift' },
    headers: { ...headers, 'idempotency-key': crypto.randomUUID() },
  })
  const names = {
    card: card.tier.name,
    balance: balance.tier.name,
    tier: tier.name,
    next: tier.next.name,
    level: tier.levels[0].name,
    reward: rewards.data[0].name,
    coupon: coupons.data[0].name,
    redeemed: redeemed.json.coupon.name,
  }
  return Object.fromEntries(
    Object.entries(names).map(([what, name]) => [what, /[a-z]/i.test(name) ? 'en' : 'zh']),
  )
}

const all = (language: string): Texts =>
  Object.fromEntries(
    ['card', 'balance', 'tier', 'next', 'level', 'reward', 'coupon', 'redeemed'].map((what) => [
      what,
      language,
    ]),
  )

describe('the texts of /me are in', () => {
  it.each<[what: string, accept: string | undefined, locale: string | null, expected: string]>([
    ['the language that is asked for', 'zh-CN', null, 'zh'],
    ['its language, whatever the region', 'zh-Hant-TW', null, 'zh'],
    ['the one that is liked best', 'en;q=0.5, zh;q=0.9', null, 'zh'],
    ['the one that the program has', 'fr, zh;q=0.1', null, 'zh'],
    ['the one that is asked for before the member’s own', 'en', 'zh-CN', 'en'],
    ['the member’s own, if nothing is asked for', undefined, 'zh-CN', 'zh'],
    ['the member’s own, if what is asked for is not there', 'fr, de;q=0.5', 'zh-CN', 'zh'],
    ['the member’s own, if anything will do', '*', 'zh-CN', 'zh'],
    ['the member’s own, by its language', undefined, 'zh-HK', 'zh'],
    ['the program’s first, if there is no other', undefined, null, 'en'],
    ['the program’s first, if nobody speaks the member’s', 'fr', 'de', 'en'],
    ['not what is refused', 'en;q=0, zh', null, 'zh'],
    ['the program’s first, if the header is nonsense', ';;;q=,,', null, 'en'],
  ])('%s', async (_, accept, locale, expected) => {
    const store = await openStorefront()
    expect(await languages(await speaker(store, locale), accept)).toEqual(all(expected))
  })

  it('the same language in a receipt: the tier in it is named as elsewhere', async () => {
    const store = await openStorefront()
    const tokens = await speaker(store, null)
    const headers = { 'accept-language': 'zh-CN', 'idempotency-key': 'once' }
    const body = { type: 'check-in' }
    const { status, json } = await mine(tokens, 'POST', '/activities', { headers, body })
    expect([status, json.tier.name]).toEqual([201, '青铜'])
  })

  it('the member’s new language as soon as it is changed, by member or shop', async () => {
    const store = await openStorefront()
    const tokens = await speaker(store, null)
    const card = async () => (await mine(tokens, 'GET', '/card')).json.tier.name
    await mine(tokens, 'PATCH', '', { body: { locale: 'zh-CN' } })
    expect(await card()).toBe('青铜')
    await mine(tokens, 'PATCH', '', { body: { locale: null } })
    expect(await card()).toBe('Bronze')
  })

  it('the member’s own, though the ledger was not made until later', async () => {
    const store = await openStorefront()
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const away = () => {
      throw Object.assign(new Error('Network connection lost.'), { retryable: true })
    }
    const LEDGER = new Proxy({}, { get: () => away }) as Env['LEDGER']
    const { status } = await call('POST', '/v1/members', {
      key: store.key,
      body: { email: 'li@example.com', locale: 'zh-CN' },
      headers: { 'idempotency-key': 'half' },
      env: { LEDGER },
    })
    log.mockRestore()
    expect(status).toBe(503)
    const { data } = (await store.get('/v1/members?email=li@example.com')).json
    const tokens = await store.tokensFor(data[0].id)
    expect((await mine(tokens, 'GET', '/card')).json.tier.name).toBe('青铜')
  })

  it('the first language of a program that speaks another', async () => {
    const store = await openStorefront({}, { locales: ['zh-CN', 'en'] })
    const tokens = await speaker(store, 'fr')
    expect((await mine(tokens, 'GET', '/card')).json.tier.name).toBe('青铜')
  })
})
