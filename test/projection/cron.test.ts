import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { type DueMembers, sendDue } from '../../src/projection/cron'
import { envWith, SQL } from '../db'
import { call, createProgram, enrol } from '../http/api'

const DAY_MS = 86_400_000

afterEach(() => {
  vi.useRealTimers()
})

/** A member whose gift of 150 points lapses in an hour, known to D1. */
async function newMember(shop: { key: string }): Promise<string> {
  const { id } = (await enrol(shop.key, {})).json
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  await call('POST', `/v1/members/${id}/adjustments`, {
    key: shop.key,
    body: { points: 150, reason: 'gift', expiresAt },
    headers: { 'idempotency-key': 'gift' },
  })
  await vi.waitFor(async () => expect(await dueAt(id)).not.toBe(null), { timeout: 15_000 })
  return id
}

const dueAt = async (memberId: string) =>
  (await SQL.prepare('SELECT due_at FROM balances WHERE member_id = ?')
    .bind(memberId)
    .first<number | null>('due_at')) ?? null

/** What the cron asks for at an instant, in messages. */
async function sentAt(now: number, bindings: Partial<Env> = {}): Promise<DueMembers[]> {
  const sent: DueMembers[] = []
  const SETTLE = { send: (body: DueMembers) => Promise.resolve(sent.push(body)) }
  await sendDue({ ...envWith(bindings), SETTLE: SETTLE as unknown as Queue }, now)
  return sent
}

async function deliver(messages: DueMembers[], bindings: Partial<Env> = {}) {
  const batch = createMessageBatch<DueMembers>(
    'punchcard-settle',
    messages.map((body, i) => ({ id: `${i}`, timestamp: new Date(), attempts: 1, body })),
  )
  await worker.queue(batch, envWith(bindings))
  return (await getQueueResult(batch, createExecutionContext())).retryMessages.map(
    ({ msgId }) => msgId,
  )
}

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

describe('the cron', () => {
  it('finds who is due, and nobody before', async () => {
    const shop = await createProgram()
    const memberId = await newMember(shop)
    const due = (await dueAt(memberId))!
    expect((await sentAt(due - 1)).filter(({ programId }) => programId === shop.id)).toEqual([])
    expect(await sentAt(due)).toContainEqual({ programId: shop.id, memberIds: [memberId] })
  })

  it('goes by the clock of a test program', async () => {
    const shop = await createProgram({ clock: '2026-01-01T00:00:00Z' })
    await enrol(shop.key, {})
    await SQL.prepare(
      `INSERT INTO balances (program_id, member_id, seq, available, pending, held, debt, tier, due_at, recorded_at)
       VALUES (?1, 'past', 1, 0, 0, 0, 0, 'bronze', ?2, 0), (?1, 'future', 1, 0, 0, 0, 0, 'bronze', ?2 + 1, 0)`,
    )
      .bind(shop.id, Date.parse('2026-01-01T00:00:00Z'))
      .run()
    expect(await sentAt(Date.now())).toContainEqual({ programId: shop.id, memberIds: ['past'] })
  })

  it('asks for a hundred members a message, all of them, by index', async () => {
    const shop = await createProgram()
    await SQL.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
       INSERT INTO balances (program_id, member_id, seq, available, pending, held, debt, tier, due_at, recorded_at)
       SELECT ?, 'm' || i, 1, 0, 0, 0, 0, 'bronze', 1000 + i / 7, 0 FROM n`,
    )
      .bind(shop.id)
      .run()
    const statements: string[] = []
    const prepare: D1Database['prepare'] = (statement) => {
      statements.push(statement)
      return SQL.prepare(statement)
    }
    const messages = (await sentAt(10_000, { DB: { prepare } as D1Database })).filter(
      ({ programId }) => programId === shop.id,
    )
    // Where a page ends, a message may be shorter.
    expect(messages.length).toBeLessThanOrEqual(123)
    expect(Math.max(...messages.map(({ memberIds }) => memberIds.length))).toBe(100)
    expect(new Set(messages.flatMap(({ memberIds }) => memberIds)).size).toBe(12_000)
    const plan = await SQL.prepare(`EXPLAIN QUERY PLAN ${statements[0]}`)
      .bind(10_000, 5_000)
      .run<{ detail: string }>()
    const details = plan.results.map(({ detail }) => detail).join('; ')
    expect(details).toMatch(/balances_due \(program_id=\? AND due_at<\?\)/)
    expect(details).not.toContain('TEMP B-TREE')
    await SQL.prepare('DELETE FROM balances WHERE program_id = ?').bind(shop.id).run()
  })

  it('settles by real queues: points lapse though nobody asks', async () => {
    const shop = await createProgram()
    const memberId = await newMember(shop)
    later(2 * 3_600_000)
    await worker.scheduled(createScheduledController(), env)
    vi.useRealTimers()
    const available = () =>
      SQL.prepare('SELECT available FROM balances WHERE member_id = ?')
        .bind(memberId)
        .first<number>('available')
    later(2 * 3_600_000)
    await vi.waitFor(async () => expect(await available()).toBe(0), { timeout: 15_000 })
    expect(await dueAt(memberId)).toBe(null)
  })
})

describe('a message of members who are due', () => {
  it('may come twice, late, or for a program or member that is not there', async () => {
    const shop = await createProgram()
    const memberId = await newMember(shop)
    later(DAY_MS)
    const message = { programId: shop.id, memberIds: [memberId, 'mp0000000000000'] }
    expect(
      await deliver([message, message, { programId: 'nowhere', memberIds: [memberId] }]),
    ).toEqual([])
    const { data } = (await call('GET', `/v1/members/${memberId}/entries`, { key: shop.key })).json
    expect(
      data.map(({ kind, points }: { kind: string; points: number }) => [kind, points]),
    ).toEqual([
      ['expire', -150],
      ['adjust', 150],
    ])
  })

  it('comes again when a member cannot be reached', async () => {
    const shop = await createProgram()
    const { id } = (await enrol(shop.key, {})).json
    const LEDGER = {
      idFromName: () => {
        throw new Error('unreachable')
      },
    } as unknown as Env['LEDGER']
    expect(await deliver([{ programId: shop.id, memberIds: [id] }], { LEDGER })).toEqual(['0'])
  })
})
