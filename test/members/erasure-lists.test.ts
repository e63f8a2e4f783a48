import {
  createMessageBatch,
  createScheduledController,
  runDurableObjectAlarm,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { unprojected } from '../../src/ledger/client'
import { catchUp } from '../../src/projection/consumer'
import { type DueMembers, sendDue } from '../../src/projection/cron'
import { type Pointer, rowsOf } from '../../src/projection/projection'
import { writeRows } from '../../src/projection/store'
import { database } from '../../src/db/client'
import { SQL } from '../db'
import { call } from '../http/api'
import { mine, openStorefront, type Storefront } from '../me/storefront'
import { dumpD1, type Full, fullMember, ledgerOf, rules, textOf } from './full'
import { foundIn } from './needles'

// What D1's lists keep of who has left, whatever comes when.

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const erase = (store: Storefront, memberId: string, bindings: Partial<Env> = {}) =>
  call('DELETE', `/v1/members/${memberId}`, { key: store.key, env: bindings })

const pointerTo = (store: Storefront, { memberId }: { memberId: string }): Pointer => ({
  programId: store.id,
  memberId,
})

/** What D1 has of a program. */
const everything = async ({ id }: Storefront) => {
  const tables = Object.entries(await dumpD1())
  return tables.map(([name, rows]) => [
    name,
    rows.filter((row) => (row.program_id ?? row.id) === id),
  ])
}

const left = async ({ texts }: Full) => foundIn(textOf(await dumpD1()), texts)

const rowsIn = async (table: string, { memberId }: { memberId: string }) =>
  (await SQL.prepare(`SELECT * FROM ${table} WHERE member_id = ?`).bind(memberId).run()).results

/** What the projection would write of a member now, as a consumer has it in hand. */
async function fetched(store: Storefront, member: Full, after = 0) {
  const news = (await unprojected(env, store.id, member.memberId, after))!
  const stand = { seq: after, history: 0, rebuiltAt: 0 }
  const moment = { now: Date.now(), timeZone: 'Asia/Shanghai', stand }
  return rowsOf(pointerTo(store, member), news, moment)
}
const write = (rows: Awaited<ReturnType<typeof fetched>>) =>
  writeRows(database(env, { programId: '' }), [rows])

/** Drops the projection of a program. */
const drop = async ({ id }: Storefront) => {
  for (const table of ['entries', 'purchases', 'balances', 'totals']) {
    await SQL.prepare(`DELETE FROM ${table} WHERE program_id = ?`).bind(id).run()
  }
}

const totalsOf = async (store: Storefront) => (await store.get('/v1/program/totals')).json

describe('a batch that was fetched before the erasure', () => {
  it('brings nothing back when it is written after it', async () => {
    const store = await openStorefront({}, rules)
    const full = await fullMember(store)
    const late = await fetched(store, full)
    expect(foundIn(textOf(late), full.texts).length).toBeGreaterThan(5)
    await erase(store, full.memberId)
    const before = await everything(store)
    await write(late)
    expect(await everything(store)).toEqual(before)
    expect(await left(full)).toEqual([])
  })

  it('brings nothing back though D1 had nothing before it', async () => {
    const store = await openStorefront({}, rules)
    const full = await fullMember(store)
    await drop(store)
    const late = await fetched(store, full)
    await erase(store, full.memberId)
    await write(late)
    expect(await left(full)).toEqual([])
    expect((await rowsIn('balances', full))[0]).toMatchObject({ available: 0, held: 0 })
  })

  it('is cleared when it was written while the lists could not be', async () => {
    const store = await openStorefront({}, rules)
    const full = await fullMember(store)
    await drop(store)
    const late = await fetched(store, full)
    vi.spyOn(console, 'error').mockImplementation(() => {})
    // Identity first, then the lists: the second batch does not reach D1.
    let batches = 0
    const batch = (all: D1PreparedStatement[]) =>
      ++batches > 1
        ? Promise.reject(new Error('D1_ERROR: Network connection lost.'))
        : SQL.batch(all)
    const DB = { prepare: (sql: string) => SQL.prepare(sql), batch } as unknown as D1Database
    expect((await erase(store, full.memberId, { DB })).status).toBe(503)
    await write(late)
    expect(await left(full)).not.toEqual([])
    // As the alarm's message has it done.
    expect(await runDurableObjectAlarm(ledgerOf(store.id, full.memberId))).toBe(true)
    await vi.waitFor(async () => expect(await left(full)).toEqual([]), { timeout: 15_000 })
    expect((await erase(store, full.memberId)).status).toBe(410)
  })
})

describe('the lists after an erasure', () => {
  it('can be dropped and rebuilt, with no text in them, and the same again', async () => {
    const store = await openStorefront({}, rules)
    const full = await fullMember(store)
    await fullMember(store)
    await erase(store, full.memberId)
    const [entries, totals] = [await rowsIn('entries', full), await totalsOf(store)]
    await drop(store)
    const body = { programId: store.id }
    const rebuilt = await call('POST', '/v1/admin/reproject', { key: env.ROOT_KEY, body })
    expect(rebuilt.json).toMatchObject({ data: [{ members: 2 }] })
    await vi.waitFor(
      async () => expect(await rowsIn('entries', full)).toHaveLength(entries.length),
      { timeout: 15_000 },
    )
    await vi.waitFor(async () => expect(await totalsOf(store)).toEqual(totals), { timeout: 15_000 })
    expect(await left(full)).toEqual([])
    const bare = (rows: Record<string, unknown>[]) =>
      rows.map(({ position: _p, lag_ms: _l, ...row }) => row)
    expect(bare(await rowsIn('entries', full))).toEqual(bare(entries))
  })

  it('still add up: what the member had is lapsed, and is owed to nobody', async () => {
    const store = await openStorefront({}, rules)
    const full = await fullMember(store)
    const stays = await store.newcomer()
    await store.buy(stays.memberId, 'o1', 100)
    await catchUp(env, [pointerTo(store, stays)])
    const { balance } = (await store.balance(full.memberId)).balance
    const before = await totalsOf(store)
    expect(before.outstanding).toBe(balance + 100)
    await erase(store, full.memberId)
    const after = await totalsOf(store)
    expect(after.outstanding).toBe(100)
    const sum = (months: { lapsed: number }[]) => months.reduce((all, each) => all + each.lapsed, 0)
    expect(sum(after.months) - sum(before.months)).toBe(balance)
  })

  it('show the entries of who has left in the feed, and nobody in them', async () => {
    const store = await openStorefront({}, rules)
    const full = await fullMember(store)
    await erase(store, full.memberId)
    const { text, json } = await store.get('/v1/entries?limit=100')
    expect(json.data.at(-1)).toMatchObject({ kind: 'erase', memberId: full.memberId })
    expect(foundIn(text, full.texts)).toEqual([])
  })

  it('cannot be stopped by an order of that name', async () => {
    const store = await openStorefront()
    const tokens = await store.newcomer()
    await store.buy(tokens.memberId, 'o1', 10)
    for (const orderId of [
      `erased:${tokens.memberId}:1`,
      'erased:',
      `erased:${tokens.memberId}:2`,
    ]) {
      expect((await store.buy(tokens.memberId, orderId, 10)).status).toBe(201)
    }
    await catchUp(env, [pointerTo(store, tokens)])
    expect((await mine(tokens, 'DELETE')).status).toBe(204)
    expect((await catchUp(env, [pointerTo(store, tokens)])).lost).toEqual([])
    expect((await rowsIn('balances', tokens))[0]).toMatchObject({ available: 0, seq: 5 })
  })
})

describe('the cron and the clock', () => {
  const dueAt = async (member: { memberId: string }) =>
    (await rowsIn('balances', member))[0]!.due_at

  const isAskedFor = async (store: Storefront, memberId: string) => {
    const sent: DueMembers[] = []
    const SETTLE = { send: (body: DueMembers) => Promise.resolve(sent.push(body)) }
    await sendDue({ ...env, SETTLE: SETTLE as unknown as Queue }, Date.now() + 2 * 365 * 86_400_000)
    return sent.some((each) => each.programId === store.id && each.memberIds.includes(memberId))
  }
  const settle = (store: Storefront, memberIds: string[]) =>
    worker.queue(
      createMessageBatch<DueMembers>('punchcard-settle', [
        { id: '1', timestamp: new Date(), attempts: 1, body: { programId: store.id, memberIds } },
      ]),
      env,
    )
  /** Rules by which everybody's tier may move. */
  const lower = async (store: Storefront) => {
    const { tiers } = (await store.get('/v1/program')).json
    const levels = tiers.levels.map((level: object, i: number) => ({ ...level, from: i * 100 }))
    expect((await store.publish({ tiers: { ...tiers, levels } })).status).toBe(200)
  }

  it('do not ask for who has left', async () => {
    const store = await openStorefront()
    const tokens = await store.newcomer()
    // For a tier that would fall, too.
    await store.buy(tokens.memberId, 'o1', 3_000)
    await catchUp(env, [pointerTo(store, tokens)])
    expect((await rowsIn('balances', tokens))[0]).toMatchObject({ tier: 'silver' })
    expect(await isAskedFor(store, tokens.memberId)).toBe(true)
    await mine(tokens, 'DELETE')
    expect(await dueAt(tokens)).toBe(null)
    expect(await isAskedFor(store, tokens.memberId)).toBe(false)
  })

  it('are not harmed by who has left, and settle the others', async () => {
    const store = await openStorefront({}, { expiry: { kind: 'after', days: 1 } })
    const [gone, stays] = [await store.newcomer(), await store.newcomer()]
    for (const { memberId } of [gone, stays]) {
      await store.buy(memberId, `o-${memberId}`, 100)
    }
    await mine(gone, 'DELETE')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 86_400_000 })
    await settle(store, [gone.memberId, stays.memberId])
    expect((await rowsIn('balances', stays))[0]).toMatchObject({ available: 0, due_at: null })
    expect(await rowsIn('entries', gone)).toHaveLength(2)
    await worker.scheduled(createScheduledController(), env)
  })

  it('is never due again by new rules, once it has been asked for', async () => {
    const store = await openStorefront()
    const tokens = await store.newcomer()
    await store.buy(tokens.memberId, 'o1', 100)
    await mine(tokens, 'DELETE')
    await lower(store)
    await settle(store, [tokens.memberId])
    expect(await dueAt(tokens)).toBe(null)
    expect(await isAskedFor(store, tokens.memberId)).toBe(false)
  })

  it('is never due again when the lists are rebuilt under newer rules', async () => {
    const store = await openStorefront()
    const tokens = await store.newcomer()
    await store.buy(tokens.memberId, 'o1', 100)
    await mine(tokens, 'DELETE')
    await lower(store)
    await drop(store)
    await catchUp(env, [pointerTo(store, tokens)])
    expect(await dueAt(tokens)).toBe(null)
    expect(await isAskedFor(store, tokens.memberId)).toBe(false)
  })

  it('let a test clock pass who has left', async () => {
    const store = await openStorefront({ clock: '2030-01-01T00:00:00Z' })
    const [gone, stays] = [await store.newcomer(), await store.newcomer()]
    for (const { memberId } of [gone, stays]) {
      await store.buy(memberId, `o-${memberId}`, 100)
    }
    await mine(gone, 'DELETE')
    const moved = await store.move('2032-01-01T00:00:00Z')
    expect([moved.status, moved.json.status]).toEqual([200, 'ready'])
    expect((await store.balance(stays.memberId)).balance.balance).toBe(0)
    expect((await store.get(`/v1/members/${gone.memberId}/balance`)).status).toBe(410)
    expect(await rowsIn('entries', gone)).toHaveLength(2)
  })
})
