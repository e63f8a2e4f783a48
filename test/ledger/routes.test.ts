import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { call, createKey, createProgram, enrol, pointers, tally } from '../http/api'

const hostile = `Robert'); DROP TABLE members; --<script>alert("x")</script>\${1}{{1}}%00\u202E`
const fifty = Array.from({ length: 50 }, (_, i) => i)

let shop: { id: string; key: string }

beforeAll(async () => {
  shop = await createProgram()
})

const newMember = async (key = shop.key): Promise<string> => (await enrol(key, {})).json.id

/** Sends a command of a member under a fresh Idempotency-Key, or the given one. */
const send = (member: string, path: string, body?: unknown, idempotencyKey?: string) =>
  call('POST', `/v1/members/${member}${path}`, {
    key: shop.key,
    body,
    headers: { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() },
  })

const get = (path: string, key = shop.key) => call('GET', `/v1/members/${path}`, { key })
const balance = async (member: string) => (await get(`${member}/balance`)).json.balance

const purchase = {
  orderId: 'o1',
  currency: 'CNY',
  lines: [{ sku: 'TEA-1', quantity: 1, amount: 12_900 }],
  channel: 'pos',
}

describe('a member', () => {
  it('earns, holds, spends and gives back points', async () => {
    const member = await newMember()
    const award = await send(member, '/purchases', purchase)
    expect(award).toMatchObject({
      status: 201,
      json: {
        entries: [{ seq: 1, kind: 'award', points: 129, orderId: 'o1' }],
        balance: { balance: 129, available: 129, pending: 0, held: 0, debt: 0 },
        tier: { id: 'bronze', name: 'Bronze', next: { id: 'silver', remaining: 187_100 } },
        seq: 1,
      },
    })
    const hold = await send(member, '/holds', { points: 50, orderId: 'o2' })
    expect(hold.json.balance).toMatchObject({ balance: 129, available: 79, held: 50 })
    const holdId = hold.json.entries[0].seq
    const captured = await send(member, `/holds/${holdId}/capture`, { points: 20 })
    expect(captured.json.balance).toMatchObject({ balance: 109, available: 109, held: 0 })
    const redeemed = await send(member, '/redemptions', { rewardId: 'coupon', expectedPoints: 90 })
    expect(redeemed.json).toMatchObject({
      entries: [{ kind: 'redeem', points: -100, rewardId: 'coupon', expectedPoints: 90 }],
      balance: { balance: 9 },
    })
    const redemptionId = redeemed.json.entries[0].seq
    for (const _ of [1, 2]) {
      const reversed = await send(member, `/redemptions/${redemptionId}/reversal`)
      expect(reversed.json.balance.balance).toBe(109)
    }
    const refund = { refundId: 'r1', orderId: 'o1', lines: [{ lineId: '1', quantity: 1 }] }
    expect((await send(member, '/refunds', refund)).json.balance).toMatchObject({
      balance: -20,
      debt: 20,
    })
    const undone = await send(member, '/refunds/r1/reversal')
    expect(undone.json.balance).toMatchObject({ balance: 109, debt: 0 })
    expect((await send(member, '/activities', { type: 'check-in' })).json.entries).toMatchObject([
      { points: 1, activity: 'check-in' },
    ])
    const gift = { points: 5, reason: 'Sorry', expiresAt: '2099-01-01T00:00:00Z' }
    expect((await send(member, '/adjustments', gift)).json.entries).toMatchObject([
      { kind: 'adjust', points: 5, reason: 'Sorry', expiresAt: '2099-01-01T00:00:00.000Z' },
    ])
    const released = await send(member, '/holds', { points: 115 })
    const released_ = released.json.entries[0].seq
    expect((await send(member, `/holds/${released_}/release`)).json.balance.available).toBe(115)
  })
})

describe('a replay', () => {
  it('has the status and the reply of the first answer, and says that it is one', async () => {
    const member = await newMember()
    const first = await send(member, '/purchases', purchase, 'k')
    const again = await send(member, '/purchases', purchase, '"k"')
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect([again.status, again.text]).toEqual([first.status, first.text])
    const refused = await send(member, '/redemptions', { points: 500 }, 'l')
    const refusedAgain = await send(member, '/redemptions', { points: 500 }, 'l')
    expect(refused).toMatchObject({ status: 409, json: { code: 'insufficient_points' } })
    expect(refusedAgain).toMatchObject({ status: 409, json: { detail: refused.json.detail } })
    expect(refusedAgain.headers.get('idempotent-replayed')).toBe('true')
  })

  it('is the same for a key that took over by rotation', async () => {
    const { key } = await createProgram()
    const old = await createKey(key, 'secret')
    const member = await newMember(key)
    const path = `/v1/members/${member}/purchases`
    const headers = { 'idempotency-key': 'k' }
    const first = await call('POST', path, { key: old.key, body: purchase, headers })
    const rotated = await call('POST', `/v1/keys/${old.id}/rotate`, { key })
    const again = await call('POST', path, { key: rotated.json.key, body: purchase, headers })
    expect(again.text).toBe(first.text)
  })

  it('is refused for another body or another path', async () => {
    const member = await newMember()
    await send(member, '/purchases', purchase, 'k')
    for (const [path, body] of [
      ['/purchases', { ...purchase, channel: 'web' }],
      ['/redemptions', { points: 1 }],
    ] as const) {
      const answer = await send(member, path, body, 'k')
      expect(answer).toMatchObject({ status: 422, json: { code: 'idempotency_key_reused' } })
    }
  })
})

describe('an imported purchase', () => {
  it('may be as old as it is: its points have lapsed on their day', async () => {
    const member = await newMember()
    const old = { ...purchase, channel: 'import', occurredAt: '1997-01-01T00:00:00Z' }
    const { status, json } = await send(member, '/purchases', old)
    expect([status, json.balance.balance]).toEqual([201, 0])
    expect(json.entries).toMatchObject([
      { kind: 'award', points: 129, expiresAt: '1998-01-01T16:00:00.000Z' },
      { kind: 'expire', points: -129, occurredAt: '1998-01-01T16:00:00.000Z' },
    ])
  })
})

describe('many calls at once', () => {
  it('give exactly ten of fifty redeems their points', async () => {
    const member = await newMember()
    await send(member, '/purchases', { ...purchase, lines: [], total: 10_000 })
    const answers = await Promise.all(fifty.map(() => send(member, '/redemptions', { points: 10 })))
    expect(tally(answers)).toEqual({ 201: 10, 409: 40 })
    expect((await balance(member)).balance).toBe(0)
  })

  it('give one entry and fifty equal answers for fifty copies of one award', async () => {
    const member = await newMember()
    const answers = await Promise.all(fifty.map(() => send(member, '/purchases', purchase, 'k')))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(tally(answers)).toEqual({ 201: 50 })
    expect((await get(`${member}/entries`)).json.data).toHaveLength(1)
  })
})

describe('GET /v1/members/:id/balance', () => {
  it('answers for an instant', async () => {
    const member = await newMember()
    await send(member, '/purchases', purchase)
    const at = async (time: string) =>
      (await get(`${member}/balance?at=${encodeURIComponent(time)}`)).json.balance.balance
    expect(await at('2020-01-01T00:00:00Z')).toBe(0)
    expect(await at('2099-01-01T00:00:00+08:00')).toBe(0)
    expect(await at(new Date(Date.now() + 60_000).toISOString())).toBe(129)
  })

  it.each(['at=yesterday', 'at=2026-01-01', 'when=now'])('answers 400 for ?%s', async (query) => {
    const answer = await get(`${await newMember()}/balance?${query}`)
    expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
  })
})

describe('GET /v1/members/:id/entries', () => {
  it('lists every entry once, newest first, page by page', async () => {
    const member = await newMember()
    for (const i of [1, 2, 3, 4, 5]) {
      await send(member, '/adjustments', { points: i, reason: 'gift' })
    }
    const seen: number[] = []
    let path = `${member}/entries?limit=2`
    for (
      let next: string | null = '';
      next !== null;
      path = `${member}/entries?limit=2&cursor=${next}`
    ) {
      const { json } = await get(path)
      seen.push(...json.data.map((entry: { points: number }) => entry.points))
      next = json.nextCursor
    }
    expect(seen).toEqual([5, 4, 3, 2, 1])
  })

  it('explains an entry: rule, version, base, factor, rounding, lots', async () => {
    const member = await newMember()
    await send(member, '/purchases', purchase)
    expect((await get(`${member}/entries/1`)).json).toMatchObject({
      earning: {
        version: 1,
        base: 12_900,
        factor: 100,
        rounding: 'floor',
        rules: [{ id: 'purchase', points: 129 }],
      },
      lots: [{ seq: 1, points: 129 }],
      actor: { kind: 'server', keyId: expect.any(String), requestId: expect.any(String) },
    })
  })

  it.each(['entries/2', 'entries/0', 'entries/x', 'entries/1e0', 'entries/-1'])(
    'answers 404 for %s',
    async (path) => {
      const member = await newMember()
      await send(member, '/purchases', purchase)
      expect((await get(`${member}/${path}`)).status).toBe(404)
    },
  )

  it.each(['limit=0', 'limit=101', 'cursor=x', 'cursor=MA', 'order=asc'])(
    'answers 400 for ?%s',
    async (query) => {
      expect((await get(`${await newMember()}/entries?${query}`)).status).toBe(400)
    },
  )
})

describe('bad input', () => {
  const line = purchase.lines[0]!
  const huge = 2 ** 53
  const refund = { refundId: 'r1', orderId: 'o1', amount: 100 }
  const long = 'x'.repeat(1_000)
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

  const cases: [path: string, pointer: string, body: object][] = [
    ['/purchases', '#/orderId', { ...purchase, orderId: '' }],
    ['/purchases', '#/orderId', { ...purchase, orderId: long }],
    ['/purchases', '#/orderId', { ...purchase, orderId: 7 }],
    ['/purchases', '#/orderId', { ...purchase, orderId: 'a\0b' }],
    ['/purchases', '#/colour', { ...purchase, colour: 'red' }],
    ['/purchases', '#/currency', { ...purchase, currency: 'ABC' }],
    ['/purchases', '#/currency', { ...purchase, currency: 'USD' }],
    ['/purchases', '#/channel', { ...purchase, channel: 'fax' }],
    ['/purchases', '#/total', { ...purchase, total: 1 }],
    ['/purchases', '#/total', { ...purchase, lines: [] }],
    ['/purchases', '#/total', { ...purchase, total: -12_900 }],
    ['/purchases', '#/total', { ...purchase, lines: [], total: huge }],
    ['/purchases', '#/discount', { ...purchase, discount: 12_901 }],
    ['/purchases', '#/tax', { ...purchase, tax: 0.5 }],
    ['/purchases', '#/payments', { ...purchase, payments: [{ method: 'cash', amount: 1 }] }],
    ['/purchases', '#/payments/0/method', { ...purchase, payments: [{ method: '', amount: 1 }] }],
    ['/purchases', '#/occurredAt', { ...purchase, occurredAt: inDays(1) }],
    ['/purchases', '#/occurredAt', { ...purchase, occurredAt: inDays(-401) }],
    ['/purchases', '#/occurredAt', { ...purchase, occurredAt: '2026-02-30T00:00:00Z' }],
    ['/purchases', '#/occurredAt', { ...purchase, occurredAt: '2026-02-03' }],
    ['/purchases', '#/lines/0/amount', { ...purchase, lines: [{ ...line, amount: 0.5 }] }],
    ['/purchases', '#/lines/0/amount', { ...purchase, lines: [{ ...line, amount: -1 }] }],
    ['/purchases', '#/lines/0/amount', { ...purchase, lines: [{ ...line, amount: huge }] }],
    ['/purchases', '#/lines/0/amount', { ...purchase, lines: [{ ...line, amount: '12900' }] }],
    ['/purchases', '#/lines/0/quantity', { ...purchase, lines: [{ ...line, quantity: 0 }] }],
    ['/purchases', '#/lines/0/sku', { ...purchase, lines: [{ ...line, sku: '' }] }],
    ['/purchases', '#/lines/0/colour', { ...purchase, lines: [{ ...line, colour: 'red' }] }],
    ['/purchases', '#/lines/0/discount', { ...purchase, lines: [{ ...line, discount: 12_901 }] }],
    ['/purchases', '#/lines/1/lineId', { ...purchase, lines: [line, { ...line, lineId: '1' }] }],
    ['/purchases', '#/lines', { ...purchase, lines: Array.from({ length: 501 }, () => line) }],
    [
      '/purchases',
      '#/lines',
      {
        ...purchase,
        lines: [
          { ...line, amount: huge - 1 },
          { ...line, amount: huge - 1 },
        ],
      },
    ],
    ['/refunds', '#', { ...refund, amount: undefined }],
    ['/refunds', '#', { ...refund, lines: [{ lineId: '1', quantity: 1 }] }],
    ['/refunds', '#/amount', { ...refund, amount: -1 }],
    ['/refunds', '#/amount', { ...refund, amount: 1.5 }],
    ['/refunds', '#/lines', { ...refund, amount: undefined, lines: [] }],
    ['/refunds', '#/refundId', { ...refund, refundId: '' }],
    ['/refunds', '#/occurredAt', { ...refund, occurredAt: inDays(-401) }],
    ['/refunds/r1/reversal', '#/reason', { reason: 'x' }],
    ['/holds', '#/points', { points: 0 }],
    ['/holds', '#/points', { points: 1.5 }],
    ['/holds', '#/points', { points: huge }],
    ['/holds', '#/expiresInSeconds', { points: 1, expiresInSeconds: 7 * 86_400 + 1 }],
    ['/holds', '#/expiresInSeconds', { points: 1, expiresInSeconds: 0 }],
    ['/holds/1/capture', '#/points', { points: -1 }],
    ['/holds/1/release', '#/points', { points: 1 }],
    ['/redemptions', '#', {}],
    ['/redemptions', '#', { points: 1, rewardId: 'gift' }],
    ['/redemptions', '#/points', { points: -5 }],
    ['/redemptions', '#/expectedPoints', { points: 1, expectedPoints: -1 }],
    ['/redemptions/1/reversal', '#/points', { points: 1 }],
    ['/adjustments', '#/points', { points: 0, reason: 'x' }],
    ['/adjustments', '#/points', { points: huge, reason: 'x' }],
    ['/adjustments', '#/reason', { points: 1 }],
    ['/adjustments', '#/expiresAt', { points: 1, reason: 'x', expiresAt: inDays(-1) }],
    ['/activities', '#/type', { type: 'dance' }],
    ['/activities', '#/type', { type: 'toString' }],
    ['/activities', '#/reference', { type: 'review' }],
    ['/activities', '#/reference', { type: 'review', reference: long }],
  ]

  it.each(cases)('%s is refused at %s', async (path, pointer, body) => {
    const member = await newMember()
    const answer = await send(member, path, body)
    expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
    expect(pointers(answer)).toEqual([pointer])
    expect(await get(`${member}/balance`)).toMatchObject({ json: { seq: 0 } })
  })

  it.each([
    ['/purchases', 400, 'malformed_json', '{"orderId":'],
    ['/purchases', 413, 'payload_too_large', `{"orderId":"${'x'.repeat(1_000_001)}"}`],
    ['/refunds', 404, 'not_found', JSON.stringify(refund)],
    ['/refunds/r1/reversal', 404, 'not_found', '{}'],
    ['/holds/1/capture', 404, 'not_found', '{}'],
    ['/holds/x/release', 404, 'not_found', '{}'],
    ['/holds/99999999999999999999/release', 404, 'not_found', '{}'],
    ['/redemptions/1/reversal', 404, 'not_found', '{}'],
    ['/redemptions', 404, 'not_found', '{"rewardId":"yacht"}'],
    ['/redemptions', 404, 'not_found', '{"rewardId":"toString"}'],
    ['/redemptions', 409, 'insufficient_points', '{"points":1}'],
    ['/adjustments', 409, 'insufficient_points', '{"points":-1,"reason":"x"}'],
  ])('%s answers %i %s', async (path, status, code, body) => {
    const member = await newMember()
    const answer = await send(member, path, body)
    expect([answer.status, answer.json.code]).toEqual([status, code])
    expect(await get(`${member}/balance`)).toMatchObject({ json: { seq: 0 } })
  })

  it.each([
    ['idempotency_key_missing', ''],
    ['validation_failed', 'k'.repeat(256)],
  ])('answers %s for an Idempotency-Key of a wrong length', async (code, key) => {
    const member = await newMember()
    const answer = await send(member, '/purchases', purchase, key)
    expect([answer.status, answer.json.code]).toEqual([400, code])
    expect((await balance(member)).balance).toBe(0)
  })

  it('is refused as another content type', async () => {
    const member = await newMember()
    const answer = await call('POST', `/v1/members/${member}/purchases`, {
      key: shop.key,
      body: JSON.stringify(purchase),
      headers: { 'content-type': 'text/plain', 'idempotency-key': 'k' },
    })
    expect(answer).toMatchObject({ status: 415, json: { code: 'unsupported_media_type' } })
  })

  it('is kept verbatim where any text is allowed', async () => {
    const member = await newMember()
    const texts = {
      orderId: hostile,
      storeId: hostile.slice(0, 64),
      lines: [{ ...line, sku: hostile, lineId: hostile.slice(0, 64), category: hostile }],
    }
    expect((await send(member, '/purchases', { ...purchase, ...texts })).status).toBe(201)
    const gift = { points: 1, reason: hostile }
    await send(member, '/adjustments', gift, hostile.replaceAll(/[^!#-+\--~]/g, ''))
    const { data } = (await get(`${member}/entries`)).json
    expect(data).toMatchObject([{ reason: hostile }, texts])
    const { refundId } = { refundId: `${hostile}/../x` }
    await send(member, '/refunds', { refundId, orderId: hostile, amount: 12_900 })
    const path = `/refunds/${encodeURIComponent(refundId)}/reversal`
    expect((await send(member, path)).json.balance.balance).toBe(130)
  })
})

describe('security', () => {
  it('does not know the members of another program', async () => {
    const other = await createProgram()
    const theirs = await newMember(other.key)
    expect((await send(theirs, '/purchases', purchase)).status).toBe(404)
    for (const path of ['balance', 'entries', 'entries/1']) {
      expect((await get(`${theirs}/${path}`)).status).toBe(404)
    }
    expect((await get(`${theirs}/balance`, other.key)).json.seq).toBe(0)
  })

  it.each(['nobody', 'mp0000000000000', '%00', encodeURIComponent(hostile)])(
    'answers 404 for the member %s',
    async (member) => {
      expect((await send(member, '/purchases', purchase)).status).toBe(404)
      expect((await get(`${member}/balance`)).status).toBe(404)
    },
  )

  it('lets a till do all but adjust and import', async () => {
    const till = await createKey(shop.key, 'pos')
    const member = await newMember()
    const as = (path: string, body: object) =>
      call('POST', `/v1/members/${member}${path}`, {
        key: till.key,
        body,
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
    expect((await as('/purchases', purchase)).status).toBe(201)
    expect((await as('/adjustments', { points: 1, reason: 'x' })).status).toBe(403)
    const old = { ...purchase, orderId: 'o2', channel: 'import' }
    expect((await as('/purchases', old)).status).toBe(403)
    expect((await balance(member)).balance).toBe(129)
  })
})

describe('while D1 is away', () => {
  const lost = (): never => {
    throw new Error('D1_ERROR: Network connection lost.', {
      cause: new Error('Network connection lost.'),
    })
  }
  const hanging = () => new Promise<never>(() => {})
  const statement = (all: () => unknown) => {
    const self = { bind: () => self, all, run: all, raw: all, first: all }
    return self
  }
  const databases = {
    failing: { prepare: lost, batch: lost },
    hanging: { prepare: () => statement(hanging), batch: hanging },
  } as unknown as Record<string, D1Database>

  it.each(['failing', 'hanging'])(
    'a member who is named by id is served at once, when it is %s',
    async (how) => {
      const { key } = await createProgram()
      const member = await newMember(key)
      const options = { key, env: { DB: databases[how]! }, isHasty: true }
      const headers = { 'idempotency-key': 'k' }
      const path = `/v1/members/${member}`
      const buy = () => call('POST', `${path}/purchases`, { ...options, body: purchase, headers })
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
      // The first call after a quiet hour waits a fifth of a second for what D1 might say of key and program.
      await call('GET', `${path}/balance`, options)
      const startedAt = performance.now()
      const [award, again] = [await buy(), await buy()]
      const read = await call('GET', `${path}/balance`, options)
      expect(performance.now() - startedAt).toBeLessThan(400)
      vi.useRealTimers()
      expect([award.status, again.text]).toEqual([201, award.text])
      expect(read.json.balance.balance).toBe(129)
    },
  )
})

describe('a program that changed a moment ago', () => {
  it('is read anew when a member has obeyed its new version already', async () => {
    const { id, key } = await createProgram()
    const member = await newMember(key)
    const path = `/v1/members/${member}`
    expect((await call('GET', `${path}/balance`, { key })).status).toBe(200)
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${id}:${member}`))
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("UPDATE state SET value = json_set(value, '$.version', 2)")
    })
    await evictDurableObject(stub)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect((await call('GET', `${path}/balance`, { key })).status).toBe(503)
    log.mockRestore()
    await SQL.prepare('UPDATE programs SET version = 2 WHERE id = ?').bind(id).run()
    const headers = { 'idempotency-key': 'k' }
    const award = await call('POST', `${path}/purchases`, { key, body: purchase, headers })
    expect(award.json.entries).toMatchObject([{ earning: { version: 2 } }])
  })
})

describe('an enrolment that ended between identity and ledger', () => {
  it('is finished by the next call, whichever it is', async () => {
    const member = await newMember()
    const other = 'mp0123456789abc'
    await SQL.prepare(
      `INSERT INTO members SELECT program_id, ?, card_number, wrapped_key, external_id, email, phone, name,
         birthday, birth_month_day, locale, store_id, created_at FROM members WHERE id = ?`,
    )
      .bind(other, member)
      .run()
    expect((await get(`${other}/balance`)).json.seq).toBe(0)
    expect((await send(other, '/purchases', purchase)).status).toBe(201)
  })
})
