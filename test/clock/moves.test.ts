import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { UnfinishedMove } from '../../src/clock/consumer'
import worker from '../../src/index'
import { newMemberId } from '../../src/ledger/address'
import { envWith, SQL } from '../db'
import { openShop, at, type Shop } from './shop'

const START = '2027-08-31T10:00:00.000Z'
const WOKEN = '2027-09-10T00:00:00.000Z'
const GONE = '2027-11-01T00:00:00.000Z'

const rules = {
  pending: { activeAfterDays: 2 },
  expiry: { kind: 'after', months: 1, to: 'day' },
}

/** A queue that keeps what it is sent. */
function queue() {
  const sent: UnfinishedMove[] = []
  const send = (body: UnfinishedMove) => Promise.resolve(sent.push(body))
  return { sent, CLOCK: { send } as unknown as Env['CLOCK'] }
}

/** Delivers a message as the platform would. Answers whether it comes again. */
async function deliver(body: UnfinishedMove, bindings: Partial<Env> = {}): Promise<boolean> {
  const batch = createMessageBatch<UnfinishedMove>('punchcard-clock', [
    { id: '1', timestamp: new Date(), attempts: 1, body },
  ])
  const retried = await worker.queue(batch, envWith(bindings)).then(
    () => false,
    () => true,
  )
  const { retryMessages } = await getQueueResult(batch, createExecutionContext())
  return retried || retryMessages.length > 0
}

/** Members who all buy something. Their ledgers are made by that: an enrolment each would take longer. */
async function crowd(shop: Shop, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newMemberId('apac'))
  await SQL.prepare(
    `INSERT INTO members (program_id, id, card_number, created_at)
     SELECT ?, value, '', 0 FROM json_each(?)`,
  )
    .bind(shop.id, JSON.stringify(ids))
    .run()
  await Promise.all(ids.map((id, i) => shop.buy(id, `o${i}`, 10)))
  return ids
}

const all = async <T>(shop: Shop, sql: string): Promise<T[]> =>
  (await SQL.prepare(sql).bind(shop.id).run<T>()).results

/** Every instant at which entries of a kind happened, with how many of them. */
const happened = async (shop: Shop) =>
  Object.fromEntries(
    (
      await all<{ kind: string; at: number; n: number }>(
        shop,
        `SELECT kind, occurred_at AS at, count(*) AS n FROM entries
         WHERE program_id = ? GROUP BY 1, 2 ORDER BY 2`,
      )
    ).map(({ kind, at: ms, n }) => [`${kind} ${new Date(ms).toISOString()}`, n]),
  )

describe('a move with more members than one call can settle', () => {
  let shop: Shop
  const { sent, CLOCK } = queue()
  const state = async () => {
    const { status, json } = await shop.get('/v1/test-clock')
    return [status, json]
  }
  const running = { now: GONE, status: 'running', members: 350, settled: 300 }
  const ready = { ...running, status: 'ready', settled: 350 }

  beforeAll(async () => {
    shop = await openShop({ clock: START, timeZone: 'UTC' }, rules)
    await crowd(shop, 350)
  }, 60_000)

  it('answers 202 and how many are settled, and leaves the rest to a message', async () => {
    const answer = await shop.move(GONE, { CLOCK })
    expect([answer.status, answer.json]).toEqual([202, running])
    expect(sent).toEqual([{ programId: shop.id, clock: at(GONE) }])
    expect(await state()).toEqual([202, running])
  })

  it('ignores messages of earlier moves and of programs that are not there', async () => {
    await deliver({ programId: shop.id, clock: at(WOKEN) }, { CLOCK })
    await deliver({ programId: 'nowhere', clock: at(GONE) }, { CLOCK })
    expect(await state()).toEqual([202, running])
    expect(sent).toHaveLength(1)
  })

  it('is ready when the message was handled, and everything happened when it was due', async () => {
    expect(await deliver(sent[0]!, { CLOCK })).toBe(false)
    expect(await state()).toEqual([200, ready])
    expect(sent).toHaveLength(1)
    expect(await happened(shop)).toEqual({
      'award 2027-08-31T10:00:00.000Z': 350,
      'activate 2027-09-02T00:00:00.000Z': 350,
      'expire 2027-10-03T00:00:00.000Z': 350,
    })
  })

  it('has brought balances and totals with it', async () => {
    const sums = `SELECT count(*) AS members, sum(available + pending + held - debt) AS balance,
      min(seq) AS seq, count(due_at) AS due FROM balances WHERE program_id = ?`
    expect(await all(shop, sums)).toEqual([{ members: 350, balance: 0, seq: 3, due: 0 }])
    const months = [
      { month: '2027-08', issued: 3500, redeemed: 0, lapsed: 0, clawedBack: 0, outstanding: 3500 },
      { month: '2027-10', issued: 0, redeemed: 0, lapsed: 3500, clawedBack: 0, outstanding: 0 },
    ]
    expect((await shop.get('/v1/program/totals')).json).toEqual({
      issued: 3500,
      redeemed: 0,
      lapsed: 3500,
      clawedBack: 0,
      outstanding: 0,
      months,
    })
  })

  it('does nothing when the message comes twice', async () => {
    const told = async () => [await happened(shop), (await shop.get('/v1/program/totals')).json]
    const before = await told()
    await Promise.all([deliver(sent[0]!), deliver(sent[0]!)])
    expect(await state()).toEqual([200, ready])
    expect(await told()).toEqual(before)
  })

  it('counts each member once when two calls settle at the same time', async () => {
    const now = '2027-11-02T00:00:00.000Z'
    const other = queue()
    await Promise.all([shop.move(now, other), shop.move(now, other)])
    await Promise.all(other.sent.map((each) => deliver(each, other)))
    expect(await state()).toEqual([200, { ...ready, now }])
  })

  it('goes on when the same instant is sent again after its message was lost', async () => {
    const now = '2027-11-03T00:00:00.000Z'
    expect((await shop.move(now, { CLOCK })).status).toBe(202)
    const { status, json } = await shop.move(now, { CLOCK })
    expect([status, json]).toEqual([200, { ...ready, now }])
  })

  it('gets there by the real queue', async () => {
    const now = '2027-11-04T00:00:00.000Z'
    expect((await shop.move(now)).status).toBe(202)
    await vi.waitFor(async () => expect(await state()).toEqual([200, { ...ready, now }]), {
      timeout: 15_000,
    })
  })
})

describe('two moves at once', () => {
  it('end at the later instant with everybody settled there, whichever came first', async () => {
    const shop = await openShop({ clock: START, timeZone: 'UTC' }, rules)
    await crowd(shop, 20)
    for (const [first, second] of [
      [WOKEN, GONE],
      ['2028-02-02T00:00:00.000Z', '2028-02-01T00:00:00.000Z'],
    ] as const) {
      const later = first > second ? first : second
      const answers = await Promise.all([shop.move(first), shop.move(second)])
      expect(answers.map(({ status }) => status).filter((each) => each > 400)).toEqual([])
      const done = await shop.move(later)
      expect([done.status, done.json]).toMatchObject([200, { now: later, settled: 20 }])
    }
    expect(await happened(shop)).toEqual({
      'award 2027-08-31T10:00:00.000Z': 20,
      'activate 2027-09-02T00:00:00.000Z': 20,
      'expire 2027-10-03T00:00:00.000Z': 20,
    })
  })
})

describe('when a member cannot be reached', () => {
  it('is not ready, answers 503, and goes on by its message', async () => {
    const shop = await openShop({ clock: START, timeZone: 'UTC' }, rules)
    const [far] = await crowd(shop, 3)
    const LEDGER = {
      idFromName: (name: string) => env.LEDGER.idFromName(name),
      get: (id: DurableObjectId) => {
        if (id.equals(env.LEDGER.idFromName(`${shop.id}:${far}`))) {
          throw new Error('unreachable')
        }
        return env.LEDGER.get(id)
      },
    } as unknown as Env['LEDGER']
    const { sent, CLOCK } = queue()
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const answer = await shop.move(GONE, { LEDGER, CLOCK })
    log.mockRestore()
    expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect((await shop.get('/v1/test-clock')).json).toMatchObject({ status: 'running', settled: 0 })
    expect(await deliver(sent[0]!, { LEDGER, CLOCK })).toBe(true)
    expect(await deliver(sent[0]!)).toBe(false)
    const { status, json } = await shop.get('/v1/test-clock')
    expect([status, json]).toEqual([200, { now: GONE, status: 'ready', members: 3, settled: 3 }])
    expect((await shop.balance(far!)).balance.balance).toBe(0)
  })
})
