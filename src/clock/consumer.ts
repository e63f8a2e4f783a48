import { database } from '../db/client'
import { listMemberIds } from '../members/store'
import type { Program } from '../program/program'
import { findProgram } from '../program/store'
import { settleAll } from '../projection/cron'
import { findMove, type Move, progress } from './store'

/** A move of a clock that is not done. */
export interface UnfinishedMove {
  programId: string
  clock: number
}

const MEMBERS_A_PAGE = 100

/** How many pages one call settles; the rest is left to messages. */
const PAGES_A_CALL = 3

/** Goes on with moves; one whose member cannot be reached comes again. */
export async function continueMoves(batch: MessageBatch<UnfinishedMove>, env: Env): Promise<void> {
  for (const { body } of batch.messages) {
    const db = database(env, body)
    const [program, move] = await Promise.all([
      findProgram(db, body.programId),
      findMove(db, body.programId),
    ])
    if (program && move?.clock === body.clock) {
      await advance(env, program, move)
    }
  }
}

/**
 * Settles members at the program's clock, as many as one call may, and leaves the rest to a message. Answers the move
 * as it is then, or the one that took its place.
 */
export async function advance(env: Env, program: Program, move: Move): Promise<Move> {
  const { programId, clock } = move
  let at = move
  for (let page = 0; page < PAGES_A_CALL && at.cursor !== null && at.clock === clock; page++) {
    at = await settlePage(env, program, at)
  }
  if (at.cursor !== null) {
    await env.CLOCK.send({ programId, clock: at.clock })
  }
  return at
}

async function settlePage(env: Env, program: Program, move: Move): Promise<Move> {
  const { programId } = move
  const db = database(env, { programId })
  const ids = await listMemberIds(db, programId, move.cursor ?? '', MEMBERS_A_PAGE)
  if (!(await settleAll(env, program, ids))) {
    throw Object.assign(new Error('A member cannot be reached'), { retryable: true })
  }
  const cursor = ids.length < MEMBERS_A_PAGE ? null : ids.at(-1)!
  return progress(db, move, { settled: ids.length, cursor })
}
