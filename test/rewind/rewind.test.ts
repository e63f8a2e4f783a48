import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { SQL } from '../db'
import { beforeEach, describe, expect, it } from 'vitest'
import worker from '../../src/index'
import { renew } from '../../src/ledger/client'
import { findProgram } from '../../src/program/store'
import { catchUpAll } from '../../src/projection/consumer'
import { openShop, type Shop } from '../clock/shop'
import { call, createKey } from '../http/api'
import { db, fetched, lists, pointerTo, undropped } from '../rebuild/lists'

const PATH = '/v1/admin/rewinds'

let shop: Shop
let member: string

const stubOf = () => env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${member}`))

type Rows = Record<string, Record<string, SqlStorageValue>[]>

/** All rows of the ledger, as point-in-time recovery would bring them back. */
const copy = (): Promise<Rows> =>
  runInDurableObject(stubOf(), (_, { storage: { sql } }) =>
    Object.fromEntries(
      ['state', 'entries', 'lots', 'memos'].map((table) => [
        table,
        sql.exec(`SELECT * FROM ${table}`).toArray(),
      ]),
    ),
  )

/** Makes a ledger's rows those of an earlier copy. */
function overwrite(sql: SqlStorage, rows: Rows): void {
  for (const [table, all] of Object.entries(rows)) {
    sql.exec(`DELETE FROM ${table}`)
    for (const row of all) {
      const values = Object.values(row)
      sql.exec(`INSERT INTO ${table} VALUES (${values.map(() => '?').join()})`, ...values)
    }
  }
}

/** Does what point-in-time recovery does, which the local runtime cannot. */
async function putBack(rows: Rows): Promise<void> {
  await runInDurableObject(stubOf(), (_, { storage }) => overwrite(storage.sql, rows))
  await evictDurableObject(stubOf())
}

/** Lets the object be put back as Cloudflare does it: at the restart that follows. Answers for which times it asks. */
const recoverable = async (then: Rows = {}): Promise<number[]> => {
  const asked: number[] = []
  await runInDurableObject(stubOf(), (_, state) => {
    const { storage } = state
    const abort = state.abort.bind(state)
    Object.assign(storage, {
      getBookmarkForTime: (atMs: number) => Promise.resolve(String(asked.push(atMs))),
      onNextSessionRestoreBookmark: () => Promise.resolve('undo'),
    })
    Object.assign(state, {
      abort: (reason: string) => {
        overwrite(storage.sql, then)
        return storage.sync().then(() => abort(reason))
      },
    })
  })
  return asked
}

const renewed = async () => {
  const program = (await findProgram(db, shop.id))!
  await renew(env, program, member)
  await catchUpAll(env, [pointerTo(shop, member)])
}

const rewind = (fields: object = {}, bindings: Partial<Env> = {}) =>
  call('POST', PATH, {
    key: env.ROOT_KEY,
    body: {
      programId: shop.id,
      memberId: member,
      at: new Date(Date.now() - 1_000).toISOString(),
      ...fields,
    },
    env: bindings,
  })

const rowsOf = async (table: string) =>
  (await SQL.prepare(`SELECT * FROM ${table} WHERE program_id = ?`).bind(shop.id).run()).results

beforeEach(async () => {
  shop = await openShop({})
  member = await shop.enrol()
  await shop.buy(member, 'before', 100)
  await catchUpAll(env, [pointerTo(shop, member)])
})

describe('a ledger that was put back', () => {
  it('is followed by the lists, though they knew of more', async () => {
    const other = await shop.enrol()
    await shop.buy(other, 'theirs', 70)
    const then = await copy()
    await shop.buy(member, 'undone', 50)
    await shop.post(member, 'redemptions', { points: 30 })
    await shop.post(member, 'refunds', { orderId: 'before', refundId: 'r', amount: 1_000 })
    await catchUpAll(env, [pointerTo(shop, member), pointerTo(shop, other)])
    await putBack(then)
    await renewed()
    const is = await lists(shop)
    expect(is.entries!.filter((row) => row.member_id === member)).toMatchObject([{ seq: 1 }])
    expect(is.purchases).toMatchObject([{ order_id: 'before' }, { order_id: 'theirs' }])
    expect((await shop.get('/v1/program/totals')).json).toMatchObject({
      issued: 170,
      redeemed: 0,
      clawedBack: 0,
      outstanding: 170,
    })
    expect(await shop.balance(member)).toMatchObject({ seq: 1, balance: { balance: 100 } })
    // Where its new history says something else under the same `seq`.
    await shop.post(member, 'adjustments', { points: 5, reason: 'gift' })
    await catchUpAll(env, [pointerTo(shop, member)])
    const now = (await lists(shop)).entries!.filter((row) => row.member_id === member)
    expect(now).toMatchObject([{ kind: 'award' }, { seq: 2, kind: 'adjust', points: 5 }])
    const { totals: _is, ...rest } = await lists(shop)
    const { totals: _undropped, ...wanted } = await undropped(shop)
    expect(rest).toEqual(wanted)
  })

  it('is followed by its alarm when nobody else sees to it, though D1 has a higher seq', async () => {
    const then = await copy()
    await shop.buy(member, 'undone', 50)
    await catchUpAll(env, [pointerTo(shop, member)])
    await putBack(then)
    await runInDurableObject(stubOf(), (instance) => {
      const PROJECTION = { send: () => Promise.resolve() }
      Object.assign(instance, { env: { ...env, PROJECTION } })
    })
    await runInDurableObject(stubOf(), (instance) => expect(instance.renew()).toBe(true))
    expect(await runDurableObjectAlarm(stubOf())).toBe(true)
    expect((await shop.get('/v1/health')).json.projection).toMatchObject({ membersBehind: 1 })
    await catchUpAll(env, [pointerTo(shop, member)])
    expect((await lists(shop)).entries).toHaveLength(1)
    expect((await shop.get('/v1/health')).json.projection).toMatchObject({ membersBehind: 0 })
    expect(await runDurableObjectAlarm(stubOf())).toBe(true)
    const alarm = await runInDurableObject(stubOf(), (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(null)
  })

  it('is not mixed with what was fetched of its other history', async () => {
    const then = await copy()
    await shop.buy(member, 'undone', 50)
    const late = await fetched(shop, member)
    await putBack(then)
    await renewed()
    const is = await lists(shop)
    await late.write()
    expect(await lists(shop)).toEqual(is)
    expect(is.entries).toHaveLength(1)
  })

  it('ends all sessions, those of then and those of since', async () => {
    const sign = async () =>
      (await call('POST', `/v1/members/${member}/tokens`, { key: shop.key })).json
    const old = await sign()
    const then = await copy()
    const since = await sign()
    await putBack(then)
    await renewed()
    for (const { accessToken, refreshToken } of [old, since]) {
      expect((await call('GET', '/me', { key: accessToken })).status).toBe(401)
      const { key } = await createKey(shop.key, 'publishable')
      const answer = await call('POST', '/me/tokens', { key, body: { refreshToken } })
      expect(answer.status).toBe(401)
    }
    const anew = await sign()
    expect((await call('GET', '/me', { key: anew.accessToken })).status).toBe(200)
  })

  it('keeps the chain of what is left', async () => {
    const then = await copy()
    await shop.buy(member, 'undone', 50)
    const { hash } = (await shop.get(`/v1/members/${member}/statement`)).json.entries[0]
    await putBack(then)
    await renewed()
    const { entries, head } = (await shop.get(`/v1/members/${member}/statement`)).json
    expect(entries).toHaveLength(1)
    expect([entries[0].hash, head]).toEqual([hash, hash])
  })

  it('is written anew when D1 does not know of it: an older D1 was put back too', async () => {
    const then = await copy()
    await putBack(then)
    await renewed()
    await SQL.prepare('DELETE FROM histories WHERE program_id = ?').bind(shop.id).run()
    await shop.buy(member, 'after', 10)
    await catchUpAll(env, [pointerTo(shop, member)])
    expect((await lists(shop)).entries).toMatchObject([{ seq: 1 }, { seq: 2 }])
    expect(await rowsOf('histories')).toHaveLength(1)
  })
})

describe('POST /v1/admin/rewinds', () => {
  it('answers 501 where objects keep no history, and changes nothing', async () => {
    const before = await copy()
    const answer = await rewind()
    expect(answer).toMatchObject({ status: 501, json: { code: 'not_supported' } })
    expect(await copy()).toEqual(before)
    expect(await rowsOf('rewinds')).toEqual([])
  })

  it('puts the ledger back, lets the lists follow, and says which request it was', async () => {
    const then = await copy()
    await shop.buy(member, 'undone', 50)
    await catchUpAll(env, [pointerTo(shop, member)])
    const asked = await recoverable(then)
    const at = new Date(Date.now() - 60_000).toISOString()
    const { status, json, headers } = await rewind({ at })
    expect([status, json]).toEqual([
      201,
      {
        programId: shop.id,
        memberId: member,
        at,
        startedAt: expect.any(String),
        finishedAt: expect.any(String),
        requestId: headers.get('x-request-id'),
      },
    ])
    expect(asked).toEqual([Date.parse(at)])
    expect(await shop.balance(member)).toMatchObject({ seq: 1, balance: { balance: 100 } })
    expect((await lists(shop)).entries).toHaveLength(1)
    expect(await rowsOf('rewinds')).toMatchObject([
      { member_id: member, at: Date.parse(at), request_id: json.requestId },
    ])
  })

  it('is brought to its end by the cron when it was cut off', async () => {
    const then = await copy()
    await shop.buy(member, 'undone', 50)
    await catchUpAll(env, [pointerTo(shop, member)])
    await putBack(then)
    await SQL.prepare("INSERT INTO rewinds VALUES (?, ?, ?, 0, NULL, 'request')")
      .bind(shop.id, member, Date.now() - 30_000)
      .run()
    const cron = () => worker.scheduled(createScheduledController(), env)
    await cron()
    expect(await rowsOf('rewinds')).toMatchObject([{ finished_at: null }])
    await SQL.prepare('UPDATE rewinds SET started_at = 0 WHERE program_id = ?').bind(shop.id).run()
    await cron()
    expect(await rowsOf('rewinds')).toMatchObject([{ finished_at: expect.any(Number) }])
    expect((await lists(shop)).entries).toHaveLength(1)
  })

  it('begins nothing anew in an instance that is still to be put back', async () => {
    await recoverable()
    await runInDurableObject(stubOf(), async (instance) => {
      expect(await instance.rewind(1)).toMatchObject({ ok: true })
      expect(instance.renew()).toBe(false)
    })
  })

  it('answers 410 for who was erased: nothing may bring them back', async () => {
    await call('DELETE', `/v1/members/${member}`, { key: shop.key })
    expect(await rewind()).toMatchObject({ status: 410, json: { code: 'member_gone' } })
    expect(await rowsOf('rewinds')).toEqual([])
  })

  it.each([
    ['another program', { programId: 'nowhere' }],
    ['nobody', { memberId: 'mp0000000000000' }],
    ['what is no id', { memberId: '../other' }],
  ])('answers 404 for %s', async (_, fields) => {
    expect((await rewind(fields)).status).toBe(404)
    expect(await rowsOf('rewinds')).toEqual([])
  })

  it.each([
    { at: '2020-01-01T00:00:00Z' },
    { at: '2999-01-01T00:00:00Z' },
    { at: 'yesterday' },
    { at: undefined },
    { memberId: '' },
    { reason: 'x' },
  ])('answers 400 for %j', async (fields) => {
    expect((await rewind(fields)).status).toBe(400)
  })

  it('is for the root key alone', async () => {
    expect((await call('POST', PATH, { key: shop.key, body: {} })).status).toBe(403)
    expect((await call('POST', PATH, { body: {} })).status).toBe(401)
  })
})
