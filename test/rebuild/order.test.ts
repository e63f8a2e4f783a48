import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catchUpAll } from '../../src/projection/consumer'
import { openShop, type Shop } from '../clock/shop'
import * as the from './lists'

/** A shop with members who bought something; the projection is told of nothing by itself. */
async function open(count: number): Promise<{ shop: Shop; ids: string[] }> {
  const shop = await openShop({})
  const ids = await Promise.all(Array.from({ length: count }, () => shop.enrol()))
  for (const [i, id] of ids.entries()) {
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${id}`))
    await runInDurableObject(stub, (instance) => {
      const PROJECTION = { send: () => Promise.resolve() }
      Object.assign(instance, { env: { ...env, PROJECTION } })
    })
    await shop.buy(id, `o${i}`, 100)
  }
  return { shop, ids }
}

const pointers = (shop: Shop, ids: string[]) => ids.map((id) => the.pointerTo(shop, id))

describe('rows that were asked for before their member was dropped', () => {
  it('are not written after it: who dropped the member writes all', async () => {
    const { shop, ids } = await open(1)
    await catchUpAll(env, pointers(shop, ids))
    await shop.buy(ids[0]!, 'o2', 50)
    await shop.post(ids[0]!, 'refunds', { orderId: 'o2', refundId: 'r', amount: 100 })
    const late = await the.fetched(shop, ids[0]!)
    expect(late.rows.entries).toMatchObject([{ seq: 2 }, { seq: 3 }])
    await the.start(shop.id, the.queue())
    // It begins and drops the page, and is killed.
    expect(await the.deliver(shop.id, the.failingFrom(3))).toBe(true)
    await late.write()
    const nothing = { entries: [], purchases: [], balances: [] }
    expect(await the.lists(shop)).toMatchObject(nothing)
    expect((await the.lists(shop)).totals).toMatchObject([{ points: 0 }])
    expect(await the.deliver(shop.id)).toBe(false)
    const is = await the.lists(shop)
    await late.write()
    expect(await the.lists(shop)).toEqual(is)
    expect(is).toEqual(await the.undropped(shop))
  })

  it('are written when all before them is there again', async () => {
    const { shop, ids } = await open(1)
    await catchUpAll(env, pointers(shop, ids))
    await the.start(shop.id, the.queue())
    await shop.buy(ids[0]!, 'o2', 50)
    const late = await the.fetched(shop, ids[0]!)
    expect(await the.deliver(shop.id)).toBe(false)
    await late.write()
    const is = await the.lists(shop)
    expect(is.entries).toHaveLength(2)
    expect(is).toEqual(await the.undropped(shop))
  })

  it('do not keep rows of other members from being written', async () => {
    const { shop, ids } = await open(2)
    await catchUpAll(env, pointers(shop, ids.slice(0, 1)))
    await shop.buy(ids[0]!, 'more', 50)
    const late = await Promise.all(ids.map((id) => the.fetched(shop, id)))
    await the.drop(shop)
    for (const { write } of late) {
      await write()
    }
    expect((await the.lists(shop)).entries).toMatchObject([{ member_id: ids[1], seq: 1 }])
  })
})

const step = fc.record({
  what: fc.constantFrom(
    'buy',
    'buy',
    'spend',
    'refund',
    'fetch',
    'fetch',
    'write',
    'write',
    'write',
    'start',
    'work',
    'kill',
    'kill',
    'cron',
  ),
  member: fc.nat(2),
  pick: fc.nat(9),
})

interface Position {
  position: number
  memberId: string
  seq: number
}

describe('consumers and rebuilds in any order', () => {
  it('leave what a projection says that was never dropped, and the feed tells of all of it', async () => {
    const done: Record<string, number> = {}
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 50, maxLength: 70 }),
      async (steps) => {
        const { shop, ids } = await open(3)
        const hands: Awaited<ReturnType<typeof the.fetched>>[] = []
        const seen = new Map<string, number>()
        const read = async () => {
          const after = Math.max(0, ...seen.values())
          const rows = await the.select<Position>(
            shop,
            `SELECT position, member_id AS memberId, seq FROM entries
             WHERE program_id = ? AND position > ${after} ORDER BY position`,
          )
          rows.forEach(({ position, memberId, seq }) => seen.set(`${memberId}:${seq}`, position))
        }
        const isSound = async () => {
          const gaps = await the.select(
            shop,
            `SELECT member_id FROM entries WHERE program_id = ? GROUP BY 1 HAVING max(seq) <> count(*)`,
          )
          const wrong = await the.select(
            shop,
            `SELECT * FROM totals t WHERE program_id = ? AND points <> coalesce((SELECT sum(points) FROM entries e
               WHERE e.program_id = t.program_id AND e.month = t.month AND e.figure = t.figure), 0)`,
          )
          expect([gaps, wrong]).toEqual([[], []])
        }
        for (const [i, { what, member, pick }] of steps.entries()) {
          const id = ids[member]!
          const acts: Record<string, () => Promise<unknown>> = {
            buy: () => shop.buy(id, `b${i}`, 10 + pick),
            spend: () => shop.post(id, 'redemptions', { points: 1 + pick }),
            refund: () =>
              shop.post(id, 'refunds', { orderId: `o${member}`, refundId: `r${i}`, amount: 500 }),
            fetch: async () => hands.push(await the.fetched(shop, id)),
            write: async () => hands.at(-1 - (pick % 4))?.write(),
            start: () => the.start(shop.id, the.queue()),
            work: () => the.deliver(shop.id, the.queue()),
            // It begins, drops, writes, ends: mostly it is killed when it has dropped.
            kill: async () => {
              await the.start(shop.id, the.queue())
              const nth = [2, 4][pick] ?? 3
              await the.deliver(shop.id, { ...the.failingFrom(nth), ...the.queue() })
            },
            cron: () => catchUpAll(env, pointers(shop, [id])),
          }
          await acts[what]!()
          done[what] = (done[what] ?? 0) + 1
          await read()
          await isSound()
        }
        await the.deliver(shop.id, the.queue())
        await catchUpAll(env, pointers(shop, ids))
        await Promise.all(hands.map(({ write }) => write()))
        await read()
        const is = await the.lists(shop)
        const told = is.entries!.filter((row) => seen.has([row.member_id, row.seq].join(':')))
        expect(told).toEqual(is.entries)
        const nought = ({ totals = [], ...rest }: typeof is) => ({
          ...rest,
          totals: totals.filter(({ points }) => points !== 0),
        })
        expect(nought(is)).toEqual(nought(await the.undropped(shop)))
      },
    )
    await fc.assert(property, { numRuns: 20, seed: 20_271_104, endOnFailure: true })
    expect(Object.values(done).every((times) => times > 20)).toBe(true)
  }, 120_000)
})
