import { listBehind } from '../db/behind'
import { database } from '../db/client'
import { settle } from '../ledger/client'
import type { Program } from '../program/program'
import { findProgram } from '../program/store'
import { catchUpAll } from './consumer'
import { type Due, listDue } from './store'

/** Members of one program who are due. */
export interface DueMembers {
  programId: string
  memberIds: string[]
}

const MEMBERS_A_MESSAGE = 100
const MEMBERS_A_PAGE = 5_000

const CRON_MS = 300_000
const MOST_BEHIND = 1_000

/** Asks for the members of all programs who are due at `now` to be settled, 100 a message. Answers how many. */
export async function sendDue(env: Env, now: number): Promise<number> {
  const db = database(env, { programId: '' })
  let sent = 0
  let last: Due | null = null
  do {
    const page: Due[] = await listDue(db, now, last, MEMBERS_A_PAGE)
    for (const body of inMessages(page)) {
      await env.SETTLE.send(body)
    }
    sent += page.length
    last = page.length === MEMBERS_A_PAGE ? page.at(-1)! : null
  } while (last !== null)
  return sent
}

/** Asks for members again whom the lists lack: a ledger that rests does not see what a rebuild could not reach. */
export async function sendBehind(env: Env, now: number): Promise<void> {
  const whose = { now, everyMs: CRON_MS, count: MOST_BEHIND }
  const members = await listBehind(database(env, { programId: '' }), whose)
  for (let i = 0; i < members.length; i += MEMBERS_A_MESSAGE) {
    const messages = members.slice(i, i + MEMBERS_A_MESSAGE).map((body) => ({ body }))
    await env.PROJECTION.sendBatch(messages)
  }
}

function inMessages(due: readonly Due[]): DueMembers[] {
  const messages: DueMembers[] = []
  for (const { programId, memberId } of due) {
    const open = messages.at(-1)
    if (open?.programId === programId && open.memberIds.length < MEMBERS_A_MESSAGE) {
      open.memberIds.push(memberId)
    } else {
      messages.push({ programId, memberIds: [memberId] })
    }
  }
  return messages
}

/** Settles the members of each message; one with a member who cannot be reached comes again. */
export async function settleDue(batch: MessageBatch<DueMembers>, env: Env): Promise<void> {
  for (const message of batch.messages) {
    const { programId, memberIds } = message.body
    const program = await findProgram(database(env, { programId }), programId)
    if (program && !(await settleAll(env, program, memberIds))) {
      message.retry()
    }
  }
}

/** Does what is due for members and brings their lists up to date; false when one of them cannot be reached. */
export async function settleAll(
  env: Env,
  program: Program,
  memberIds: readonly string[],
): Promise<boolean> {
  const settled = await Promise.allSettled(memberIds.map((id) => settle(env, program, id)))
  const isSettled = settled.every((each) => each.status === 'fulfilled' && each.value !== 'stale')
  const isReached = await catchUpAll(
    env,
    memberIds.map((memberId) => ({ programId: program.id, memberId })),
  )
  return isSettled && isReached
}
