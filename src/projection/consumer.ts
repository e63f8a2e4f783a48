import { database } from '../db/client'
import { unprojected } from '../ledger/client'
import { findProgram } from '../program/store'
import { keyOf, type Pointer, rowsOf, type Rows } from './projection'
import { entrySeqs, writeRows } from './store'

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
    const seqOf = await entrySeqs(db, behind)
    const answers = await Promise.allSettled(
      behind.map((member) => fetchNews(env, member, seqOf(member), zoneOf(member))),
    )
    lost.push(...behind.filter((_, i) => answers[i]!.status === 'rejected'))
    const news = answers.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : []))
    for (const rows of inBatches(news.map((each) => each.rows))) {
      await writeRows(db, rows)
    }
    behind = news.filter((each) => each.hasMore).map((each) => each.member)
  }
  return { lost, behind }
}

/** A member's news as rows; null for a member who has no ledger. */
async function fetchNews(env: Env, member: Pointer, seq: number, timeZone: string) {
  const news = await unprojected(env, member.programId, member.memberId, seq)
  const rows = news && rowsOf(member, news, { now: Date.now(), timeZone })
  return rows && { member, rows, hasMore: news.balance === null }
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
