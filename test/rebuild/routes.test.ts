import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openShop, type Shop } from '../clock/shop'
import { call, createKey, createProgram } from '../http/api'
import { deliver, drop, lists, progress, queue, start, undropped } from './lists'

const PATH = '/v1/admin/reproject'

let shop: Shop

beforeAll(async () => {
  shop = await openShop({})
  for (const [i, member] of [await shop.enrol(), await shop.enrol()].entries()) {
    await shop.buy(member, `o${i}`, 100)
    await shop.post(member, 'refunds', { orderId: `o${i}`, refundId: 'r', amount: 900 })
    await shop.post(member, 'redemptions', { points: 10 })
  }
})

describe('POST /v1/admin/reproject', () => {
  it('drops the lists of a program and rebuilds them, by real queues', async () => {
    const is = await undropped(shop)
    await drop(shop)
    const { status, json } = await start(shop.id)
    expect([status, json]).toEqual([
      202,
      {
        data: [
          {
            programId: shop.id,
            status: 'running',
            members: 2,
            rebuilt: 0,
            failed: 0,
            startedAt: expect.any(String),
            finishedAt: null,
          },
        ],
      },
    ])
    await vi.waitFor(async () => expect((await progress(shop.id)).status).toBe('done'), {
      timeout: 60_000,
    })
    expect(await progress(shop.id)).toMatchObject({ members: 2, rebuilt: 2 })
    expect(await lists(shop)).toEqual(is)
    expect(is.entries).toHaveLength(6)
    expect(is.purchases).toHaveLength(2)
  })

  it('joins a rebuild that is running, and starts anew after one that is done', async () => {
    const { id } = await createProgram()
    const { sent, REBUILD } = queue()
    const first = await start(id, { REBUILD })
    expect((await start(id, { REBUILD })).json).toEqual(first.json)
    expect(sent).toEqual([{ programId: id }, { programId: id }])
    expect(await deliver(id)).toBe(false)
    const done = await progress(id)
    expect(done).toMatchObject({ status: 'done', startedAt: first.json.data[0].startedAt })
    expect((await start(id, { REBUILD })).json.data).toMatchObject([
      { status: 'running', rebuilt: 0, finishedAt: null },
    ])
  })

  it('rebuilds all programs when none is named', async () => {
    const others = [await createProgram(), await createProgram()]
    const { sent, REBUILD } = queue()
    const { json } = await start(undefined, { REBUILD })
    for (const { id } of [shop, ...others]) {
      expect(sent).toContainEqual({ programId: id })
      expect(json.data).toContainEqual(expect.objectContaining({ programId: id }))
      await deliver(id)
      expect(await progress(id)).toMatchObject({ status: 'done' })
    }
  })

  it('answers 404 for a program that there is not, and starts nothing', async () => {
    const { sent, REBUILD } = queue()
    expect((await start('nowhere', { REBUILD })).status).toBe(404)
    expect(sent).toEqual([])
    expect(await progress('nowhere')).toBe(undefined)
  })

  it.each([{ programId: '' }, { programId: 1 }, { cursor: 'x' }])(
    'answers 400 for %j',
    async (body) => {
      expect((await call('POST', PATH, { key: env.ROOT_KEY, body })).status).toBe(400)
    },
  )
})

describe('security', () => {
  it.each(['GET', 'POST'])('%s is for the root key alone', async (method) => {
    const pos = await createKey(shop.key, 'pos')
    for (const key of [shop.key, pos.key]) {
      expect((await call(method, PATH, { key })).status).toBe(403)
    }
    expect((await call(method, PATH)).status).toBe(401)
    expect((await call(method, PATH, { key: `${env.ROOT_KEY}x` })).status).toBe(401)
  })

  it('leaves other programs as they are', async () => {
    const other = await openShop({})
    await other.buy(await other.enrol(), 'o', 50)
    const is = await undropped(other)
    await start(shop.id, queue())
    await deliver(shop.id)
    expect(await lists(other)).toEqual(is)
  })
})
