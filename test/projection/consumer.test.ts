import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import type { Pointer } from '../../src/projection/projection'
import { envWith, onLibsql, SQL } from '../db'
import { call, createProgram, enrol } from '../http/api'

interface Shop {
  id: string
  key: string
}

const newMember = async (shop: Shop): Promise<Pointer> => ({
  programId: shop.id,
  memberId: (await enrol(shop.key, {})).json.id,
})

const send = (shop: Shop, { memberId }: Pointer, path: string, body: object) =>
  call('POST', `/v1/members/${memberId}${path}`, {
    key: shop.key,
    body,
    headers: { 'idempotency-key': crypto.randomUUID() },
  })

const buy = (shop: Shop, member: Pointer, orderId: string, rest: object = {}) =>
  send(shop, member, '/purchases', {
    orderId,
    currency: 'CNY',
    lines: [{ sku: 'TEA-1', quantity: 1, amount: 12_900 }],
    channel: 'pos',
    ...rest,
  })

/** Delivers a batch as the platform would; answers which of its messages come again. */
async function deliver(members: readonly Pointer[], bindings: Partial<Env> = {}) {
  const messages = members.map((body, i) => ({
    id: `${i}`,
    timestamp: new Date(),
    attempts: 1,
    body,
  }))
  const batch = createMessageBatch<Pointer>('punchcard-projection', messages)
  const ctx = createExecutionContext()
  await worker.queue(batch, envWith(bindings))
  return (await getQueueResult(batch, ctx)).retryMessages.map(({ msgId }) => msgId)
}

const stubOf = ({ programId, memberId }: Pointer) =>
  env.LEDGER.get(env.LEDGER.idFromName(`${programId}:${memberId}`))

/** Swallows the messages of a member's object; answers what it would have sent. */
const mute = (member: Pointer) =>
  runInDurableObject(stubOf(member), (instance) => {
    const sent: unknown[] = []
    const PROJECTION = { send: (body: unknown) => Promise.resolve(sent.push(body)) }
    Object.assign(instance, { env: { ...env, PROJECTION } })
    return sent
  })

type Row = Record<string, unknown>

const rows = async (table: string, { memberId }: Pointer): Promise<Row[]> =>
  (await SQL.prepare(`SELECT * FROM ${table} WHERE member_id = ?`).bind(memberId).run()).results

/** What D1 has of a member, without what only the way to D1 explains. */
const projected = async (member: Pointer) => ({
  entries: (await rows('entries', member)).map((row): Row => ({ ...row, position: 0, lag_ms: 0 })),
  purchases: await rows('purchases', member),
  balances: await rows('balances', member),
})

const seqs = async (member: Pointer) => (await rows('entries', member)).map(({ seq }) => seq)

describe('the projection', () => {
  it('has entries, purchases and the balance of a member as the ledger has them', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    await buy(shop, member, 'o1', { storeId: 'north' })
    await send(shop, member, '/redemptions', { points: 29 })
    await deliver([member])
    const { entries, purchases, balances } = await projected(member)
    const list = (await call('GET', `/v1/members/${member.memberId}/entries`, { key: shop.key }))
      .json
    expect(
      entries
        .map(({ seq, kind, points, body }) => ({ seq, kind, points, ...JSON.parse(String(body)) }))
        .toReversed(),
    ).toEqual(
      list.data.map(
        ({ occurredAt: _o, recordedAt: _r, ...entry }: Record<string, unknown>) => entry,
      ),
    )
    expect(purchases).toMatchObject([
      { order_id: 'o1', seq: 1, total: 12_900, points: 129, channel: 'pos', store_id: 'north' },
    ])
    expect(JSON.parse(String(purchases[0]!.lines))).toEqual([
      { lineId: '1', sku: 'TEA-1', quantity: 1, amount: 12_900 },
    ])
    expect(balances).toMatchObject([
      {
        seq: 2,
        available: 100,
        pending: 0,
        held: 0,
        debt: 0,
        tier: 'bronze',
        next_expiry_points: 100,
      },
    ])
    expect(balances[0]!.due_at).toBe(balances[0]!.next_expiry_at)
  })

  it('does not change when messages come twice, late, together or for nobody', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    const other = await newMember(shop)
    await buy(shop, member, 'o1')
    await deliver([member, member])
    await buy(shop, member, 'o2')
    await buy(shop, other, 'o3')
    const nobody = { programId: shop.id, memberId: 'mp0000000000000' }
    await Promise.all([
      deliver([member, other]),
      deliver([other, nobody, member]),
      deliver([member]),
    ])
    const before = [await projected(member), await projected(other)]
    expect(await seqs(member)).toEqual([1, 2])
    expect(await deliver([nobody, other, member])).toEqual([])
    expect([await projected(member), await projected(other)]).toEqual(before)
  })

  it('takes a long history in pages, and orders of 500 lines', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    for (let i = 0; i < 120; i++) {
      await send(shop, member, '/adjustments', { points: 1, reason: 'gift' })
    }
    const lines = Array.from({ length: 500 }, (_, i) => ({
      sku: `${'茶'.repeat(120)}${i}`,
      category: '红'.repeat(128),
      lineId: `${i}`,
      quantity: 1,
      amount: 100,
    }))
    for (let i = 0; i < 3; i++) {
      await buy(shop, member, `o${i}`, { lines })
    }
    await deliver([member])
    const { length } = await rows('entries', member)
    expect(length).toBeGreaterThanOrEqual(123)
    expect(await rows('purchases', member)).toHaveLength(3)
    const { seq } = (await call('GET', `/v1/members/${member.memberId}/balance`, { key: shop.key }))
      .json
    expect(await rows('balances', member)).toMatchObject([{ seq, available: 120 + 1_500 }])
    expect(length).toBe(seq)
  })

  it('brings a hundred members in one batch', async () => {
    const shop = await createProgram()
    const members = await Promise.all(Array.from({ length: 100 }, () => newMember(shop)))
    await Promise.all(
      members.map((member, i) => mute(member).then(() => buy(shop, member, `o${i}`))),
    )
    const batches = vi.fn<D1Database['batch']>((all) => SQL.batch(all))
    const DB = {
      prepare: (sql: string) => SQL.prepare(sql),
      batch: batches,
    } as unknown as D1Database
    await deliver(members, { DB })
    expect(batches).toHaveBeenCalledOnce()
    const { n } = (await SQL.prepare('SELECT count(*) AS n FROM balances WHERE program_id = ?')
      .bind(shop.id)
      .first<{ n: number }>())!
    expect(n).toBe(100)
    const positions = await SQL.prepare(
      'SELECT position FROM entries WHERE program_id = ? ORDER BY position',
    )
      .bind(shop.id)
      .raw()
    expect(positions.flat()).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  // libSQL does not say how many rows it writes; they are the same.
  it.skipIf(onLibsql)('writes six rows for an award', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    const written: number[] = []
    const count: D1Database['batch'] = async (all) => {
      const results = await SQL.batch<never>(all)
      written.push(results.reduce((sum, { meta }) => sum + meta.rows_written, 0))
      return results
    }
    const DB = {
      prepare: (sql: string) => SQL.prepare(sql),
      batch: count,
    } as unknown as D1Database
    for (const orderId of ['first', 'second']) {
      await buy(shop, member, orderId)
      await deliver([member], { DB })
    }
    expect(written.every((n) => n <= 6)).toBe(true)
    expect(written).toHaveLength(2)
  })

  it('can be dropped and is the same again from the ledgers', async () => {
    const shop = await createProgram()
    const members = [await newMember(shop), await newMember(shop)] as const
    for (const member of members) {
      await buy(shop, member, member.memberId)
      await send(shop, member, '/refunds', { refundId: 'r', orderId: member.memberId, amount: 900 })
    }
    await deliver(members)
    const before = await Promise.all(members.map(projected))
    for (const table of ['entries', 'purchases', 'balances', 'totals']) {
      await SQL.prepare(`DELETE FROM ${table} WHERE program_id = ?`).bind(shop.id).run()
    }
    const body = { programId: shop.id }
    const answer = await call('POST', '/v1/admin/reproject', { key: env.ROOT_KEY, body })
    expect(answer).toMatchObject({ status: 202, json: { data: [{ members: 2 }] } })
    await vi.waitFor(
      async () => expect(await Promise.all(members.map(projected))).toEqual(before),
      { timeout: 15_000 },
    )
  })
})

describe('when D1 fails', () => {
  const lost = () => {
    throw new Error('D1_ERROR: Network connection lost.', {
      cause: new Error('Network connection lost.'),
    })
  }
  const DB = { prepare: lost, batch: lost } as unknown as D1Database

  it('loses nothing, slows no award, and converges when D1 is back', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    expect((await buy(shop, member, 'o1')).status).toBe(201)
    await expect(deliver([member], { DB })).rejects.toThrow('Network connection lost')
    expect((await buy(shop, member, 'o2')).status).toBe(201)
    expect(await seqs(member)).toEqual([])
    await deliver([member])
    expect(await seqs(member)).toEqual([1, 2])
  })

  it('writes all of a batch or nothing', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    await buy(shop, member, 'o1')
    await SQL.prepare(
      `CREATE TRIGGER fault BEFORE INSERT ON balances WHEN new.member_id = '${member.memberId}'
       BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    ).run()
    await expect(deliver([member])).rejects.toThrow('disk full')
    expect(await seqs(member)).toEqual([])
    await SQL.prepare('DROP TRIGGER fault').run()
    await deliver([member])
    expect(await seqs(member)).toEqual([1])
  })

  it('retries the members whose object cannot be reached, and no others', async () => {
    const shop = await createProgram()
    const [near, far] = [await newMember(shop), await newMember(shop)]
    await Promise.all([mute(near), mute(far)])
    await buy(shop, near, 'o1')
    await buy(shop, far, 'o2')
    const LEDGER = {
      idFromName: (name: string) => env.LEDGER.idFromName(name),
      get: (id: DurableObjectId) => {
        if (id.equals(env.LEDGER.idFromName(`${shop.id}:${far.memberId}`))) {
          throw new Error('unreachable')
        }
        return env.LEDGER.get(id)
      },
    } as unknown as Env['LEDGER']
    expect(await deliver([near, far, far], { LEDGER })).toEqual(['1', '2'])
    expect([await seqs(near), await seqs(far)]).toEqual([[1], []])
  })
})

describe('the alarm', () => {
  const alarmOf = (member: Pointer) =>
    runInDurableObject(stubOf(member), (_, { storage }) => storage.getAlarm())

  it('sends again what a killed message said, ever more rarely, until D1 has it', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    const sent = await mute(member)
    expect(await alarmOf(member)).toBe(null)
    await buy(shop, member, 'o1')
    expect(sent).toEqual([member])
    const delays: number[] = []
    for (let i = 0; i < 12; i++) {
      delays.push((await alarmOf(member))! - Date.now())
      expect(await runDurableObjectAlarm(stubOf(member))).toBe(true)
    }
    expect(sent).toHaveLength(13)
    expect(delays[0]).toBeLessThanOrEqual(10_000)
    expect(delays[5]).toBeGreaterThan(100_000)
    expect(Math.max(...delays)).toBeLessThanOrEqual(15 * 60_000)
    await deliver([member])
    expect(await runDurableObjectAlarm(stubOf(member))).toBe(true)
    expect(await alarmOf(member)).toBe(null)
    expect(sent).toHaveLength(13)
  })

  it('rings again when D1 cannot be asked', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    await buy(shop, member, 'o1')
    await runInDurableObject(stubOf(member), (instance) => {
      const prepare = () => {
        throw new Error('D1_ERROR: Network connection lost.', {
          cause: new Error('Network connection lost.'),
        })
      }
      const PROJECTION = { send: () => Promise.reject(new Error('Queue is away')) }
      Object.assign(instance, { env: { ...env, DB: { prepare }, PROJECTION } })
    })
    expect(await runDurableObjectAlarm(stubOf(member))).toBe(true)
    expect(await alarmOf(member)).toBeGreaterThan(Date.now())
  })

  it('is armed by the next entry when it was given up', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await mute(member)
    await buy(shop, member, 'o1')
    await runInDurableObject(stubOf(member), async (_, { storage }) => {
      await storage.deleteAlarm()
    })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 })
    await buy(shop, member, 'o2')
    vi.useRealTimers()
    expect(await alarmOf(member)).not.toBe(null)
  })
})

describe('the real queue', () => {
  it('brings an award to D1 unasked', async () => {
    const shop = await createProgram()
    const member = await newMember(shop)
    await buy(shop, member, 'o1')
    await vi.waitFor(async () => expect(await seqs(member)).toEqual([1]), { timeout: 15_000 })
  })
})
