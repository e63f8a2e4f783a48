import { beforeAll, describe, expect, it } from 'vitest'
import { database } from '../../src/db/client'
import { findOwnersOf } from '../../src/members/contact-store'
import { catchUp } from '../../src/projection/consumer'
import { beginHistory } from '../../src/rebuild/store'
import { countingRows, envWith, onLibsql, SQL } from '../db'
import { call } from '../http/api'
import { type Account, openAccount, payment } from '../webhooks/account'

const MANY = 3_000

/** Fills the tables of a program with rows of others. */
async function fill(programId: string): Promise<void> {
  const from = `FROM (WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY}) SELECT i FROM n)`
  const rows = {
    contacts: `SELECT ?1, 'email', 'h' || i, 'other' || i ${from}`,
    entries: `SELECT ?1, 1000 + i, 'other' || i, 1, 'award', 5, 0, 0, '{"orderId":"o' || i || '"}', 0, '2026-01', 'issued' ${from}`,
    purchases: `SELECT ?1, 'other' || i, 'other' || i, 1, 0, 0, 100, 1, 'pos', NULL, '[]', 'CNY' ${from}`,
    enrolments: `SELECT ?1, 'k' || i, '', 'other' || i, 201, '' ${from}`,
    payments: `SELECT ?1, 'other:' || i, 'o' || i, 1, '', 'applied', 'other' || i, 'o' || i ${from}`,
    webhook_events: `SELECT ?1, 1000 + i, 'other', i, 'stripe', 'charge.succeeded', 0, 'applied', NULL, 'other:' || i, '' ${from}`,
  }
  await SQL.batch(
    Object.entries(rows).map(([table, select]) =>
      SQL.prepare(`INSERT INTO ${table} ${select}`).bind(programId),
    ),
  )
}

interface Case {
  account: Account
  id: string
}

const asked =
  (method: string, path: string, body?: object) => async (given: Case, bound: Partial<Env>) => {
    const { status } = await call(method, path.replace(':id', given.id), {
      key: given.account.shop.key,
      headers: { 'idempotency-key': crypto.randomUUID() },
      env: bound,
      ...(body && { body }),
    })
    expect(status).toBeLessThan(300)
  }

const databaseOf = ({ account }: Case, bound: Partial<Env>) =>
  database(envWith(bound), { programId: account.shop.id })

const pointerTo = ({ account, id }: Case) => ({ programId: account.shop.id, memberId: id })

const works: Record<string, (given: Case, bound: Partial<Env>) => Promise<unknown>> = {
  'enrolling somebody with three identities': asked('POST', '/v1/members', {
    externalId: 'x-1',
    email: 'kim@example.com',
    phone: '+8613800138000',
  }),
  'changing identities': asked('PATCH', '/v1/members/:id', {
    externalId: 'x-2',
    email: 'k@example.com',
  }),
  'finding a member': asked('GET', '/v1/members?email=kim@example.com'),
  'finding whose many identities are': (given, bound) => {
    const wanted = Array.from({ length: 50 }, (_, i) => ({ kind: 'email', hash: `w${i}` }) as const)
    return findOwnersOf(databaseOf(given, bound), given.account.shop.id, wanted)
  },
  'what a payment provider tells': async ({ account, id }, bound) => {
    const told = payment('1', { metadata: { memberId: id } })
    account.bindings = bound
    await account.tell(told.intent(), told.charge(), told.refunded(2_000, 1))
    account.bindings = {}
  },
  'listing the payments that wait': asked('GET', '/v1/payments'),
  'claiming a payment': async (given, bound) => {
    const told = payment('2')
    await given.account.tell(told.intent(), told.refunded(2_000, 1))
    await asked('POST', `/v1/payments/${told.id}/claim`, { memberId: given.id })(given, bound)
  },
  'listing a purchase': async (given, bound) => {
    await given.account.shop.buy(given.id, 'SO-1', 10)
    await catchUp(envWith(bound), [pointerTo(given)])
  },
  'finding a purchase': asked('GET', '/v1/purchases/SO-1'),
  'dropping the lists of a member': (given, bound) =>
    beginHistory(databaseOf(given, bound), pointerTo(given), { was: 0, is: 5 }),
  'erasing a member': asked('DELETE', '/v1/members/:id'),
}

describe.skipIf(onLibsql)('the rows that D1 reads do not grow with the program', () => {
  const few = {} as Case
  const many = {} as Case
  beforeAll(async () => {
    for (const given of [few, many]) {
      given.account = await openAccount()
      given.id = await given.account.shop.enrol()
    }
    await fill(many.account.shop.id)
  })

  it.each(Object.entries(works))('for %s', async (_, work) => {
    const read = []
    for (const given of [few, many]) {
      const { counted, DB } = countingRows()
      await work(given, { DB })
      read.push(counted.read)
    }
    expect(read[1]! - read[0]!).toBeLessThan(20)
  })
})
