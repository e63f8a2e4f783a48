import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { forgetProgram } from '../auth/identify'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { problem } from '../http/problem'
import { body } from '../http/validate'
import { instantText } from '../program/calendar'
import { nowIn } from '../program/program'
import { findProgram } from '../program/store'
import type { Failure } from '../result'
import { advance } from './consumer'
import { clockMove } from './schema'
import { findMove, type Move, startMove } from './store'

const live: Failure = { code: 'forbidden', detail: 'A live program runs on real time.' }

/** `/v1/test-clock`: the time of a test program, which its owner moves. */
export const testClock = new Hono<Api>()

testClock.use(async (c, next) => {
  if (c.get('program').mode === 'live') {
    return problem(c, live)
  }
  return next()
})

testClock.get('/', async (c) => {
  const { id } = c.get('program')
  const db = database(c.env, { programId: id })
  const [program, move] = await Promise.all([findProgram(db, id), findMove(db, id)])
  return answer(c, nowIn(program!), move)
})

testClock.post('/', body(clockMove), async (c) => {
  const { id } = c.get('program')
  const { now } = c.req.valid('json')
  const db = database(c.env, { programId: id })
  const started = await startMove(db, id, { clock: now, now: Date.now() })
  if (started === null) {
    const detail = 'The clock stands later already; it moves forward only.'
    const errors = [{ pointer: '#/now', detail }]
    return problem(c, { code: 'validation_failed', detail, errors })
  }
  forgetProgram(id)
  const program = await findProgram(db, id)
  try {
    const move = await advance(c.env, program!, started)
    return answer(c, move.clock, move)
  } catch (error) {
    await c.env.CLOCK.send({ programId: id, clock: now })
    throw error
  }
})

/** Where a clock stands, and how many members it has brought there: 202 until all are. */
function answer(c: Context<Api>, now: number, move: Move | null): Response {
  const { cursor = null, members = 0, settled = 0 } = move ?? {}
  const isReady = cursor === null
  const status = isReady ? 'ready' : 'running'
  // Who enrolled meanwhile is settled too.
  const all = Math.max(members, settled)
  return c.json({ now: instantText(now), status, members: all, settled }, isReady ? 200 : 202)
}
