import { database } from '../db/client'
import { renew, rewind as putBack } from '../ledger/client'
import type { Program } from '../program/program'
import { findProgram } from '../program/store'
import { catchUpAll } from '../projection/consumer'
import { ok, type Result } from '../result'
import { dropRewind, endRewind, listUnfinished, type Rewind, startRewind } from './store'

/** From when on a rewind that is not done is taken to be cut off. */
const CUT_OFF_MS = 60_000

/** Puts a member's ledger back, and lets sessions and lists follow it. Cut off half-way, the cron does the rest. */
export async function rewind(env: Env, program: Program, asked: Rewind): Promise<Result<Rewind>> {
  const { memberId, at } = asked
  const db = database(env, asked)
  await startRewind(db, asked)
  const condemned = await putBack(env, program, memberId, at)
  if (!condemned.ok) {
    await dropRewind(db, asked)
    return condemned
  }
  return ok(await conclude(env, program, asked))
}

/** Brings rewinds to their end that were cut off. */
export async function finishRewinds(env: Env, now: number): Promise<void> {
  const unfinished = await listUnfinished(database(env, { programId: '' }), now - CUT_OFF_MS)
  const works = unfinished.map(async (each) => {
    const program = await findProgram(database(env, each), each.programId)
    await conclude(env, program!, each)
  })
  await Promise.all(works)
}

async function conclude(env: Env, program: Program, asked: Rewind): Promise<Rewind> {
  const { programId, memberId } = asked
  await renew(env, program, memberId)
  await catchUpAll(env, [{ programId, memberId }])
  const finishedAt = Date.now()
  await endRewind(database(env, asked), asked, finishedAt)
  return { ...asked, finishedAt }
}
