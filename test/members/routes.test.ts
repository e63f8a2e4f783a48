import { beforeAll, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { call, createKey, createProgram, enrol, pointers, tally } from '../http/api'

const ann = {
  externalId: 'customer-1',
  email: 'Ann.Li@Example.com',
  phone: '138 0013 8000',
  name: '李安',
  birthday: '1990-02-28',
  locale: 'zh-cn',
  storeId: 'nanjing-road',
}

const shown = {
  ...ann,
  email: 'ann.li@example.com',
  phone: '+8613800138000',
  locale: 'zh-CN',
}

const hostile = `Robert'); DROP TABLE members; --<script>alert("x")</script>\${1}{{1}}%00\u202E`

let shop: { id: string; key: string }

beforeAll(async () => {
  shop = await createProgram()
})

const count = async (table: string, programId: string) => {
  const statement = SQL.prepare(`SELECT count(*) AS n FROM ${table} WHERE program_id = ?`)
  return (await statement.bind(programId).first<{ n: number }>())!.n
}

const badFields: [pointer: string, body: object][] = [
  ['#/externalId', { externalId: '' }],
  ['#/externalId', { externalId: 'x'.repeat(129) }],
  ['#/externalId', { externalId: 42 }],
  ['#/email', { email: 'ann' }],
  ['#/email', { email: '<script>@example.com' }],
  ['#/phone', { phone: '12' }],
  ['#/phone', { phone: "1' OR '1'='1" }],
  ['#/name', { name: 'x'.repeat(201) }],
  ['#/name', { name: 'a\0b' }],
  ['#/name', { name: 'a\uD800b' }],
  ['#/birthday', { birthday: '1990-02-29' }],
  ['#/birthday', { birthday: '28.2.1990' }],
  ['#/birthday', { birthday: '1899-12-31' }],
  ['#/birthday', { birthday: '2999-01-01' }],
  ['#/locale', { locale: 'zh_CN' }],
  ['#/locale', { locale: 'not a locale' }],
  ['#/storeId', { storeId: '' }],
  ['#/points', { points: 100 }],
]

describe('POST /v1/members', () => {
  describe('happy', () => {
    it('answers 201 with the member, normalised', async () => {
      const { key } = await createProgram()
      const { status, json } = await enrol(key, ann)
      expect(status).toBe(201)
      expect(json).toEqual({
        ...shown,
        id: expect.stringMatching(/^m[a-z][0-9a-z]{13}$/),
        cardNumber: expect.stringMatching(/^2\d{12}$/),
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      })
      expect((await call('GET', `/v1/members/${json.id}`, { key })).json).toEqual(json)
    })

    it('takes a member of whom nothing is known', async () => {
      const { status, json } = await enrol(shop.key, {})
      expect(status).toBe(201)
      expect(json).toMatchObject({ email: null, phone: null, name: null, locale: null })
      const second = await enrol(shop.key, {})
      expect(second.json.id).not.toBe(json.id)
    })

    it('lets a till enrol', async () => {
      const till = await createKey(shop.key, 'pos')
      expect((await enrol(till.key, {})).status).toBe(201)
    })

    it('stands at the clock of a test program', async () => {
      const { key } = await createProgram({ clock: '2026-01-01T00:00:00Z' })
      expect((await enrol(key, {})).json.createdAt).toBe('2026-01-01T00:00:00.000Z')
    })

    it('names the region next to the caller in the id', async () => {
      const cf = { continent: 'NA', longitude: '-122.4' } as IncomingRequestCfProperties
      const headers = { 'idempotency-key': 'near' }
      const { json } = await call('POST', '/v1/members', { key: shop.key, body: {}, headers, cf })
      expect(json.id).toMatch(/^mw/)
    })

    it('answers the same again for the same key and body, quoted or bare', async () => {
      const { id, key } = await createProgram()
      const first = await enrol(key, ann, 'once')
      const again = await enrol(key, ann, '"once"')
      expect(first.headers.get('idempotent-replayed')).toBe(null)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect([again.status, again.json]).toEqual([201, first.json])
      expect(await count('members', id)).toBe(1)
    })

    it('answers the same again although the member has changed since', async () => {
      const { key } = await createProgram()
      const first = await enrol(key, ann, 'once')
      await call('PATCH', `/v1/members/${first.json.id}`, {
        key,
        body: { name: 'Bob', phone: null },
      })
      const again = await enrol(key, ann, 'once')
      expect([again.status, again.json]).toEqual([201, first.json])
    })

    it('answers 200 with the member who has all identities, unchanged', async () => {
      const { id, key } = await createProgram()
      const first = await enrol(key, ann)
      const known = await enrol(key, { phone: '+8613800138000', name: 'Another' }, 'second')
      expect([known.status, known.json]).toEqual([200, first.json])
      const replay = await enrol(key, { phone: '+8613800138000', name: 'Another' }, 'second')
      expect([replay.status, replay.json]).toEqual([200, first.json])
      expect(replay.headers.get('idempotent-replayed')).toBe('true')
      expect(await count('members', id)).toBe(1)
    })
  })

  describe('error', () => {
    it.each(badFields)('answers 400 at %s for %j', async (pointer, body) => {
      const { id, key } = await createProgram()
      const answer = await enrol(key, body)
      expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
      expect(pointers(answer)).toEqual([pointer])
      expect(await count('members', id)).toBe(0)
    })

    it('cannot read a national number without a country', async () => {
      const { key } = await createProgram({ country: undefined })
      expect(pointers(await enrol(key, { phone: '13800138000' }))).toEqual(['#/phone'])
      expect((await enrol(key, { phone: '+8613800138000' })).status).toBe(201)
    })

    it.each([
      ['idempotency_key_missing', ''],
      ['idempotency_key_missing', '""'],
      ['validation_failed', 'k'.repeat(256)],
      ['validation_failed', '"open'],
    ])('answers %s for the Idempotency-Key %j', async (code, header) => {
      const { id, key } = await createProgram()
      const { status, json } = await enrol(key, {}, header)
      expect([status, json.code]).toEqual([400, code])
      expect(await count('members', id)).toBe(0)
    })

    it('answers 400 without an Idempotency-Key', async () => {
      const { json } = await call('POST', '/v1/members', { key: shop.key, body: {} })
      expect(json.code).toBe('idempotency_key_missing')
    })

    it('answers 422 when the key was used with another body', async () => {
      const { id, key } = await createProgram()
      await enrol(key, ann, 'once')
      const { status, json } = await enrol(key, { ...ann, name: 'Bob' }, 'once')
      expect([status, json.code]).toEqual([422, 'idempotency_key_reused'])
      expect(await count('members', id)).toBe(1)
    })

    it('answers 409 when identities belong to different members', async () => {
      const { id, key } = await createProgram()
      await enrol(key, { email: ann.email })
      await enrol(key, { phone: ann.phone })
      const answer = await enrol(key, ann)
      expect(answer).toMatchObject({ status: 409, json: { code: 'already_exists' } })
      expect(pointers(answer)).toEqual(['#/email', '#/phone'])
      expect(await count('members', id)).toBe(2)
    })

    it('answers 409 when some identities belong to a member and some to nobody', async () => {
      const { id, key } = await createProgram()
      await enrol(key, { email: ann.email })
      const answer = await enrol(key, { email: ann.email, phone: ann.phone })
      expect(answer).toMatchObject({ status: 409, json: { code: 'already_exists' } })
      expect(pointers(answer)).toEqual(['#/email'])
      expect(await count('members', id)).toBe(1)
    })
  })

  describe('in parallel', () => {
    const fifty = Array.from({ length: 50 }, (_, i) => i)
    const ids = (answers: { json: { id: string } }[]) => new Set(answers.map((a) => a.json.id))

    it('makes one member of fifty enrolments of one phone', async () => {
      const { id, key } = await createProgram()
      const answers = await Promise.all(fifty.map((i) => enrol(key, { phone: ann.phone }, `k${i}`)))
      expect(ids(answers).size).toBe(1)
      expect(tally(answers)).toEqual({ 200: 49, 201: 1 })
      expect(await count('members', id)).toBe(1)
      expect(await count('contacts', id)).toBe(2)
    })

    it('makes one member of fifty copies of one anonymous enrolment', async () => {
      const { id, key } = await createProgram()
      const answers = await Promise.all(fifty.map(() => enrol(key, {}, 'same')))
      expect(ids(answers).size).toBe(1)
      expect(tally(answers)).toEqual({ 201: 50 })
      expect(await count('members', id)).toBe(1)
    })

    it('lets one of two bodies under one key win', async () => {
      const { id, key } = await createProgram()
      const answers = await Promise.all(fifty.map((i) => enrol(key, { name: `n${i % 2}` }, 'same')))
      expect(tally(answers)).toEqual({ 201: 25, 422: 25 })
      expect(await count('members', id)).toBe(1)
    })
  })

  describe('when the ledger cannot be reached', () => {
    const lost = Object.assign(new Error('Network connection lost.'), { retryable: true })
    const away = () => {
      throw lost
    }
    const LEDGER = new Proxy({}, { get: () => away }) as Env['LEDGER']
    const tryEnrol = async (key: string, idempotencyKey: string) => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      const headers = { 'idempotency-key': idempotencyKey }
      const answer = await call('POST', '/v1/members', { key, body: ann, headers, env: { LEDGER } })
      expect(log.mock.calls.join()).not.toMatch(/13800138000|李安/)
      log.mockRestore()
      return answer
    }

    it('answers 503, and the same call heals it later', async () => {
      const { id, key } = await createProgram()
      expect(await tryEnrol(key, 'once')).toMatchObject({
        status: 503,
        json: { code: 'unavailable' },
      })
      const healed = await enrol(key, ann, 'once')
      expect([healed.status, healed.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
      expect(await count('members', id)).toBe(1)
    })

    it('answers 503, and another enrolment of the same person heals it too', async () => {
      const { id, key } = await createProgram()
      expect((await tryEnrol(key, 'one')).status).toBe(503)
      expect((await tryEnrol(key, 'two')).status).toBe(503)
      expect((await enrol(key, ann, 'three')).status).toBe(200)
      expect(await count('members', id)).toBe(1)
    })
  })

  describe('security', () => {
    it('keeps what an Idempotency-Key did in one program from others', async () => {
      const other = await createProgram()
      const first = await enrol(shop.key, { externalId: 'x' }, 'shared')
      const second = await enrol(other.key, { externalId: 'x' }, 'shared')
      expect([first.status, second.status]).toEqual([201, 201])
      expect(second.json.id).not.toBe(first.json.id)
    })

    it('keeps SQL and script text verbatim', async () => {
      const body = { externalId: hostile, name: hostile, storeId: hostile.slice(0, 64) }
      const { json } = await enrol(shop.key, body, hostile.replaceAll(/[^!#-+\--~]/g, ''))
      expect(json).toMatchObject(body)
      expect((await call('GET', `/v1/members/${json.id}`, { key: shop.key })).json).toEqual(json)
    })

    it('stores nothing personal in clear', async () => {
      const { key } = await createProgram()
      await enrol(key, ann, 'Ann.Li@Example.com')
      const { results: tables } = await SQL.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
      ).run<{ name: string }>()
      const dump = []
      for (const { name } of tables) {
        dump.push((await SQL.prepare(`SELECT * FROM "${name}"`).run()).results)
      }
      const text = JSON.stringify(dump)
      expect(text).toContain('nanjing-road')
      const secrets = ['ann.li', 'example.com', '13800138000', '李安', 'customer-1', '1990-02']
      expect(secrets.filter((secret) => text.toLowerCase().includes(secret))).toEqual([])
    })
  })
})

describe('GET /v1/members', () => {
  const find = (query: string, key: string) => call('GET', `/v1/members?${query}`, { key })

  describe('happy', () => {
    it('lists every member once, page by page', async () => {
      const { key } = await createProgram()
      const ids = []
      for (let i = 0; i < 5; i++) {
        ids.push((await enrol(key, { name: `Member ${i}` })).json.id)
      }
      const seen: string[] = []
      let path = 'limit=2'
      for (let next: string | null = ''; next !== null; path = `limit=2&cursor=${next}`) {
        const { json } = await find(path, key)
        seen.push(...json.data.map((member: { id: string }) => member.id))
        next = json.nextCursor
      }
      expect(seen).toHaveLength(5)
      expect(new Set(seen)).toEqual(new Set(ids))
    })

    it.each([
      ['externalId', 'customer-1'],
      ['email', 'ann.LI@example.com'],
      ['phone', '+86 138 0013 8000'],
      ['phone', '13800138000'],
    ])('finds a member by %s %s', async (field, value) => {
      const { key } = await createProgram()
      const { json } = await enrol(key, ann)
      const found = await find(`${field}=${encodeURIComponent(value)}`, key)
      expect(found.json).toEqual({ data: [json], nextCursor: null })
    })

    it('finds a member by card number, and by a phone number with a bare plus', async () => {
      const { key } = await createProgram()
      const { json } = await enrol(key, ann)
      for (const query of [`cardNumber=${json.cardNumber}`, 'phone=+8613800138000']) {
        expect((await find(query, key)).json.data).toEqual([json])
      }
    })

    it('answers an empty page for an identity of nobody', async () => {
      const { status, json } = await find('email=nobody@example.com', shop.key)
      expect([status, json]).toEqual([200, { data: [], nextCursor: null }])
    })
  })

  describe('error', () => {
    it.each([
      'limit=0',
      'limit=101',
      'limit=1.5',
      'cursor=nonsense',
      'email=nonsense',
      'phone=nonsense',
      'cardNumber=4006381333932',
      'externalId=',
      'externalId=a&externalId=b',
      'externalId=a&email=a@example.com',
      'name=Ann',
    ])('answers 400 for ?%s', async (query) => {
      const { status, json } = await find(query, shop.key)
      expect([status, json.code]).toEqual([400, 'validation_failed'])
    })
  })

  describe('security', () => {
    it('lets a till look up, but not list', async () => {
      const till = await createKey(shop.key, 'pos')
      expect((await find('email=nobody@example.com', till.key)).status).toBe(200)
      expect(await find('limit=5', till.key)).toMatchObject({
        status: 403,
        json: { code: 'forbidden' },
      })
    })

    it('finds nobody of another program', async () => {
      const [one, two] = [await createProgram(), await createProgram()]
      const { json } = await enrol(one.key, ann)
      const queries = ['limit=5', 'phone=13800138000', `cardNumber=${json.cardNumber}`]
      for (const query of queries) {
        expect((await find(query, two.key)).json.data).toEqual([])
      }
    })
  })
})

describe('GET /v1/members/:id', () => {
  describe('error', () => {
    it.each(['nobody', 'mp0000000000000', encodeURIComponent(hostile), '%00', '%FF'])(
      'answers 404 for %s',
      async (id) => {
        const { status, json } = await call('GET', `/v1/members/${id}`, { key: shop.key })
        expect([status, json.code]).toEqual([404, 'not_found'])
      },
    )

    it('answers 410 for a member whose key was destroyed', async () => {
      const { json } = await enrol(shop.key, { name: 'Ann' })
      await SQL.prepare('UPDATE members SET wrapped_key = NULL WHERE id = ?').bind(json.id).run()
      const path = `/v1/members/${json.id}`
      const answers = [
        await call('GET', path, { key: shop.key }),
        await call('PATCH', path, { key: shop.key, body: { name: 'Bob' } }),
      ]
      expect(answers.map((answer) => answer.json.code)).toEqual(['member_gone', 'member_gone'])
    })
  })

  describe('security', () => {
    it('answers 404 for a member of another program', async () => {
      const other = await createProgram()
      const { json } = await enrol(other.key, ann)
      expect((await call('GET', `/v1/members/${json.id}`, { key: shop.key })).status).toBe(404)
    })
  })
})

describe('PATCH /v1/members/:id', () => {
  const patch = (key: string, id: string, body: unknown) =>
    call('PATCH', `/v1/members/${id}`, { key, body })
  const find = async (key: string, query: string) =>
    (await call('GET', `/v1/members?${query}`, { key })).json.data

  describe('happy', () => {
    it('changes what is given and leaves the rest', async () => {
      const { key } = await createProgram()
      const { json } = await enrol(key, ann)
      const changed = await patch(key, json.id, { name: 'Ann', birthday: '1991-03-01' })
      expect(changed.status).toBe(200)
      expect(changed.json).toEqual({ ...json, name: 'Ann', birthday: '1991-03-01' })
      expect((await call('GET', `/v1/members/${json.id}`, { key })).json).toEqual(changed.json)
    })

    it('clears with null', async () => {
      const { id: programId, key } = await createProgram()
      const { json } = await enrol(key, ann)
      const nothing = Object.fromEntries(Object.keys(ann).map((field) => [field, null]))
      expect((await patch(key, json.id, nothing)).json).toEqual({ ...json, ...nothing })
      expect(await count('contacts', programId)).toBe(1)
      expect(await find(key, 'phone=13800138000')).toEqual([])
    })

    it('moves an identity: the new one finds the member, the old one is free', async () => {
      const { key } = await createProgram()
      const { json } = await enrol(key, ann)
      const changed = await patch(key, json.id, { phone: '13900139000' })
      expect(changed.json.phone).toBe('+8613900139000')
      expect(await find(key, 'phone=13900139000')).toEqual([changed.json])
      expect(await find(key, 'phone=13800138000')).toEqual([])
      expect((await enrol(key, { phone: ann.phone })).status).toBe(201)
    })

    it('takes the identity that the member has already', async () => {
      const { key } = await createProgram()
      const { json } = await enrol(key, ann)
      expect((await patch(key, json.id, { phone: ann.phone })).json).toEqual(json)
    })
  })

  describe('error', () => {
    it.each([...badFields, ['#', {}] as const])(
      'answers 400 at %s for %j',
      async (pointer, body) => {
        const { key } = await createProgram()
        const { json } = await enrol(key, ann)
        const answer = await patch(key, json.id, body)
        expect(answer.status).toBe(400)
        expect(pointers(answer)).toEqual([pointer])
        expect((await call('GET', `/v1/members/${json.id}`, { key })).json).toEqual(json)
      },
    )

    it('answers 409 for an identity of another member and changes nothing', async () => {
      const { key } = await createProgram()
      const { json } = await enrol(key, ann)
      await enrol(key, { email: 'bob@example.com' })
      const body = { name: 'Bob', phone: '13900139000', email: 'bob@example.com' }
      const answer = await patch(key, json.id, body)
      expect([answer.status, answer.json.code]).toEqual([409, 'already_exists'])
      expect(pointers(answer)).toEqual(['#/email'])
      expect(await find(key, 'phone=13800138000')).toEqual([json])
    })

    it('gives one identity to one of many members who want it at once', async () => {
      const { key } = await createProgram()
      const members = await Promise.all(Array.from({ length: 10 }, () => enrol(key, {})))
      const answers = await Promise.all(
        members.map(({ json }) => patch(key, json.id, { email: 'one@example.com' })),
      )
      expect(tally(answers)).toEqual({ 200: 1, 409: 9 })
    })

    it('answers 404 for an unknown member', async () => {
      expect((await patch(shop.key, 'nobody', { name: 'Ann' })).status).toBe(404)
    })
  })

  describe('security', () => {
    it('answers 404 for a member of another program and changes nothing', async () => {
      const other = await createProgram()
      const { json } = await enrol(other.key, ann)
      expect((await patch(shop.key, json.id, { name: 'Mallory' })).status).toBe(404)
      const after = await call('GET', `/v1/members/${json.id}`, { key: other.key })
      expect(after.json).toEqual(json)
    })

    it('is not for tills', async () => {
      const till = await createKey(shop.key, 'pos')
      expect((await patch(till.key, 'nobody', { name: 'Ann' })).status).toBe(403)
    })

    it('keeps SQL and script text verbatim', async () => {
      const { json } = await enrol(shop.key, {})
      expect((await patch(shop.key, json.id, { name: hostile })).json.name).toBe(hostile)
    })
  })
})
