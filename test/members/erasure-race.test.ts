import { beforeAll, describe, expect, it } from 'vitest'
import { SQL } from '../db'
import { call, enrol } from '../http/api'
import { openStorefront, type Storefront } from '../me/storefront'

// What comes at the same time as an erasure brings nothing back.

let store: Storefront

beforeAll(async () => {
  store = await openStorefront()
})

/** D1, where something else happens before the batch that writes. */
const slowly = (meanwhile: () => Promise<unknown>, nth = 1) => {
  let batches = 0
  return {
    prepare: (sql: string) => SQL.prepare(sql),
    batch: async (all: D1PreparedStatement[]) => {
      if (++batches === nth) {
        await meanwhile()
      }
      return SQL.batch(all)
    },
  } as unknown as D1Database
}

const erase = async (memberId: string) =>
  expect((await call('DELETE', `/v1/members/${memberId}`, { key: store.key })).status).toBe(204)

/** What D1 has of a member that could say who it was. */
async function leftOf(memberId: string) {
  const bound = (sql: string) => SQL.prepare(sql).bind(store.id, memberId)
  const row = await bound('SELECT * FROM members WHERE program_id = ? AND id = ?').first()
  const contacts = await bound(
    'SELECT * FROM contacts WHERE program_id = ? AND member_id = ?',
  ).run()
  const { program_id: _p, id: _i, created_at: _c, ...fields } = row!
  return { fields: Object.values(fields).filter(Boolean), contacts: contacts.results }
}

const nothing = { fields: [], contacts: [] }
const ann = () => ({ email: `ann-${crypto.randomUUID()}@example.com`, name: 'Ann' })

describe('an erasure meanwhile', () => {
  it.each([
    { email: 'eve@example.com' },
    { phone: '13800138000' },
    { name: 'Eve', locale: 'zh-CN' },
    { externalId: null },
  ])('lets a change of %j write nothing: 410', async (body) => {
    const { json } = await enrol(store.key, ann())
    const DB = slowly(() => erase(json.id))
    const answer = await call('PATCH', `/v1/members/${json.id}`, {
      key: store.key,
      body,
      env: { DB },
    })
    expect(answer).toMatchObject({ status: 410, json: { code: 'member_gone' } })
    expect(await leftOf(json.id)).toEqual(nothing)
  })

  it('gives no new card', async () => {
    const { json } = await enrol(store.key, ann())
    const DB = slowly(() => erase(json.id))
    const path = `/v1/members/${json.id}/card`
    const body = { cardNumber: json.cardNumber }
    const { status } = await call('POST', path, { key: store.key, body, env: { DB } })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(await leftOf(json.id)).toEqual(nothing)
  })

  it('lets an enrolment of the same person make somebody new', async () => {
    const person = ann()
    const { json } = await enrol(store.key, person)
    const DB = slowly(() => erase(json.id))
    const again = await call('POST', '/v1/members', {
      key: store.key,
      body: person,
      headers: { 'idempotency-key': crypto.randomUUID() },
      env: { DB },
    })
    expect([again.status, again.json.id === json.id]).toEqual([201, false])
    expect(await leftOf(json.id)).toEqual(nothing)
    expect((await store.get(`/v1/members?email=${person.email}`)).json.data).toEqual([again.json])
  })

  it('signs nobody in', async () => {
    const { json } = await enrol(store.key, ann())
    const exchange = () =>
      call('POST', `/v1/members/${json.id}/tokens`, { key: store.key, body: {} })
    const [, { status, json: tokens }] = await Promise.all([erase(json.id), exchange()])
    expect([201, 410]).toContain(status)
    expect((await exchange()).status).toBe(410)
    const key = tokens.accessToken ?? 'a.b.c'
    expect([401, 410]).toContain((await call('GET', '/me', { key })).status)
    const refreshed = await store.refresh(tokens.refreshToken ?? 'none')
    expect([401, 410]).toContain(refreshed.status)
  })
})
