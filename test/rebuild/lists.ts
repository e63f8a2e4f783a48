import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { envWith, SQL } from '../db'
import { expect } from 'vitest'
import worker from '../../src/index'
import { newMemberId } from '../../src/ledger/address'
import { unprojected } from '../../src/ledger/client'
import { catchUpAll } from '../../src/projection/consumer'
import { type Pointer, rowsOf } from '../../src/projection/projection'
import { findStands, writeRows } from '../../src/projection/store'
import { database } from '../../src/db/client'
import type { UnfinishedRebuild } from '../../src/rebuild/consumer'
import { call } from '../http/api'

type Row = Record<string, unknown>
interface Program {
  id: string
}

/** The tables of the projection, each by what tells its rows apart. */
const tables = {
  entries: 'member_id, seq',
  purchases: 'order_id, member_id',
  balances: 'member_id',
  totals: 'month, figure',
}

export const db = database(env, { programId: '' })

/** Rows of one statement about a program. */
export const select = async <T = Row>({ id }: Program, sql: string): Promise<T[]> =>
  (await SQL.prepare(sql).bind(id).run<T>()).results

/** All rows of the projection of a program, without what only the way to D1 explains. */
export async function lists(program: Program): Promise<Record<string, Row[]>> {
  const rows: Record<string, Row[]> = {}
  for (const [table, order] of Object.entries(tables)) {
    const sql = `SELECT * FROM ${table} WHERE program_id = ? ORDER BY ${order}`
    rows[table] = (await select(program, sql)).map(({ position: _p, lag_ms: _l, ...row }) => row)
  }
  return rows
}

/** Deletes all rows of the projection of a program at once: the queue may write them again at any time. */
export async function drop({ id }: Program): Promise<void> {
  await SQL.batch(
    Object.keys(tables).map((table) =>
      SQL.prepare(`DELETE FROM ${table} WHERE program_id = ?`).bind(id),
    ),
  )
}

export const pointerTo = ({ id: programId }: Program, memberId: string) => ({ programId, memberId })

/** What a projection says that was never dropped: one that is written in one go. Leaves it in D1. */
export async function undropped(program: Program): Promise<Record<string, Row[]>> {
  const ids = await select<Program>(program, 'SELECT id FROM members WHERE program_id = ?')
  await drop(program)
  const members = ids.map(({ id }) => pointerTo(program, id))
  expect(await catchUpAll(env, members)).toBe(true)
  return lists(program)
}

/** The first page of what D1 lacks of a member, as a consumer has it in hand; what writes it. */
export async function fetched(program: Program, memberId: string) {
  const member = pointerTo(program, memberId)
  const stand = (await findStands(db, [member]))(member)
  const news = (await unprojected(env, program.id, memberId, stand.seq))!
  const rows = rowsOf(member, news, { now: Date.now(), timeZone: 'Asia/Shanghai', stand })
  return { rows, write: () => writeRows(db, [rows]) }
}

/** Members without a ledger, whose first call makes it: an enrolment each would take longer. */
export async function crowd({ id }: Program, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newMemberId('apac'))
  await SQL.prepare(
    `INSERT INTO members (program_id, id, card_number, created_at)
     SELECT ?, value, '', 0 FROM json_each(?)`,
  )
    .bind(id, JSON.stringify(ids))
    .run()
  return ids
}

/** A queue that keeps what it is sent. */
export function queue() {
  const sent: UnfinishedRebuild[] = []
  const sendBatch = (messages: Iterable<{ body: UnfinishedRebuild }>) => {
    sent.push(...Array.from(messages, ({ body }) => body))
    return Promise.resolve()
  }
  return { sent, REBUILD: { sendBatch } as unknown as Env['REBUILD'] }
}

/** Ledgers of which some cannot be read, and a queue that keeps who is to be asked again. */
export function without(unreadable: readonly string[]) {
  const asked: Pointer[] = []
  const idFromName = (name: string) => {
    if (unreadable.some((id) => name.endsWith(id))) {
      throw new Error('unreadable')
    }
    return env.LEDGER.idFromName(name)
  }
  const get = (id: DurableObjectId) => env.LEDGER.get(id)
  const sendBatch = (messages: Iterable<{ body: Pointer }>) => {
    asked.push(...Array.from(messages, ({ body }) => body))
    return Promise.resolve()
  }
  const LEDGER = { idFromName, get } as unknown as Env['LEDGER']
  return { asked, LEDGER, PROJECTION: { sendBatch } as unknown as Env['PROJECTION'] }
}

/** Delivers a message as the platform would. Answers whether it comes again. */
export async function deliver(programId: string, bindings: Partial<Env> = {}): Promise<boolean> {
  const messages = [{ id: '1', timestamp: new Date(), attempts: 1, body: { programId } }]
  const batch = createMessageBatch<UnfinishedRebuild>('punchcard-rebuild', messages)
  const failed = await worker.queue(batch, envWith(bindings)).then(
    () => false,
    () => true,
  )
  const { retryMessages } = await getQueueResult(batch, createExecutionContext())
  return failed || retryMessages.length > 0
}

/** A database whose batches fail from the one of that number on. */
export function failingFrom(nth: number): Partial<Env> {
  let batches = 0
  const batch = (all: D1PreparedStatement[]) =>
    ++batches >= nth ? Promise.reject(new Error('D1_ERROR: killed')) : SQL.batch(all)
  const prepare = (sql: string) => SQL.prepare(sql)
  return { DB: { prepare, batch } as unknown as D1Database }
}

/** Asks for a rebuild. */
export const start = (programId?: string, bindings: Partial<Env> = {}) =>
  call('POST', '/v1/admin/reproject', { key: env.ROOT_KEY, body: { programId }, env: bindings })

/** How far the rebuild of a program is. */
export const progress = async (programId: string) =>
  (await call('GET', '/v1/admin/reproject', { key: env.ROOT_KEY })).json.data.find(
    (each: Row) => each.programId === programId,
  )
