import { unmarkBehind } from '../db/behind'
import { database } from '../db/client'
import { unprojected } from '../ledger/client'
import { findProgram } from '../program/store'
import { beginHistory } from '../rebuild/store'
import { keyOf, type Pointer, rowsOf, type Rows, type Stand } from './projection'
import { findStands, writeRows } from './store'

/** What one D1 transaction takes at most, in UTF-16 units of JSON: a statement has at most 2 MB bound. */
const BATCH_LENGTH = 500_000

/** How many pages of a member's news one call takes; the rest is left to a new message. */
const MOST_PAGES = 20

/** Brings the members that messages point at up to date. A message of a member who cannot be reached comes again. */
export async function project(batch: MessageBatch<Pointer>, env: Env): Promise<void> {
  const messages = Map.groupBy(batch.messages, ({ body }) => keyOf(body))
  const members = Array.from(messages.values(), ([first]) => first!.body)
  const { lost, behind } = await catchUp(env, members)
  for (const member of lost) {
    messages.get(keyOf(member))!.forEach((message) => message.retry())
  }
  if (behind.length > 0) {
    await env.PROJECTION.sendBatch(behind.map((body) => ({ body })))
  }
}

/** Brings members up to date in D1. Answers whose object cannot be reached, and who has more news than one call takes. */
export async function catchUp(env: Env, members: readonly Pointer[]) {
  const zoneOf = await findZones(env, members)
  const lost: Pointer[] = []
  let behind = members
  for (let page = 0; page < MOST_PAGES && behind.length > 0; page++) {
    const db = database(env, behind[0]!)
    const standOf = await findStands(db, behind)
    const answers = await Promise.allSettled(
      behind.map((member) => fetchNews(env, member, standOf(member), zoneOf(member))),
    )
    lost.push(...behind.filter((member, i) => isLost(member, answers[i]!)))
    const news = answers.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : []))
    const unknown = behind.filter((_, i) => isUnknown(answers[i]!))
    if (unknown.length > 0) {
      await unmarkBehind(db, unknown)
    }
    for (const { member, history } of news.filter(({ isRewound }) => isRewound)) {
      await beginHistory(db, member, { was: standOf(member).history, is: history })
    }
    const next = news.filter(({ isRewound }) => !isRewound)
    for (const rows of inBatches(next.map((each) => each.rows))) {
      await writeRows(db, rows)
    }
    behind = news.filter((each) => each.hasMore || each.isRewound).map((each) => each.member)
  }
  return { lost, behind }
}

/** Brings members up to date in D1, however much news they have. Answers whose object cannot be reached. */
export async function findLost(env: Env, members: readonly Pointer[]): Promise<Pointer[]> {
  const all: Pointer[] = []
  for (let rest = members; rest.length > 0;) {
    const { lost, behind } = await catchUp(env, rest)
    all.push(...lost)
    rest = behind
  }
  return all
}

/** Brings members up to date in D1, however much news they have; false when one of them cannot be reached. */
export const catchUpAll = async (env: Env, members: readonly Pointer[]): Promise<boolean> =>
  (await findLost(env, members)).length === 0

/** Whether a member's object did not answer; the log says whose, and why. */
function isLost(member: Pointer, answer: PromiseSettledResult<unknown>): boolean {
  if (answer.status === 'fulfilled') {
    return false
  }
  const { message } = answer.reason as Error
  console.error(JSON.stringify({ name: 'projection', ...member, message }))
  return true
}

/** Whether there is no ledger, so that nothing of it can be lacking. */
const isUnknown = (answer: PromiseSettledResult<unknown>): boolean =>
  answer.status === 'fulfilled' && answer.value === null

/** A member's news as rows; null for a member who has no ledger. A rewound ledger has another history than D1. */
async function fetchNews(env: Env, member: Pointer, stand: Stand, timeZone: string) {
  const news = await unprojected(env, member.programId, member.memberId, stand.seq)
  return (
    news && {
      member,
      history: news.history,
      isRewound: news.history !== stand.history,
      rows: rowsOf(member, news, { now: Date.now(), timeZone, stand }),
      hasMore: news.balance === null,
    }
  )
}

/** The zone of each member's program. */
async function findZones(env: Env, members: readonly Pointer[]) {
  const ids = [...new Set(members.map(({ programId }) => programId))]
  const programs = await Promise.all(
    ids.map((programId) => findProgram(database(env, { programId }), programId)),
  )
  const zones = new Map(ids.map((id, i) => [id, programs[i]?.timeZone ?? 'UTC']))
  return ({ programId }: Pointer) => zones.get(programId)!
}

/** Groups rows so that a group is short enough for one transaction, or one member's. */
function* inBatches(all: readonly Rows[]): Generator<Rows[]> {
  let batch: Rows[] = []
  let length = 0
  for (const rows of all) {
    const added = JSON.stringify(rows).length
    if (batch.length > 0 && length + added > BATCH_LENGTH) {
      yield batch
      batch = []
      length = 0
    }
    batch.push(rows)
    length += added
  }
  if (batch.length > 0) {
    yield batch
  }
}
