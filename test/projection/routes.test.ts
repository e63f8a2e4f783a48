import { beforeAll, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { openShop } from '../clock/shop'
import { call, createKey, createProgram, enrol } from '../http/api'

let shop: { id: string; key: string }

beforeAll(async () => {
  shop = await createProgram()
})

const newMember = async (key = shop.key): Promise<string> => (await enrol(key, {})).json.id

const post = (path: string, body: object, key = shop.key) =>
  call('POST', path, { key, body, headers: { 'idempotency-key': crypto.randomUUID() } })

const buy = (member: string, orderId: string, key = shop.key) =>
  post(
    `/v1/members/${member}/purchases`,
    {
      orderId,
      currency: 'CNY',
      lines: [{ sku: 'TEA-1', quantity: 1, amount: 12_900 }],
      channel: 'web',
    },
    key,
  )

/** Waits until D1 has the first so many entries of a member. */
const projected = (member: string, seq: number) =>
  vi.waitFor(
    async () => {
      const row = SQL.prepare('SELECT seq FROM balances WHERE member_id = ?').bind(member)
      expect(await row.first('seq')).toBe(seq)
    },
    { timeout: 15_000 },
  )

describe('GET /v1/purchases/:orderId', () => {
  it('tells a till that knows only the order whose it is and what happened to it', async () => {
    const member = await newMember()
    await buy(member, 'known')
    await post(`/v1/members/${member}/refunds`, { refundId: 'r1', orderId: 'known', amount: 900 })
    await projected(member, 2)
    const till = await createKey(shop.key, 'pos')
    expect(await call('GET', '/v1/purchases/known', { key: till.key })).toMatchObject({
      status: 200,
      json: {
        orderId: 'known',
        memberId: member,
        currency: 'CNY',
        total: 12_900,
        points: 129,
        channel: 'web',
        storeId: null,
        lines: [{ lineId: '1', sku: 'TEA-1', quantity: 1, amount: 12_900 }],
        entries: [
          { kind: 'award', points: 129 },
          { kind: 'clawback', points: -9 },
        ],
        conflicts: [],
      },
    })
  })

  it('tells the currency of an order that was not in the home currency', async () => {
    const abroad = await openShop({}, { currencies: { USD: { rate: '7.12' } } })
    const member = await abroad.enrol()
    await abroad.buy(member, 'abroad', 10, { currency: 'USD' })
    await projected(member, 1)
    const { json } = await abroad.get('/v1/purchases/abroad')
    expect(json).toMatchObject({ currency: 'USD', total: 1_000, points: 71 })
    expect(json.entries).toMatchObject([{ currency: 'USD', version: 2 }])
    expect((await abroad.get('/v1/entries')).json.data).toMatchObject([{ currency: 'USD' }])
  })

  it('lists the same order of another member as a conflict', async () => {
    const [first, second] = [await newMember(), await newMember()]
    await buy(first, 'both')
    await projected(first, 1)
    await buy(second, 'both')
    await projected(second, 1)
    expect((await call('GET', '/v1/purchases/both', { key: shop.key })).json).toMatchObject({
      memberId: first,
      conflicts: [{ memberId: second, points: 129 }],
    })
    const refund = { refundId: 'r1', orderId: 'both', amount: 900 }
    const refused = await post('/v1/refunds', refund)
    expect(refused).toMatchObject({ status: 409, json: { code: 'already_exists' } })
    expect(refused.json.detail).toContain(second)
  })

  it('answers 404 for an order that is unknown, or of another program', async () => {
    const other = await createProgram()
    const theirs = await newMember(other.key)
    await buy(theirs, 'theirs', other.key)
    await projected(theirs, 1)
    expect((await call('GET', '/v1/purchases/theirs', { key: other.key })).status).toBe(200)
    for (const order of ['theirs', 'nothing', encodeURIComponent("' OR 1=1 --"), '%FF']) {
      expect((await call('GET', `/v1/purchases/${order}`, { key: shop.key })).status).toBe(404)
    }
  })
})

describe('POST /v1/refunds', () => {
  it('refunds by the order alone, once, whichever path the second call takes', async () => {
    const member = await newMember()
    await buy(member, 'returned')
    await projected(member, 1)
    const till = await createKey(shop.key, 'pos')
    const refund = { refundId: 'r1', orderId: 'returned', amount: 12_900 }
    const first = await post('/v1/refunds', refund, till.key)
    expect(first).toMatchObject({ status: 201, json: { entries: [{ points: -129 }] } })
    const second = await post(`/v1/members/${member}/refunds`, refund)
    expect([second.status, second.text]).toEqual([201, first.text])
    expect(second.headers.get('idempotent-replayed')).toBe('true')
  })

  it('gives its first answer again although the order has become a conflict since', async () => {
    const [first, second] = [await newMember(), await newMember()]
    await buy(first, 'twice')
    await projected(first, 1)
    const headers = { 'idempotency-key': 'refund-of-twice' }
    const body = { refundId: 'r1', orderId: 'twice', amount: 900 }
    const answer = await call('POST', '/v1/refunds', { key: shop.key, body, headers })
    await buy(second, 'twice')
    await projected(second, 1)
    const again = await call('POST', '/v1/refunds', { key: shop.key, body, headers })
    expect([again.status, again.text]).toEqual([201, answer.text])
    expect((await post('/v1/refunds', body)).status).toBe(409)
  })

  it('answers 404 for an unknown order and 400 without a key', async () => {
    const refund = { refundId: 'r1', orderId: 'nothing', amount: 1 }
    expect((await post('/v1/refunds', refund)).status).toBe(404)
    const answer = await call('POST', '/v1/refunds', { key: shop.key, body: refund })
    expect(answer.json.code).toBe('idempotency_key_missing')
  })
})

describe('GET /v1/entries', () => {
  it('gives every entry of every member once, in one order, however it is paged', async () => {
    const { key } = await createProgram()
    const [one, two] = [await newMember(key), await newMember(key)]
    for (const orderId of ['a', 'b', 'c']) {
      await buy(one, orderId, key)
      await buy(two, `${orderId}2`, key)
    }
    await projected(one, 3)
    await projected(two, 3)
    const seen: { position: number; memberId: string; seq: number }[] = []
    for (let after: string | null = '0'; after !== null;) {
      const { json } = await call('GET', `/v1/entries?limit=4&after=${after}`, { key })
      seen.push(...json.data)
      after = json.nextCursor
    }
    expect(seen.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6])
    for (const member of [one, two]) {
      const own = seen.filter(({ memberId }) => memberId === member)
      expect(own.map(({ seq }) => seq)).toEqual([1, 2, 3])
    }
    const last = seen.at(-1)!
    expect((await call('GET', `/v1/entries?after=${last.position}`, { key })).json).toEqual({
      data: [],
      nextCursor: null,
    })
    const shown = await call('GET', `/v1/members/${last.memberId}/entries/${last.seq}`, { key })
    const { position: _position, memberId: _memberId, ...entry } = last
    expect(entry).toEqual(shown.json)
  })

  it('shows nothing of another program', async () => {
    const { key } = await createProgram()
    expect((await call('GET', '/v1/entries', { key })).json.data).toEqual([])
  })

  it.each(['after=-1', 'after=x', 'after=1.5', 'limit=0', 'cursor=1'])(
    'answers 400 for ?%s',
    async (query) => {
      expect((await call('GET', `/v1/entries?${query}`, { key: shop.key })).status).toBe(400)
    },
  )
})

describe('GET /v1/health', () => {
  it('tells how far the lists are behind', async () => {
    const { key } = await createProgram()
    const health = async () => (await call('GET', '/v1/health', { key })).json.projection
    const none = { membersBehind: 0, oldestLagMs: 0 }
    expect(await health()).toEqual({ position: 0, lagMs: 0, maxLagMs: 0, ...none })
    const member = await newMember(key)
    await buy(member, 'o1', key)
    await projected(member, 1)
    const { position, lagMs, maxLagMs } = await health()
    expect(position).toBe(1)
    expect(lagMs).toBeGreaterThan(0)
    expect(maxLagMs).toBeGreaterThanOrEqual(lagMs)
  })
})
