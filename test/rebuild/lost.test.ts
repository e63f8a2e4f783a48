import { createScheduledController, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { catchUpAll } from '../../src/projection/consumer'
import { openShop, type Shop } from '../clock/shop'
import { envWith, SQL } from '../db'
import * as the from './lists'

const { REBUILD } = the.queue()

let log: ReturnType<typeof vi.spyOn>

beforeEach(() => {
  log = vi.spyOn(console, 'error').mockReturnValue()
})

afterEach(() => {
  vi.useRealTimers()
  log.mockRestore()
})

const silence = { send: () => Promise.resolve() } as unknown as Env['PROJECTION']

/** Has the ledgers of members tell another queue of their news. */
const telling = (shop: Shop, ids: readonly string[], PROJECTION: Env['PROJECTION']) =>
  Promise.all(
    ids.map((id) => {
      const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${id}`))
      return runInDurableObject(stub, (ledger) => {
        Object.assign(ledger, { env: envWith({ PROJECTION }) })
      })
    }),
  )

/** A program with members who have bought something, and are listed; what the queue was told of that comes no more. */
async function open(members: number): Promise<{ shop: Shop; ids: string[] }> {
  const shop = await openShop({})
  const ids = (await the.crowd(shop, members)).toSorted()
  await telling(shop, ids, silence)
  await Promise.all(ids.map((id, i) => shop.buy(id, `o${i}`, 100)))
  await caughtUp(shop, ids)
  return { shop, ids }
}

const caughtUp = async (shop: Shop, ids: readonly string[]) =>
  expect(
    await catchUpAll(
      env,
      ids.map((id) => the.pointerTo(shop, id)),
    ),
  ).toBe(true)

const healthOf = async (shop: Shop) => (await shop.get('/v1/health')).json.projection

/** Whom the cron asks for, of one program. */
async function askedByCron(shop: Shop): Promise<string[]> {
  const { asked, PROJECTION } = the.without([])
  await worker.scheduled(createScheduledController(), { ...env, PROJECTION, REBUILD })
  return asked.flatMap((each) => (each.programId === shop.id ? [each.memberId] : []))
}

describe('a rebuild of members of whom one cannot be read', () => {
  it('is done without them, says so, and has them when they can be read', async () => {
    const { shop, ids } = await open(102)
    const is = await the.lists(shop)
    const [lost] = ids
    const { asked, ...bindings } = the.without([lost!])
    await the.start(shop.id, { REBUILD })
    expect(await the.deliver(shop.id, { ...bindings, REBUILD })).toBe(false)
    expect(await the.progress(shop.id)).toMatchObject({
      status: 'done',
      members: 102,
      rebuilt: 101,
      failed: 1,
    })
    expect(asked).toEqual([the.pointerTo(shop, lost!)])
    expect(log.mock.calls.map(([line]: [string]) => JSON.parse(line))).toEqual([
      { name: 'projection', programId: shop.id, memberId: lost, message: 'unreadable' },
    ])
    expect(await healthOf(shop)).toMatchObject({ membersBehind: 1 })
    const others = is.balances!.filter((row) => row.member_id !== lost)
    expect((await the.lists(shop)).balances).toEqual(others)

    await caughtUp(shop, [lost!])
    expect(await the.progress(shop.id)).toMatchObject({ status: 'done', rebuilt: 101, failed: 0 })
    expect(await healthOf(shop)).toMatchObject({ membersBehind: 0 })
    expect(await the.lists(shop)).toEqual(is)
  }, 60_000)

  it('has them when they buy something', async () => {
    const { shop, ids } = await open(2)
    await the.start(shop.id, { REBUILD })
    const { asked: _, ...bindings } = the.without([ids[1]!])
    await the.deliver(shop.id, { ...bindings, REBUILD })
    expect(await the.progress(shop.id)).toMatchObject({ status: 'done', rebuilt: 1, failed: 1 })
    await telling(shop, ids, env.PROJECTION)
    await shop.buy(ids[1]!, 'next', 100)
    await vi.waitFor(async () => expect(await the.progress(shop.id)).toMatchObject({ failed: 0 }), {
      timeout: 20_000,
    })
    expect((await the.lists(shop)).entries).toHaveLength(3)
  })

  it('counts no member who fell behind after it', async () => {
    const { shop, ids } = await open(1)
    await the.start(shop.id, { REBUILD })
    await the.deliver(shop.id, { REBUILD })
    await SQL.prepare('INSERT INTO behind VALUES (?, ?, ?)')
      .bind(shop.id, ids[0]!, Date.now() + 60_000)
      .run()
    expect(await the.progress(shop.id)).toMatchObject({ status: 'done', failed: 0 })
  })

  it('waits where not one of a hundred can be reached', async () => {
    const { shop, ids } = await open(101)
    await the.start(shop.id, { REBUILD })
    const { asked, ...bindings } = the.without(ids)
    expect(await the.deliver(shop.id, { ...bindings, REBUILD })).toBe(true)
    expect(await the.progress(shop.id)).toMatchObject({ status: 'running', rebuilt: 0, failed: 0 })
    expect(asked).toEqual([])
    expect(await the.deliver(shop.id, { REBUILD })).toBe(false)
    expect(await the.progress(shop.id)).toMatchObject({ status: 'done', rebuilt: 101, failed: 0 })
  }, 60_000)
})

describe('the cron', () => {
  it('asks for who is behind: for an hour each time, then once an hour', async () => {
    const { shop, ids } = await open(1)
    const now = Date.now()
    const mark = SQL.prepare('INSERT INTO behind VALUES (?, ?, ?)').bind(shop.id, ids[0]!, now)
    await mark.run()
    const minutes = [0, 5, 55, 61, 66, 115, 121, 7 * 24 * 60 + 1]
    const asks: boolean[] = []
    for (const minute of minutes) {
      vi.useFakeTimers({ toFake: ['Date'], now: now + minute * 60_000 })
      asks.push((await askedByCron(shop)).length === 1)
    }
    expect(asks).toEqual([true, true, true, true, false, false, true, true])
  })

  it('asks no more for who turns out to have no ledger', async () => {
    const { shop } = await open(1)
    const [nobody] = await the.crowd(shop, 1)
    await SQL.prepare('INSERT INTO behind VALUES (?, ?, 5)').bind(shop.id, nobody!).run()
    expect(await healthOf(shop)).toMatchObject({ membersBehind: 1 })
    await caughtUp(shop, [nobody!])
    expect(await healthOf(shop)).toMatchObject({ membersBehind: 0 })
  })
})
