import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { database } from '../../src/db/client'
import type { ProgramDocument } from '../../src/program/document'
import { publish } from '../../src/program/store'
import { SQL } from '../db'
import { type Answer, call, createKey, pointers, tally } from '../http/api'
import { openShop, type Shop } from '../clock/shop'
import { programOf } from '../ledger/world'

const NOW = '2027-08-31T02:00:00.000Z'

const { tiers: standardTiers } = programOf()

let shop: Shop
let draft: ProgramDocument

beforeEach(async () => {
  shop = await openShop({ clock: NOW })
  draft = (await shop.get('/v1/program')).json
})

afterEach(() => {
  vi.useRealTimers()
})

const purchaseRule = (points: number) => ({
  ...draft.earning,
  rules: [{ ...draft.earning.rules[0]!, points }],
})

const versionsOf = async ({ id }: { id: string }) =>
  (await SQL.prepare('SELECT version FROM program_versions WHERE program_id = ?').bind(id).run())
    .results.length

/** What is in force, and how many versions there are. */
const state = async () => {
  const { json, headers } = await shop.get('/v1/program')
  return { json, etag: headers.get('etag'), versions: await versionsOf(shop) }
}

const code = ({ status, json }: Answer) => `${status} ${json.code}`

describe('GET /v1/program', () => {
  it('shows the default rules of a new program with all their fields, as version 1', async () => {
    const { status, headers, json } = await shop.get('/v1/program')
    expect([status, headers.get('etag')]).toEqual([200, '"1"'])
    expect(json).toMatchObject({
      name: 'Tea house',
      currency: 'CNY',
      timeZone: 'Asia/Shanghai',
      country: 'CN',
      pending: { activeAfterDays: 0 },
      expiry: { kind: 'after', months: 12, to: 'day' },
      adjustments: { maxPoints: null, keys: {} },
    })
    expect(Object.keys(json)).not.toContain('id')
  })

  it('answers what may be sent back as it is, and makes no new version of it', async () => {
    const before = await state()
    const { status, headers, json } = await shop.put(draft, '"1"')
    expect([status, headers.get('etag'), json]).toEqual([200, '"1"', draft])
    expect(await state()).toEqual(before)
  })
})

describe('PUT /v1/program', () => {
  describe('happy', () => {
    it('publishes the next version and answers it', async () => {
      const { status, headers, json } = await shop.put({ ...draft, name: 'Tea room' }, '"1"')
      expect([status, headers.get('etag')]).toEqual([200, '"2"'])
      expect(json).toEqual({ ...draft, name: 'Tea room' })
      expect(await state()).toEqual({ json, etag: '"2"', versions: 2 })
    })

    it('fills in what is left out', async () => {
      const { name, currency, timeZone, locales, earning, expiry, clawback, tiers } = draft
      const least = { name, currency, timeZone, locales, earning, expiry, clawback, tiers }
      const { status, json } = await shop.put(least, '"1"')
      expect(status).toBe(200)
      expect(json).toEqual({ ...draft, country: null, activities: {}, rewards: {} })
      expect((await shop.put(least, '"2"')).headers.get('etag')).toBe('"2"')
    })

    it('is in force for the next award, and for that one only', async () => {
      const member = await shop.enrol()
      await shop.buy(member, 'before', 10)
      await shop.put({ ...draft, earning: purchaseRule(3) }, '"1"')
      await shop.buy(member, 'after', 10)
      const entries = await shop.entries(member)
      expect(entries.map(({ version, points }) => [version, points])).toEqual([
        [1, 10],
        [2, 30],
      ])
      await shop.put({ ...draft, earning: purchaseRule(5) }, '"2"')
      // Entries keep their version, and a refund goes by the award's own figures.
      await shop.post(member, 'refunds', { orderId: 'after', refundId: 'r', amount: 500 })
      const after = await shop.entries(member)
      expect(after.slice(0, 2)).toEqual(entries)
      expect(after[2]).toMatchObject({ version: 3, kind: 'clawback', points: -15 })
      expect(after[1]!.earning).toMatchObject({ version: 2 })
    })

    it('leaves the day on which points lapse as it was promised', async () => {
      const member = await shop.enrol()
      await shop.buy(member, 'before', 10)
      await shop.put({ ...draft, expiry: { kind: 'after', days: 1 } }, '"1"')
      await shop.buy(member, 'after', 10)
      expect((await shop.entries(member)).map(({ expiresAt }) => expiresAt)).toEqual([
        '2028-08-31T16:00:00.000Z',
        '2027-09-01T16:00:00.000Z',
      ])
      await shop.move('2027-09-01T16:00:00Z')
      expect((await shop.balance(member)).balance.balance).toBe(10)
    })

    it('finds its own version when it is sent again after its answer was lost', async () => {
      const next = { ...draft, name: 'Tea room' }
      await shop.put(next, '"1"')
      const reordered = Object.fromEntries(Object.entries(next).toReversed())
      for (const [body, tag] of [
        [next, '"1"'],
        [reordered, '"1"'],
        [next, '"2"'],
        [next, '*'],
      ] as const) {
        const { status, headers, json } = await shop.put(body, tag)
        expect([status, headers.get('etag'), json]).toEqual([200, '"2"', next])
      }
      expect(await versionsOf(shop)).toBe(2)
    })

    it('takes any version for *, and one of a list', async () => {
      expect((await shop.put({ ...draft, name: 'A' }, '*')).headers.get('etag')).toBe('"2"')
      const { status, headers } = await shop.put({ ...draft, name: 'B' }, '"x", "2" , "7"')
      expect([status, headers.get('etag')]).toEqual([200, '"3"'])
    })

    it('is in force in other places within five seconds', async () => {
      const member = await shop.enrol()
      await shop.buy(member, 'before', 10)
      // As another isolate does it: this one is not told.
      const next = {
        programId: shop.id,
        version: 2,
        document: { ...draft, earning: purchaseRule(3) },
        publishedAt: Date.parse(NOW),
        keyId: 'elsewhere',
      }
      const db = database(env, { programId: shop.id })
      expect(await publish(db, next, { movesTiers: false })).toBe(true)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5_000 })
      expect((await shop.buy(member, 'after', 10)).json.entries[0].points).toBe(30)
    })
  })

  describe('error', () => {
    it('answers 428 without If-Match and changes nothing', async () => {
      const before = await state()
      expect(code(await shop.put({ ...draft, name: 'X' }))).toBe('428 precondition_required')
      expect(await state()).toEqual(before)
    })

    it.each(['"2"', '"0"', '"01"', '"x"', '""', 'W/"1"', '"2", "3"'])(
      'answers 412 for If-Match: %s and changes nothing',
      async (tag) => {
        const before = await state()
        expect(code(await shop.put({ ...draft, name: 'X' }, tag))).toBe('412 precondition_failed')
        expect(await state()).toEqual(before)
      },
    )

    it.each(['1', '"1', '1"', '"1" "2"', '"1",', '*, "1"', '"a b"', 'w/"1"'])(
      'answers 400 for If-Match: %s and changes nothing',
      async (tag) => {
        const before = await state()
        expect(code(await shop.put({ ...draft, name: 'X' }, tag))).toBe('400 validation_failed')
        expect(await state()).toEqual(before)
      },
    )

    it('answers 412 for the version before the last, even with what that said', async () => {
      await shop.put({ ...draft, name: 'A' }, '"1"')
      await shop.put({ ...draft, name: 'B' }, '"2"')
      const before = await state()
      expect((await shop.put({ ...draft, name: 'A' }, '"1"')).status).toBe(412)
      expect((await shop.put({ ...draft, name: 'B' }, '"1"')).status).toBe(412)
      expect(await state()).toEqual(before)
    })

    it.each([
      ['#/name', { name: undefined }],
      ['#/colour', { colour: 'red' }],
      ['#/id', { id: 'another' }],
      ['#/version', { version: 7 }],
      ['#/mode', { mode: 'live' }],
      ['#/timeZone', { timeZone: 'Mars/Olympus' }],
      ['#/currencies/XYZ', { currencies: { XYZ: { rate: '1' } } }],
      ['#/currencies/USD/rate', { currencies: { USD: { rate: '0' } } }],
      ['#/locales', { locales: [] }],
      ['#/tiers/levels', { tiers: { ...standardTiers, levels: [] } }],
      ['#/pending/afterReturnWindow', { pending: { afterReturnWindow: true } }],
      ['#/expiry', { expiry: { kind: 'after' } }],
      ['#/returnWindowDays', { returnWindowDays: -1 }],
    ])('answers 400 with the pointer %s and changes nothing', async (pointer, fault) => {
      const before = await state()
      const answer = await shop.put({ ...draft, ...fault }, '"1"')
      expect([code(answer), ...pointers(answer)]).toEqual(['400 validation_failed', pointer])
      expect(await state()).toEqual(before)
    })

    it('names every place in which a document contradicts itself', async () => {
      const [bronze, silver] = draft.tiers.levels
      const levels = [{ ...bronze!, from: 5 }, silver, { ...silver!, from: 1 }]
      const rule = { ...draft.earning.rules[0]!, per: { USD: 100 } }
      const answer = await shop.put(
        {
          ...draft,
          tiers: { ...draft.tiers, levels },
          earning: { ...draft.earning, rules: [rule] },
        },
        '"1"',
      )
      expect(answer.status).toBe(400)
      expect(pointers(answer)).toEqual([
        '#/earning/rules/0/per/CNY',
        '#/earning/rules/0/per/USD',
        '#/tiers/levels/0/from',
        '#/tiers/levels/2/from',
        '#/tiers/levels/2/id',
      ])
    })

    it('keeps the home currency', async () => {
      const before = await state()
      const answer = await shop.put({ ...draft, currency: 'JPY' }, '"1"')
      expect([code(answer), ...pointers(answer)]).toEqual(['400 validation_failed', '#/currency'])
      expect(await state()).toEqual(before)
    })

    it.each(['', '[]', 'null', '"rules"', '{'])('answers 400 for the body %s', async (body) => {
      const before = await state()
      const answer = await call('PUT', '/v1/program', {
        key: shop.key,
        body,
        headers: { 'if-match': '"1"' },
      })
      expect(answer.status).toBe(400)
      expect(await state()).toEqual(before)
    })

    it('lets one of two at once win, the other must read again', async () => {
      const answers = await Promise.all([
        shop.put({ ...draft, name: 'One' }, '"1"'),
        shop.put({ ...draft, name: 'Two' }, '"1"'),
      ])
      expect(tally(answers)).toEqual({ 200: 1, 412: 1 })
      const { json, etag, versions } = await state()
      expect([etag, versions]).toEqual(['"2"', 2])
      expect(json).toEqual(answers.find(({ status }) => status === 200)!.json)
    })

    it('publishes all that come at once with *, and numbers them without gaps', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => shop.put({ ...draft, name: `${i}` }, '*')),
      )
      const tags = answers.flatMap(({ headers }) => headers.get('etag') ?? [])
      expect(tally(answers)).toEqual({ 200: 20 })
      expect(new Set(tags).size).toBe(20)
      expect(await versionsOf(shop)).toBe(tags.length + 1)
      const { json } = await shop.get('/v1/program/versions?limit=100')
      const numbers = json.data.map(({ version }: { version: number }) => version)
      expect(numbers).toEqual(numbers.map((_: number, i: number) => numbers.length - i))
    })

    it('changes nothing and answers 503 while D1 is away', async () => {
      const before = await state()
      const batch = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
      const DB = { prepare: (sql: string) => SQL.prepare(sql), batch } as unknown as D1Database
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      const answer = await call('PUT', '/v1/program', {
        key: shop.key,
        body: { ...draft, name: 'X' },
        headers: { 'if-match': '"1"' },
        env: { DB },
      })
      log.mockRestore()
      expect(code(answer)).toBe('503 unavailable')
      expect(await state()).toEqual(before)
    })
  })

  describe('security', () => {
    it('is for secret keys with the scope alone', async () => {
      const before = await state()
      const keys = [
        (await createKey(shop.key, 'pos')).key,
        (await createKey(shop.key, 'publishable')).key,
        (await createKey(shop.key, 'secret', ['program:read', 'clock:write'])).key,
        env.ROOT_KEY,
      ]
      for (const key of keys) {
        const headers = { 'if-match': '"1"' }
        const answer = await call('PUT', '/v1/program', { key, headers, body: draft })
        expect(code(answer)).toBe('403 forbidden')
      }
      for (const key of [keys[0], keys[1], keys[3]] as string[]) {
        expect(code(await call('GET', '/v1/program', { key }))).toBe('403 forbidden')
      }
      expect((await call('GET', '/v1/program', { key: keys[2]! })).status).toBe(200)
      expect(await state()).toEqual(before)
    })

    it('changes the program of the key and no other', async () => {
      const other = await openShop({ name: 'Other' })
      await shop.put({ ...draft, name: 'X' }, '"1"')
      const { json, headers } = await other.get('/v1/program')
      expect([json.name, headers.get('etag')]).toEqual(['Other', '"1"'])
    })
  })
})
