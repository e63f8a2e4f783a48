import { BASE32, randomText } from '../auth/random'
import { markBehind } from '../db/behind'
import { type Database, database } from '../db/client'
import { findLost } from '../projection/consumer'
import type { Pointer } from '../projection/projection'
import * as store from './store'

/** A rebuild that is not done. */
export interface UnfinishedRebuild {
  programId: string
}

const MEMBERS_A_PAGE = 100

/** How many pages one call rebuilds; the rest is left to a message. */
const PAGES_A_CALL = 5

/** How many messages a queue takes at once. */
const MESSAGES_A_BATCH = 100

/** Asks for rebuilds to go on. Asked twice, one of the two gives way. */
export async function sendRebuilds(env: Env, rebuilds: readonly UnfinishedRebuild[]) {
  const messages = rebuilds.map(({ programId }) => ({ body: { programId } }))
  for (let i = 0; i < messages.length; i += MESSAGES_A_BATCH) {
    await env.REBUILD.sendBatch(messages.slice(i, i + MESSAGES_A_BATCH))
  }
}

/** Asks for all rebuilds that are not done: their messages may be lost. */
export const sendUnfinished = async (env: Env): Promise<void> =>
  sendRebuilds(env, await store.listUnfinished(database(env, { programId: '' })))

/** Goes on with rebuilds; one that fails comes again. */
export async function continueRebuilds(
  batch: MessageBatch<UnfinishedRebuild>,
  env: Env,
): Promise<void> {
  for (const { body } of batch.messages) {
    let isOpen = true
    for (let page = 0; page < PAGES_A_CALL && isOpen; page++) {
      isOpen = await rebuildPage(env, body.programId)
    }
    if (isOpen) {
      await sendRebuilds(env, [body])
    }
  }
}

/** Drops the rows of a page of members and writes them anew. False when all are done, or somebody else does them. */
async function rebuildPage(env: Env, programId: string): Promise<boolean> {
  const db = database(env, { programId })
  const rebuild = await store.findRebuild(db, programId)
  if (rebuild === undefined || rebuild.finishedAt !== null) {
    return false
  }
  if (rebuild.cursor === '') {
    await store.begin(db, rebuild)
  }
  const page = await store.listPage(db, rebuild, MEMBERS_A_PAGE)
  const turn = randomText(BASE32, 16)
  const pointer = ({ id }: { id: string }) => ({ programId, memberId: id })
  if (!(await store.takeTurn(db, rebuild, turn, page.map(pointer)))) {
    return false
  }
  // What nobody has is gone for good.
  const members = page.filter(({ isMember }) => isMember).map(pointer)
  const lost = await findLost(env, members)
  if (lost.length === MEMBERS_A_PAGE) {
    // That is no damage of theirs, and will pass.
    throw Object.assign(new Error('No member can be reached'), { retryable: true })
  }
  await leave(env, db, lost)
  const cursor = page.at(-1)?.id ?? rebuild.cursor
  await store.moveOn(db, { programId, turn, rebuilt: members.length - lost.length, cursor })
  if (page.length === MEMBERS_A_PAGE) {
    return true
  }
  await store.finish(db, { ...rebuild, turn }, Date.now())
  return false
}

/** Goes on without members who cannot be reached: they are behind until somebody reaches them. */
async function leave(env: Env, db: Database, lost: readonly Pointer[]): Promise<void> {
  if (lost.length > 0) {
    // Before the message, which may take the marks off.
    await markBehind(db, lost, Date.now())
    await env.PROJECTION.sendBatch(lost.map((body) => ({ body })))
  }
}
