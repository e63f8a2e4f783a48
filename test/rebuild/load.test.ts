import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { openShop } from '../clock/shop'
import { call } from '../http/api'
import * as the from './lists'

const sqlOfBehind = 'SELECT member_id AS id FROM behind WHERE program_id = ?'

describe('a projection that is dropped under load', () => {
  it('is rebuilt equal, by real queues, while members buy, return and spend', async () => {
    const shop = await openShop({})
    const ids = await the.crowd(shop, 220)
    await Promise.all(ids.map((id, i) => shop.buy(id, `o${i}`, 100)))
    const long = ids[0]!
    for (let i = 0; i < 120; i++) {
      await shop.post(long, 'adjustments', { points: 1, reason: 'gift' })
    }
    const [left] = ids.splice(100, 1)
    expect((await call('DELETE', `/v1/members/${left}`, { key: shop.key })).status).toBe(204)
    await the.drop(shop)
    let isDone = false
    let acts = 0
    const load = async (nth: number) => {
      // A key has a ceiling, beyond which nothing waits for anything.
      for (let i = nth; !isDone && i < 600; i += 4) {
        const [member, orderId] = [ids[(i * 37) % ids.length]!, `l${i}`]
        expect((await shop.buy(member, orderId, 20)).status).toBe(201)
        await shop.post(member, 'refunds', { orderId, refundId: 'r', amount: 300 })
        await shop.post(member, 'redemptions', { points: 1 + (i % 5) })
        acts += 3
      }
    }
    const loads = [load(0), load(1), load(2), load(3)]
    expect((await the.start(shop.id)).status).toBe(202)
    await vi
      .waitFor(async () => expect((await the.progress(shop.id)).status).toBe('done'), {
        timeout: 60_000,
      })
      .finally(() => (isDone = true))
    await Promise.all(loads)
    expect(acts).toBeGreaterThan(50)
    expect(await the.progress(shop.id)).toMatchObject({ members: 220, rebuilt: 220 })
    // What the queue still holds arrives too.
    const seqs = await Promise.all(
      ids.map(async (id) => [id, (await shop.balance(id)).seq] as const),
    )
    const listed = () =>
      the.select<{ id: string; seq: number }>(
        shop,
        'SELECT member_id AS id, seq FROM balances WHERE program_id = ?',
      )
    await vi.waitFor(
      async () => {
        const now = new Map((await listed()).map(({ id, seq }) => [id, seq]))
        expect(seqs.filter(([id, seq]) => now.get(id) !== seq)).toEqual([])
      },
      { timeout: 30_000 },
    )
    const is = await the.lists(shop)
    const { outstanding } = (await shop.get('/v1/program/totals')).json
    const balances = await Promise.all(ids.map(shop.balance))
    expect(outstanding).toBe(balances.reduce((sum, { balance }) => sum + balance.balance, 0))
    expect(is.entries!.filter((row) => row.member_id === long).length).toBeGreaterThan(120)
    expect(is).toEqual(await the.undropped(shop))
    // Whose alarm rang under the load was behind, until it rings again.
    const behind = () => the.select<{ id: string }>(shop, sqlOfBehind)
    for (const { id } of await behind()) {
      await runDurableObjectAlarm(env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${id}`)))
    }
    expect(await behind()).toEqual([])
  }, 180_000)
})
