import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { pageOf, readBefore } from '../http/page'
import { problem } from '../http/problem'
import { page } from '../http/scalars'
import { query } from '../http/validate'
import type { Failure } from '../result'
import { openMessage } from './outbox'
import { listMessages } from './store'

const live: Failure = { code: 'forbidden', detail: 'What a live program sends is not kept.' }

/** `/v1/outbox`: what a test program would have sent. */
export const outbox = new Hono<Api>()

outbox.get('/', query(page), async (c) => {
  const { id: programId, mode } = c.get('program')
  if (mode === 'live') {
    return problem(c, live)
  }
  const { limit, cursor } = c.req.valid('query')
  const before = readBefore(cursor)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const rows = await listMessages(
    database(c.env, { programId }),
    programId,
    before.value,
    limit + 1,
  )
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.position)
  const messages = data.map((message) => openMessage(c.env, message))
  return c.json({ data: await Promise.all(messages), nextCursor })
})
