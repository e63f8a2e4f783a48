import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { faultsOf } from '../../bin/verify.js'
import { readChained } from '../../src/ledger/entries'
import { statementOf } from '../../src/ledger/statement'
import { load } from '../../src/ledger/store'
import { findProgram } from '../../src/program/store'
import { database } from '../../src/db/client'
import { SQL } from '../db'
import { call, enrol } from '../http/api'
import { mine, openStorefront, type Storefront } from '../me/storefront'
import { dumpD1, dumpObject, type Full, fullMember, ledgerOf, rules, textOf } from './full'
import { foundIn } from './needles'

// An erasure that is cut off, and what is left of the chain.

let store: Storefront

beforeAll(async () => {
  store = await openStorefront({}, rules)
})

afterEach(() => {
  vi.restoreAllMocks()
})

const erase = (memberId: string, bindings: Partial<Env> = {}) =>
  call('DELETE', `/v1/members/${memberId}`, { key: store.key, env: bindings })

const lost = Object.assign(new Error('Network connection lost.'), { retryable: true })
const away = () => {
  throw lost
}

const newFull = () => fullMember(store)

/** What of a member is still to be found. */
const left = async ({ memberId, texts }: Full) =>
  foundIn(textOf([await dumpD1(), await dumpObject(store.id, memberId)]), texts)

describe('an erasure that ended half-way', () => {
  it('with D1 done and the object not is finished by the next call of the member', async () => {
    const full = await newFull()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    // The session is asked for first; then the object cannot be reached.
    let calls = 0
    const LEDGER = {
      idFromName: (name: string) => env.LEDGER.idFromName(name),
      get: (id: DurableObjectId) => (++calls > 1 ? away() : env.LEDGER.get(id)),
    } as unknown as Env['LEDGER']
    const cut = await mine(full, 'DELETE', '', { env: { LEDGER } })
    expect(cut).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect((await mine(full, 'GET', '/balance')).status).toBe(200)
    expect(await left(full)).not.toEqual([])
    expect((await mine(full, 'DELETE')).status).toBe(204)
    expect(await left(full)).toEqual([])
    expect((await mine(full, 'DELETE')).status).toBe(410)
  })

  it('is finished by the next call of the shop, and shows nothing of the person meanwhile', async () => {
    const full = await newFull()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const LEDGER = new Proxy({}, { get: () => away }) as Env['LEDGER']
    expect((await erase(full.memberId, { LEDGER })).status).toBe(503)
    expect((await store.get(`/v1/members/${full.memberId}`)).status).toBe(410)
    expect((await mine(full, 'GET')).status).toBe(410)
    expect((await mine(full, 'GET', '/export')).status).toBe(410)
    expect((await store.get(`/v1/members?email=${full.texts.email}`)).json.data).toEqual([])
    expect((await erase(full.memberId)).status).toBe(204)
    expect(await left(full)).toEqual([])
  })

  it('with D1 away does nothing yet, and can be asked for again', async () => {
    const full = await newFull()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const batch = () => Promise.reject(lost)
    const DB = { prepare: (sql: string) => SQL.prepare(sql), batch } as unknown as D1Database
    expect((await erase(full.memberId, { DB })).status).toBe(503)
    expect((await mine(full, 'GET')).json.email).toBe(full.texts.email)
    expect((await mine(full, 'GET', '/balance')).status).toBe(200)
    expect((await erase(full.memberId)).status).toBe(204)
    expect(await left(full)).toEqual([])
  })

  it('before the member’s ledger was made leaves nobody', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const LEDGER = new Proxy({}, { get: () => away }) as Env['LEDGER']
    const own = { email: 'half@example.com' }
    const cut = await call('POST', '/v1/members', {
      key: store.key,
      body: own,
      headers: { 'idempotency-key': 'half' },
      env: { LEDGER },
    })
    expect(cut.status).toBe(503)
    const { data } = (await store.get('/v1/members?email=half@example.com')).json
    expect((await erase(data[0].id)).status).toBe(204)
    expect((await store.get(`/v1/members/${data[0].id}/balance`)).status).toBe(410)
    expect((await enrol(store.key, own)).json.id).not.toBe(data[0].id)
  })
})

describe('the chain of who has left', () => {
  /** The statement of an object as it lies there, though the API answers 410. */
  async function statementIn(memberId: string) {
    const program = (await findProgram(database(env, { programId: store.id }), store.id))!
    return runInDurableObject(ledgerOf(store.id, memberId), (_, { storage }) => {
      const ledger = load(storage.sql)!
      const entries = readChained(storage.sql, 0, 10_000)
      return { ...statementOf(ledger, program, Date.now()), entries }
    })
  }

  it('is what it was, entry by entry, and still adds up without the salt', async () => {
    const full = await newFull()
    const before = await statementIn(full.memberId)
    expect(faultsOf(before)).toEqual([])
    expect(before.balance).toMatchObject({ held: 20 })
    await erase(full.memberId)
    const after = await statementIn(full.memberId)
    expect(after.salt).toBe('')
    expect(faultsOf(after)).toEqual([])
    const hashes = ({ entries }: typeof before) => entries.map(({ hash }) => hash)
    expect(hashes(after).slice(0, -1)).toEqual(hashes(before))
    // The hash of an earlier statement is in it.
    expect(faultsOf(after, before.head)).toEqual([])
    expect(after.head).not.toBe(before.head)
  })

  it('ends with what was given up: no points, debt, lots, holds or coupons', async () => {
    const full = await newFull()
    const before = await statementIn(full.memberId)
    await erase(full.memberId)
    const after = await statementIn(full.memberId)
    expect(after.entries.at(-1)).toMatchObject({
      seq: before.seq + 1,
      kind: 'erase',
      points: -before.balance.balance,
      actor: { kind: 'server' },
    })
    expect(after).toMatchObject({
      balance: { balance: 0, available: 0, pending: 0, held: 0, debt: 0, nextExpiry: null },
      lots: [],
    })
    const { state } = await dumpObject(store.id, full.memberId)
    const { holds, state: figures } = JSON.parse(state![0]!.value as string)
    expect({ holds, ...figures }).toMatchObject({ holds: [], coupons: [], isFrozen: false })
  })

  it('forgives what was owed', async () => {
    const tokens = await store.newcomer()
    await store.post(tokens.memberId, 'adjustments', { points: -40, reason: 'x', allowDebt: true })
    expect((await store.balance(tokens.memberId)).balance.debt).toBe(40)
    await mine(tokens, 'DELETE')
    const { entries, balance } = await statementIn(tokens.memberId)
    expect(entries.at(-1)).toMatchObject({ kind: 'erase', points: 40, debt: -40 })
    expect(entries.at(-1)!.actor!.kind).toBe('member')
    expect(balance).toMatchObject({ balance: 0, debt: 0 })
  })

  it('cannot be seen through by trying: the same text has another digest in each', async () => {
    const digests = []
    for (let i = 0; i < 2; i++) {
      const memberId = await store.enrol()
      await store.buy(memberId, 'the-same-order', 10)
      await erase(memberId)
      digests.push((await statementIn(memberId)).entries[0]!.orderId)
    }
    expect(digests[0]).toMatch(/^\0[\w-]{22}$/)
    expect(digests[0]).not.toBe(digests[1])
  })
})
