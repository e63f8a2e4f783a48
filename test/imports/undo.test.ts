import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { SQL } from '../db'
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../bin/verify.js'
import { jobOf } from '../../src/imports/client'
import type { ImportJob } from '../../src/imports/object'
import { catchUp } from '../../src/projection/consumer'
import { call } from '../http/api'
import { statementOf } from '../statement/ledger'
import { workOn } from './dying'
import { lines, type Office, openOffice, standing } from './file'

const header = 'type,externalId,orderId,refundId,occurredAt,total,amount,points,expiresAt'
const file = lines(
  header,
  'purchase,a,SO-1,,2026-10-01,10000,,,',
  'purchase,a,SO-2,,2024-10-01,20000,,,',
  'refund,a,SO-1,R-1,2026-10-02,,3000,,',
  'balance,a,,,,,,50,2026-12-31',
  'purchase,b,SO-3,,2026-10-01,5000,,,',
)

/** An office with a member a of before, who has 20 points, and an import of the file. */
async function withImport(changes: object = {}) {
  const office = await openOffice(changes)
  await office.run(lines('externalId', 'a'), 'type=member')
  const a = await office.member('a')
  await office.shop.buy(a, 'own', 20)
  const view = await office.run(file, 'enrol=true')
  expect(view).toMatchObject({ booked: 5, failed: 0, members: { known: 1, enrolled: 1 } })
  return { office, a, id: view.id }
}

const erased = async ({ shop }: Office, id: string) =>
  (await shop.get(`/v1/members/${id}/balance`)).json.code === 'member_gone'

describe('POST /v1/imports/:id/undo', () => {
  it('takes back what was booked, and takes the orders off the lists', async () => {
    const { office, a, id } = await withImport()
    expect(await office.standing('a')).toEqual([140, 'bronze'])
    const b = await office.member('b')
    const asked = await office.undo(id)
    expect([asked.status, asked.json.id]).toEqual([202, id])
    expect(await office.finished(id)).toMatchObject({ status: 'undone', booked: 5, detail: null })
    expect(await office.standing('a')).toEqual([20, 'bronze'])
    const orders = await Promise.all(
      ['own', 'SO-1', 'SO-2', 'SO-3'].map((order) => office.shop.get(`/v1/purchases/${order}`)),
    )
    expect(orders.map(({ status }) => status)).toEqual([200, 404, 404, 404])
    expect(await office.shop.listed(a)).toMatchObject({ available: 20, debt: 0 })
    const { json } = await office.shop.get('/v1/program/totals')
    expect([json.outstanding, json.issued]).toEqual([20, expect.any(Number)])
    expect(await erased(office, b)).toBe(true)
  })

  it('twice changes nothing', async () => {
    const { office, id } = await withImport()
    const first = await office.undone(id)
    const story = await office.story('a')
    expect(await office.undone(id)).toEqual(first)
    expect(await office.story('a')).toEqual(story)
  })

  it('frees the orders: the same file can be imported again, or the orders be told otherwise', async () => {
    const { office, id } = await withImport()
    await office.undone(id)
    const again = await office.run(file, 'enrol=true')
    expect(again).toMatchObject({ status: 'done', booked: 5, members: { known: 1, enrolled: 1 } })
    expect(await office.standing('a')).toEqual([140, 'bronze'])
    expect((await office.shop.get('/v1/purchases/SO-1')).json).toMatchObject({ points: 100 })
    await office.undone(again.id)
    const other = lines(
      header,
      'purchase,a,SO-1,,2026-10-01,7000,,,',
      'refund,a,SO-1,R-1,2026-10-02,,2000,,',
    )
    expect(await office.run(other)).toMatchObject({ booked: 2, failed: 0 })
    expect(await office.standing('a')).toEqual([70, 'bronze'])
    expect((await office.shop.get('/v1/purchases/SO-1')).json).toMatchObject({ total: 7_000 })
  })

  it('owes what was spent meanwhile', async () => {
    const { office, a, id } = await withImport()
    await office.shop.post(a, 'redemptions', { points: 130 })
    await office.undone(id)
    expect((await office.shop.balance(a)).balance).toMatchObject({ balance: -110, debt: 110 })
  })

  it('takes nothing twice of what lapsed meanwhile', async () => {
    const { office, a, id } = await withImport()
    await office.shop.move('2027-02-01T00:00:00+08:00')
    expect((await office.shop.balance(a)).balance).toMatchObject({ balance: 90 })
    await office.undone(id)
    expect((await office.shop.balance(a)).balance).toMatchObject({ balance: 20, debt: 0 })
  })

  it('leaves an order of which others have given something back', async () => {
    const { office, a, id } = await withImport()
    const post = (refundId: string, orderId: string) =>
      office.shop.post(a, 'refunds', { orderId, refundId, amount: 2_000 })
    await post('R-2', 'SO-1')
    await post('R-3', 'own')
    expect((await office.shop.balance(a)).balance.balance).toBe(100)
    await office.undone(id)
    expect((await office.shop.balance(a)).balance.balance).toBe(80)
    expect(await office.run(file, 'enrol=true')).toMatchObject({ duplicates: 1, failed: 0 })
    expect((await office.shop.balance(a)).balance.balance).toBe(100)
  })

  it('leaves an order that a till has told of too, and who has nothing else', async () => {
    const office = await openOffice()
    const rows = ['purchase,a,SO-1,,2026-10-01,10000,,,', 'purchase,a,SO-2,,2026-10-01,500,,,']
    const sale = { occurredAt: '2026-10-01T00:00:00+08:00', channel: 'pos' }
    const { id } = await office.run(lines(header, ...rows), 'enrol=true')
    const a = await office.member('a')
    expect((await office.shop.buy(a, 'SO-1', 100, sale)).status).toBe(201)
    await office.undone(id)
    expect((await office.shop.balance(a)).balance.balance).toBe(100)
    expect(await office.run(lines(header, ...rows))).toMatchObject({ booked: 1, duplicates: 1 })
  })

  it('leaves an order that another import has told of too, with who has it', async () => {
    const office = await openOffice()
    const [both, more] = [
      'purchase,a,SO-1,,2026-10-01,10000,,,',
      'purchase,a,SO-2,,2026-10-01,500,,,',
    ]
    const first = await office.run(lines(header, both, more), 'enrol=true')
    expect(await office.run(lines(header, both))).toMatchObject({ booked: 0, duplicates: 1 })
    expect(await office.undone(first.id)).toMatchObject({ status: 'undone' })
    expect(await office.standing('a')).toEqual([100, 'bronze'])
    expect((await office.shop.get('/v1/purchases/SO-2')).status).toBe(404)
  })

  it('leaves an order to the refunds of another import, which are not booked twice', async () => {
    const office = await openOffice()
    const orders = lines(
      header,
      'purchase,a,SO-1,,2026-10-01,10000,,,',
      'purchase,a,SO-2,,2026-10-01,500,,,',
    )
    const { id } = await office.run(orders, 'enrol=true')
    await office.run(lines(header, 'refund,a,SO-1,R-1,2026-10-02,,4000,,'))
    await office.undone(id)
    expect((await office.standing('a'))[0]).toBe(60)
    expect(await office.run(orders)).toMatchObject({ booked: 1, duplicates: 1 })
    expect((await office.standing('a'))[0]).toBe(65)
  })

  it('erases whom it enrolled and who has nothing else, and nobody else', async () => {
    const office = await openOffice()
    const people = lines(
      'externalId,email',
      ...['bare', 'bought', 'signed', 'held', 'again'].map((name) => `${name},${name}@example.com`),
    )
    const { id } = await office.run(people, 'type=member')
    const ids = await Promise.all(
      ['bare', 'bought', 'signed', 'held', 'again'].map(office.member.bind(office)),
    )
    const [bare, bought, signed, held, again] = ids as [string, string, string, string, string]
    await office.shop.buy(bought, 'SO-9', 10)
    await call('POST', `/v1/members/${signed}/tokens`, { key: office.shop.key, body: {} })
    await office.shop.post(held, 'adjustments', { points: 1, reason: 'x' })
    await office.run(lines('externalId,points', 'again,5'), 'type=balance')
    await office.undone(id)
    const gone = await Promise.all(
      [bare, bought, signed, held, again].map((each) => erased(office, each)),
    )
    expect(gone).toEqual([true, false, false, false, false])
    expect(await office.member('bare')).toBeUndefined()
    expect(await office.run(people, 'type=member')).toMatchObject({ booked: 1, duplicates: 4 })
  })

  it('passes over members who have left', async () => {
    const { office, a, id } = await withImport()
    await call('DELETE', `/v1/members/${a}`, { key: office.shop.key })
    expect(await office.undone(id)).toMatchObject({ status: 'undone' })
  })

  it('stops an import that is booking, and takes back what it has booked', async () => {
    const office = await openOffice()
    const rows = Array.from({ length: 120 }, (_, i) => `m${i},SO-${i},2026-10-01,1000`)
    const post = office.post(
      lines('externalId,orderId,occurredAt,total', ...rows),
      'type=purchase&enrol=true',
      {
        headers: { 'upload-complete': '?0' },
      },
    )
    const { id } = (await post).json
    const bytes = new TextEncoder().encode(lines('externalId,orderId,occurredAt,total', ...rows))
    const isBooking = await runInDurableObject(
      jobOf(env, office.shop.id, id),
      async (job: ImportJob, state) => {
        await job.append(0, bytes, true)
        await state.storage.deleteAlarm()
        const work = job.alarm()
        let booked = 0
        while (booked === 0) {
          await scheduler.wait(1)
          ;({ booked } = standing(state.storage))
        }
        job.undo()
        // This one is rung by hand; the platform rings one at a time.
        await state.storage.deleteAlarm()
        await work
        return booked < 120
      },
    )
    expect(isBooking).toBe(true)
    await workOn(office.shop.id, id)
    expect((await office.get(`/${id}`)).json).toMatchObject({ status: 'undone' })
    expect((await office.shop.get('/v1/members?limit=100')).json.data).toEqual([])
    const n = SQL.prepare('SELECT count(*) AS n FROM purchases WHERE program_id = ?')
    expect(await n.bind(office.shop.id).first('n')).toBe(0)
  })

  it.each(['false', 'true'])('calls off a file that is coming, dryRun=%s', async (dryRun) => {
    const office = await openOffice()
    const { json } = await office.post('externalId\n', `type=member&dryRun=${dryRun}`, {
      headers: { 'upload-complete': '?0' },
    })
    expect((await office.undo(json.id)).json.status).toBe('undone')
    expect(await office.patch(json.id, 0, 'x')).toMatchObject({
      status: 409,
      json: { detail: 'This import takes no more of a file.' },
    })
  })

  it('is refused of one that failed, which says on why', async () => {
    const office = await openOffice()
    const { id, detail } = await office.run('x\ny\n')
    expect((await office.undo(id)).json.code).toBe('validation_failed')
    expect((await office.get(`/${id}`)).json).toMatchObject({ status: 'failed', detail })
  })
})

describe('the lists of who has been undone', () => {
  it('are the same when they are fetched again from the ledgers', async () => {
    const { office, id } = await withImport()
    await office.undone(id)
    await office.run(file, 'enrol=true')
    const tables = ['purchases', 'balances', 'totals', 'entries']
    const listed = () =>
      Promise.all(
        tables.map(async (table) => {
          const select = `SELECT * FROM ${table} WHERE program_id = ? ORDER BY 2, 3, 4`
          const { results } = await SQL.prepare(select).bind(office.shop.id).all()
          return results
            .map(({ position: _p, lag_ms: _l, ...row }) => JSON.stringify(row))
            .toSorted((a, b) => a.localeCompare(b))
        }),
      )
    const before = await listed()
    expect(before[0]).toHaveLength(4)
    for (const table of tables) {
      await SQL.prepare(`DELETE FROM ${table} WHERE program_id = ?`).bind(office.shop.id).run()
    }
    const { results } = await SQL.prepare('SELECT id FROM members WHERE program_id = ?')
      .bind(office.shop.id)
      .all<{ id: string }>()
    await catchUp(
      env,
      results.map((each) => ({ programId: office.shop.id, memberId: each.id })),
    )
    expect(await listed()).toEqual(before)
  })
})

describe('the statement of who has been undone', () => {
  it('is proven, with the order booked anew', async () => {
    const { office, a, id } = await withImport()
    await office.shop.post(a, 'redemptions', { points: 130 })
    await office.undone(id)
    await office.run(file, 'enrol=true')
    const statement = await statementOf(office.shop, a)
    expect(
      statement.entries.filter(({ detail }: { detail: { undo?: boolean } }) => detail.undo),
    ).toHaveLength(4)
    expect(faultsOf(statement)).toEqual([])
  })
})

describe('a refund of an order that is not of the import', () => {
  it('is taken back, and booked anew by the same file', async () => {
    const office = await openOffice()
    await office.run(lines('externalId', 'c1'), 'type=member')
    const id = await office.member('c1')
    await office.shop.buy(id, 'own', 50)
    const file = lines('externalId,orderId,refundId,amount', 'c1,own,R-1,2500')
    const first = await office.run(file, 'type=refund')
    expect(await office.standing('c1')).toEqual([25, 'bronze'])
    await office.undone(first.id)
    expect(await office.standing('c1')).toEqual([50, 'bronze'])
    expect((await office.shop.get('/v1/purchases/own')).status).toBe(200)
    expect(await office.run(file, 'type=refund')).toMatchObject({ booked: 1, duplicates: 0 })
    expect(await office.standing('c1')).toEqual([25, 'bronze'])
  })
})
