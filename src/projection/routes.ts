import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { idempotencyKey } from '../http/idempotency'
import { pageOf } from '../http/page'
import { problem } from '../http/problem'
import { body, query } from '../http/validate'
import { ask } from '../ledger/client'
import { run } from '../ledger/routes'
import { refund } from '../ledger/schema'
import { instantText } from '../program/calendar'
import type { Failure } from '../result'
import { feed } from './schema'
import { countBehind, findPurchases, lastEntries, listEntries, listTotals } from './store'
import { sumUp } from './totals'

const unknown: Failure = {
  code: 'not_found',
  detail: 'No such order is known yet. One of the last seconds is found through its member.',
}

/** `/v1/purchases`: for a till that knows only the order. */
export const purchases = new Hono<Api>()

purchases.get('/:orderId', async (c) => {
  const program = c.get('program')
  const orderId = c.req.param('orderId')
  const db = database(c.env, { programId: program.id })
  const [first, ...others] = await findPurchases(db, program.id, orderId)
  if (first === undefined) {
    return problem(c, unknown)
  }
  const { memberId, total, points, channel, storeId, lines } = first
  const thread = await ask(c.env, program, memberId, { type: 'order', orderId })
  if (!thread.ok) {
    return problem(c, thread.failure)
  }
  return c.json({
    orderId,
    memberId,
    occurredAt: instantText(first.occurredAt),
    currency: first.currency ?? program.currency,
    total,
    points,
    channel,
    storeId,
    lines,
    entries: thread.value,
    conflicts: others.map((other) => ({ memberId: other.memberId, points: other.points })),
  })
})

/** `/v1/refunds`: a refund by the order alone. */
export const refunds = new Hono<Api>()

refunds.post('/', idempotencyKey(), body(refund), async (c) => {
  const request = c.req.valid('json')
  const programId = c.get('program').id
  const found = await findPurchases(database(c.env, { programId }), programId, request.orderId)
  if (found.length === 0) {
    return problem(c, unknown)
  }
  const memberIds = found.map(({ memberId }) => memberId)
  const memberId = memberIds.length === 1 ? memberIds[0]! : await whoKnows(c, memberIds)
  if (memberId === null) {
    const detail = `The order stands on several members: ${memberIds.join(', ')}. Refund it at one of them.`
    return problem(c, { code: 'already_exists', detail })
  }
  return run(c, { type: 'refund', request }, memberId)
})

/** The member at whom this Idempotency-Key was answered before the others got the order too. */
async function whoKnows(c: Context<Api>, memberIds: readonly string[]): Promise<string | null> {
  const { kind } = c.get('caller')
  const query = { type: 'key', kind, idempotencyKey: c.get('idempotencyKey') } as const
  for (const memberId of memberIds) {
    const known = await ask(c.env, c.get('program'), memberId, query)
    if (known.ok && known.value) {
      return memberId
    }
  }
  return null
}

/** `/v1/entries`: everything that happened to any member, in the order in which it became known. */
export const entries = new Hono<Api>()

entries.get('/', query(feed), async (c) => {
  const { limit, after } = c.req.valid('query')
  const programId = c.get('program').id
  const rows = await listEntries(database(c.env, { programId }), programId, after, limit + 1)
  const { data } = pageOf(rows, limit, (row) => row.position)
  return c.json({
    data: data.map(({ position, memberId, seq, kind, points, occurredAt, recordedAt, body }) => ({
      position,
      memberId,
      seq,
      kind,
      points,
      occurredAt: instantText(occurredAt),
      recordedAt: instantText(recordedAt),
      ...body,
    })),
    nextCursor: rows.length > limit ? String(data.at(-1)!.position) : null,
  })
})

/** `/v1/program/totals`: what all members earned, spent and lost, month by month, and what is owed to them. */
export const totals = new Hono<Api>()

totals.get('/', async (c) => {
  const programId = c.get('program').id
  return c.json(sumUp(await listTotals(database(c.env, { programId }), programId)))
})

const LATELY = 100

/** `/v1/health`: how far the lists are behind the ledgers. */
export const health = new Hono<Api>()

health.get('/', async (c) => {
  const programId = c.get('program').id
  const db = database(c.env, { programId })
  const [rows, behind] = await Promise.all([
    lastEntries(db, programId, LATELY),
    countBehind(db, programId),
  ])
  return c.json({
    projection: {
      position: rows[0]?.position ?? 0,
      lagMs: rows[0]?.lagMs ?? 0,
      maxLagMs: Math.max(0, ...rows.map((row) => row.lagMs)),
      membersBehind: behind!.members,
      oldestLagMs: behind!.since === null ? 0 : Math.max(0, Date.now() - behind!.since),
    },
  })
})
