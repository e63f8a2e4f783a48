import { env } from 'cloudflare:workers'
import { SQL } from '../db'
import { openShop, type Rules, type Shop } from '../clock/shop'
import { type Answer, call, createKey, enrol } from '../http/api'

export const START = '2027-08-31T02:00:00Z'

export const rewards = {
  tea: { name: { en: 'Tea', 'zh-CN': '茶' }, points: 5 },
  cup: { name: { en: 'Cup', 'zh-CN': '杯子' }, points: 100 },
}

/** A till with a key of its own, in a shop whose clock stands. */
export class Till {
  readonly shop: Shop
  readonly key: string

  constructor(shop: Shop, key: string) {
    this.shop = shop
    this.key = key
  }

  /** Posts under a fresh Idempotency-Key, or the given one. */
  post = (path: string, body: object = {}, idempotencyKey?: string): Promise<Answer> =>
    call('POST', path, {
      key: this.key,
      body,
      headers: { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() },
    })

  /** Sells for 30 to who is named. */
  sell = (
    who: object,
    orderId: string,
    { key, sale, ...rest }: { key?: string; sale?: object; redeem?: object; locale?: string } = {},
  ): Promise<Answer> =>
    this.post(
      '/v1/pos/sales',
      { ...who, sale: { orderId, currency: 'CNY', total: 3_000, ...sale }, ...rest },
      key,
    )

  undo = (body: object, key?: string): Promise<Answer> => this.post('/v1/pos/voids', body, key)

  look = (who: object, headers: Record<string, string> = {}): Promise<Answer> =>
    call('POST', '/v1/pos/cards', { key: this.key, body: who, headers })

  coupon = (code: string): Promise<Answer> => call('GET', `/v1/coupons/${code}`, { key: this.key })

  use = (code: string, body: object = {}, key?: string): Promise<Answer> =>
    this.post(`/v1/coupons/${code}/use`, body, key)

  /** A member with so many points. */
  async member(points = 0, profile: object = {}): Promise<string> {
    const { json } = await enrol(this.shop.key, profile)
    if (points > 0) {
      await this.shop.post(json.id, 'adjustments', { points, reason: 'a gift' })
    }
    return json.id
  }

  /** A member's own token, by which the app calls. */
  async token(memberId: string): Promise<string> {
    const path = `/v1/members/${memberId}/tokens`
    return (await call('POST', path, { key: this.shop.key, body: {} })).json.accessToken
  }

  /** What the QR of a member's card says now. */
  async card(memberId: string): Promise<string> {
    return (await call('GET', '/me/card', { key: await this.token(memberId) })).json.token
  }

  /** The code of a new coupon of a member. */
  async redeem(memberId: string, rewardId = 'tea'): Promise<string> {
    const { json } = await this.shop.post(memberId, 'redemptions', { rewardId })
    return json.coupon.code
  }

  balance = async (memberId: string): Promise<number> =>
    (await this.shop.balance(memberId)).balance.balance

  /** The kinds of a member's entries, oldest first. */
  kinds = async (memberId: string): Promise<string[]> =>
    (await this.shop.entries(memberId)).map(({ kind }) => kind)
}

/** Opens a shop with some of the default rules changed, and a till in it. */
export async function openTill(changes: Rules = {}): Promise<Till> {
  const shop = await openShop({ clock: START }, { rewards, ...changes })
  return new Till(shop, (await createKey(shop.key, 'pos')).key)
}

/** Bindings that count what a call asks of members' objects, and of D1. */
export function counting() {
  const calls: string[] = []
  const statements: string[] = []
  const get: Env['LEDGER']['get'] = (id, options) => {
    const stub = env.LEDGER.get(id, options)
    return new Proxy(stub, {
      get:
        (target, name) =>
        (...args: unknown[]) => {
          calls.push(String(name))
          return (target as never as Record<string | symbol, (...all: unknown[]) => unknown>)[
            name
          ]!(...args)
        },
    })
  }
  const LEDGER = { get, idFromName: (name: string) => env.LEDGER.idFromName(name) }
  const DB = {
    prepare: (sql: string) => {
      statements.push(sql)
      return SQL.prepare(sql)
    },
    batch: (all: D1PreparedStatement[]) => SQL.batch(all),
  }
  return { calls, statements, env: { LEDGER, DB } as unknown as Partial<Env> }
}
