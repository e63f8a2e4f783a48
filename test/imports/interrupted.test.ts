import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { SQL } from '../db'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { jobOf } from '../../src/imports/client'
import type { ImportJob } from '../../src/imports/object'
import { catchUp } from '../../src/projection/consumer'
import { type Death, without, workOn, workUntil } from './dying'
import { lines, type Office, openOffice } from './file'

const rows = [
  'purchase,a,SO-1,,2026-10-01,10000,,',
  'purchase,b,SO-2,,2026-10-02,20000,,',
  'purchase,a,,,2026-10-03,500,,',
  'refund,b,SO-2,R-1,2026-10-04,,5000,',
  'balance,a,,,,,,7',
  'purchase,c,SO-3,,2024-10-02,30000,,',
  'purchase,nobody,SO-4,,x,30000,,',
  'purchase,a,SO-1,,2026-10-01,10000,,',
]
const file = lines('type,externalId,orderId,refundId,occurredAt,total,amount,points', ...rows)

/** What the import comes to, however it came to it. */
const whole = {
  status: 'done',
  bytesRead: file.length,
  rows: 8,
  booked: 6,
  duplicates: 1,
  failed: 1,
  members: { known: 0, enrolled: 3 },
  purchases: { rows: 4, amounts: { CNY: 60_500 }, points: 605 },
  refunds: { rows: 1, amounts: {}, points: -50 },
  balances: { rows: 1, amounts: {}, points: 7 },
}
const stories = [
  ['a', ['award', 100], ['award', 5], ['adjust', 7]],
  ['b', ['award', 200], ['clawback', -50]],
  ['c', ['award', 300], ['expire', -300]],
]

beforeAll(() => {
  // Each failure is logged.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterAll(() => {
  vi.restoreAllMocks()
})

const begin = async (office: Office): Promise<string> => {
  const headers = { 'upload-complete': '?0' }
  return (await office.post('', 'enrol=true', { headers })).json.id
}
const append = (job: { append: (at: number, bytes: Uint8Array, isLast: boolean) => unknown }) =>
  job.append(0, new TextEncoder().encode(file), true)

/** What every member of a program has been through, and how many there are. */
async function told(office: Office) {
  const all = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => [name, ...(await office.story(name))]),
  )
  return { all, members: (await office.shop.get('/v1/members?limit=100')).json.data.length }
}

const deaths: [string, Omit<Death, 'at'>][] = [
  ['a call that throws', { isKill: false, isAfter: false }],
  ['a call whose answer is lost', { isKill: false, isAfter: true }],
  ['a machine that is gone before a call', { isKill: true, isAfter: false }],
  ['a machine that is gone after a call', { isKill: true, isAfter: true }],
]

/** Tries a death at every fourth of the calls, each kind of death at others, until there is none any more. */
async function atEach(first: number, attempt: (at: number) => Promise<boolean>): Promise<number> {
  let at = first
  while (await attempt(at)) {
    at += deaths.length
  }
  return at
}

describe.each(deaths.map(([name, how], i) => [name, how, i + 1] as const))(
  'an import that is cut off by %s',
  (_, how, first) => {
    it('goes on, wherever it was, and books everything once', async () => {
      const calls = await atEach(first, async (at) => {
        const office = await openOffice()
        const id = await begin(office)
        const hasDied = await workUntil(office.shop.id, id, { ...how, at }, append)
        await workOn(office.shop.id, id)
        expect([at, (await office.get(`/${id}`)).json]).toMatchObject([at, whole])
        expect([at, await told(office)]).toEqual([at, { all: stories, members: 3 }])
        return hasDied
      })
      expect(calls).toBeGreaterThan(20)
    })

    it('is undone wholly, wherever it was', async () => {
      await atEach(first, async (at) => {
        const office = await openOffice()
        await office.run(lines('externalId', 'b'), 'type=member')
        const id = await begin(office)
        const hasDied = await workUntil(office.shop.id, id, { ...how, at }, append)
        await office.undo(id)
        await workOn(office.shop.id, id)
        expect([at, (await office.get(`/${id}`)).json.status]).toEqual([at, 'undone'])
        expect([at, await leftIn(office)]).toEqual([
          at,
          { members: ['b'], balance: 0, purchases: 0 },
        ])
        return hasDied
      })
    })

    it('goes on being undone', async () => {
      const calls = await atEach(first, async (at) => {
        const office = await openOffice()
        await office.run(lines('externalId', 'b'), 'type=member')
        const { id } = await office.run(file, 'enrol=true')
        const undo = (job: { undo: () => unknown }) => job.undo()
        const hasDied = await workUntil(office.shop.id, id, { ...how, at }, undo)
        await workOn(office.shop.id, id)
        expect([at, await leftIn(office)]).toEqual([
          at,
          { members: ['b'], balance: 0, purchases: 0 },
        ])
        const kinds = (await office.story('b')).map(([kind]) => kind)
        expect([at, kinds]).toEqual([at, ['award', 'clawback', 'restore', 'clawback']])
        return hasDied
      })
      expect(calls).toBeGreaterThan(20)
    })
  },
)

describe('an import whose alarm the platform has given up', () => {
  it('goes on when somebody looks at it', async () => {
    const office = await openOffice()
    const id = await begin(office)
    await runInDurableObject(
      jobOf(env, office.shop.id, id),
      async (job: ImportJob, { storage }) => {
        await job.append(0, new TextEncoder().encode(file), true)
        await storage.deleteAlarm()
      },
    )
    const seen = async () => (await office.get(`/${id}`)).json
    expect((await seen()).status).toBe('reading')
    await vi.waitFor(async () => expect(await seen()).toMatchObject(whole), { timeout: 20_000 })
  })
})

describe('a member who cannot be reached', () => {
  it('is given up in the end, and everybody else is booked', async () => {
    const office = await openOffice()
    await office.run(lines('externalId', 'a', 'b'), 'type=member')
    const away = env.LEDGER.idFromName(`${office.shop.id}:${await office.member('a')}`)
    const id = await begin(office)
    await workUntil(office.shop.id, id, { at: 1, isKill: false, isAfter: false }, append)
    await workOn(office.shop.id, id, without(away))
    const view = (await office.get(`/${id}`)).json
    expect(view).toMatchObject({ status: 'done', booked: 3, failed: 5 })
    expect(await office.faults(id)).toEqual([
      [1, 'unavailable'],
      [3, 'unavailable'],
      [5, 'unavailable'],
      [7, 'validation_failed'],
      [8, 'unavailable'],
    ])
    expect(await office.standing('b')).toEqual([150, 'bronze'])
  })
})

/** Who can be found, what the one has who was there before, and which orders are listed. */
async function leftIn({ shop }: Office) {
  const { results } = await SQL.prepare(
    'SELECT DISTINCT member_id AS memberId FROM contacts WHERE program_id = ?',
  )
    .bind(shop.id)
    .all<{ memberId: string }>()
  // What could not be listed is brought by the alarms of the ledgers.
  await catchUp(
    env,
    results.map(({ memberId }) => ({ programId: shop.id, memberId })),
  )
  const orders = SQL.prepare('SELECT count(*) AS n FROM purchases WHERE program_id = ?')
  const members = await Promise.all(
    results.map(
      async ({ memberId }) => (await shop.get(`/v1/members/${memberId}`)).json.externalId,
    ),
  )
  const { balance } = await shop.balance(results[0]!.memberId)
  return { members, balance: balance.balance, purchases: await orders.bind(shop.id).first('n') }
}
