import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { problem } from '../http/problem'
import { body } from '../http/validate'
import { instantText } from '../program/calendar'
import { findProgram } from '../program/store'
import { rewind as putBack } from './client'
import { rewind } from './schema'

/** For how long objects keep what they were. */
const KEPT_MS = 30 * 86_400_000

/** `/v1/admin/rewinds`: for the holder of the root key, puts one member's ledger back to an earlier time. */
export const rewinds = new Hono<Api>()

rewinds.post('/', body(rewind), async (c) => {
  const { programId, memberId, at } = c.req.valid('json')
  const now = Date.now()
  if (at >= now || at < now - KEPT_MS) {
    const detail = 'Name a time of the last 30 days.'
    const errors = [{ pointer: '#/at', detail }]
    return problem(c, { code: 'validation_failed', detail, errors })
  }
  const program = await findProgram(database(c.env, { programId }), programId)
  if (program === null) {
    return problem(c, { code: 'not_found', detail: 'There is no such program.' })
  }
  const requestId = c.get('requestId')
  const asked = { programId, memberId, startedAt: now, at, finishedAt: null, requestId }
  const done = await putBack(c.env, program, asked)
  if (!done.ok) {
    return problem(c, done.failure)
  }
  const { startedAt, finishedAt } = done.value
  return c.json(
    {
      programId,
      memberId,
      at: instantText(at),
      startedAt: instantText(startedAt),
      finishedAt: instantText(finishedAt!),
      requestId,
    },
    201,
  )
})
