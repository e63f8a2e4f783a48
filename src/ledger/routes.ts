import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { actorOf, type Api } from '../http/context'
import { fingerprint, idempotencyKey } from '../http/idempotency'
import { localeFor } from '../http/language'
import { pageOf, readBefore } from '../http/page'
import { problem } from '../http/problem'
import { page } from '../http/scalars'
import { body, params, query } from '../http/validate'
import { database } from '../db/client'
import { findProgramAt } from '../program/store'
import { namedReceipt } from '../rewards/view'
import { ask, execute } from './client'
import type { Reply } from './call'
import type { Command } from './decide'
import {
  activity,
  adjustment,
  balanceQuery,
  capture,
  entryParam,
  freezing,
  holdParam,
  holdRequest,
  nothing,
  purchase,
  redeem,
  redemptionParam,
  refund,
  refundReversal,
} from './schema'

/** `/v1/members/:id/…`: what a member has, and all that changes it. Every command answers a receipt. */
export const ledger = new Hono<Api>()

ledger.post('/purchases', idempotencyKey(), body(purchase), (c) => {
  const request = c.req.valid('json')
  if (request.channel === 'import' && c.get('caller').keyKind !== 'secret') {
    return problem(c, { code: 'forbidden', detail: 'Imports need a secret key.' })
  }
  return run(c, { type: 'purchase', request })
})

ledger.post('/refunds', idempotencyKey(), body(refund), (c) =>
  run(c, { type: 'refund', request: c.req.valid('json') }),
)

ledger.post('/refunds/:refundId/reversal', idempotencyKey(), body(refundReversal), (c) =>
  run(c, {
    type: 'reverseRefund',
    refundId: c.req.param('refundId'),
    orderId: c.req.valid('json').orderId,
  }),
)

ledger.post('/holds', idempotencyKey(), body(holdRequest), (c) =>
  run(c, { type: 'hold', request: c.req.valid('json') }),
)

ledger.post('/holds/:holdId/capture', idempotencyKey(), params(holdParam), body(capture), (c) =>
  run(c, {
    type: 'capture',
    holdId: c.req.valid('param').holdId,
    request: c.req.valid('json'),
  }),
)

ledger.post('/holds/:holdId/release', idempotencyKey(), params(holdParam), body(nothing), (c) =>
  run(c, { type: 'release', holdId: c.req.valid('param').holdId }),
)

ledger.post('/redemptions', idempotencyKey(), body(redeem), (c) =>
  run(c, { type: 'redeem', request: c.req.valid('json') }),
)

ledger.post(
  '/redemptions/:redemptionId/reversal',
  idempotencyKey(),
  params(redemptionParam),
  body(nothing),
  (c) => run(c, { type: 'reverseRedemption', redemptionId: c.req.valid('param').redemptionId }),
)

ledger.post('/adjustments', idempotencyKey(), body(adjustment), (c) =>
  run(c, { type: 'adjust', request: c.req.valid('json') }),
)

ledger.post('/activities', idempotencyKey(), body(activity), (c) =>
  run(c, { type: 'activity', request: c.req.valid('json') }),
)

ledger.post('/freeze', idempotencyKey(), body(freezing), (c) =>
  run(c, { type: 'freeze', ...c.req.valid('json') }),
)

ledger.post('/unfreeze', idempotencyKey(), body(freezing), (c) =>
  run(c, { type: 'unfreeze', ...c.req.valid('json') }),
)

ledger.get('/balance', query(balanceQuery), async (c) => {
  const { at } = c.req.valid('query')
  const program = c.get('program')
  const isPast = at !== undefined && at < program.publishedAt
  const db = database(c.env, { programId: program.id })
  const rules = isPast ? await findProgramAt(db, program, at) : undefined
  const answer = await ask(c.env, program, memberOf(c), { type: 'balance', at, rules })
  return answer.ok ? c.json(answer.value) : problem(c, answer.failure)
})

ledger.get('/tier', async (c) => {
  const answer = await ask(c.env, c.get('program'), memberOf(c), { type: 'tier' })
  return answer.ok ? c.json(answer.value) : problem(c, answer.failure)
})

ledger.get('/entries', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const before = readBefore(cursor)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const wanted = { type: 'entries', before: before.value, limit: limit + 1 } as const
  const answer = await ask(c.env, c.get('program'), memberOf(c), wanted)
  return answer.ok
    ? c.json(pageOf(answer.value, limit, (entry) => entry.seq))
    : problem(c, answer.failure)
})

ledger.get('/entries/:seq', params(entryParam), async (c) => {
  const { seq } = c.req.valid('param')
  const answer = await ask(c.env, c.get('program'), memberOf(c), { type: 'entry', seq })
  return answer.ok ? c.json(answer.value) : problem(c, answer.failure)
})

const memberOf = (c: Context<Api>): string => c.req.param('id')!

/** Has a member's ledger decide a command for the caller, under the call's Idempotency-Key. */
export async function send(
  c: Context<Api>,
  command: Command,
  memberId: string,
  asked = fingerprint(c.req.method, c.req.path, command),
): Promise<Reply> {
  const reply = await execute(c.env, c.get('program'), memberId, {
    command,
    actor: actorOf(c),
    idempotencyKey: c.get('idempotencyKey'),
    fingerprint: asked,
    session: c.get('caller').member?.session,
  })
  if (reply.replayed) {
    c.header('Idempotent-Replayed', 'true')
  }
  return reply
}

/** Has a command decided, and answers the receipt: 201 when it made entries. */
export async function run(
  c: Context<Api>,
  command: Command,
  memberId = memberOf(c),
  asked?: string,
): Promise<Response> {
  const { result, locale } = await send(c, command, memberId, asked)
  if (!result.ok) {
    return problem(c, result.failure)
  }
  const receipt = namedReceipt(c.get('program'), result.value, localeFor(c, locale))
  return c.json(receipt, receipt.entries.length > 0 ? 201 : 200)
}
