import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { countingRows, envWith, onLibsql, SQL } from '../db'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { catchUp } from '../../src/projection/consumer'
import { openShop, type Shop } from '../clock/shop'

afterEach(() => {
  vi.useRealTimers()
})

const stubOf = (shop: Shop, member: string) =>
  env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${member}`))

/** Lets a member's object work with other bindings; its messages are swallowed. */
const rebind = (shop: Shop, member: string, bindings: Partial<Env> = {}) =>
  runInDurableObject(stubOf(shop, member), (instance) => {
    const PROJECTION = { send: () => Promise.resolve() }
    Object.assign(instance, { env: { ...envWith(bindings), PROJECTION } })
  })

/** A shop with members who bought something of which D1 is not told. */
async function open(count: number): Promise<[shop: Shop, ...members: string[]]> {
  const shop = await openShop({})
  const members = await Promise.all(Array.from({ length: count }, () => shop.enrol()))
  for (const member of members) {
    await rebind(shop, member)
    await shop.buy(member, member, 10)
  }
  return [shop, ...members]
}

const ring = async (shop: Shop, member: string) =>
  expect(await runDurableObjectAlarm(stubOf(shop, member))).toBe(true)

const health = async (shop: Shop) => {
  const { membersBehind, oldestLagMs } = (await shop.get('/v1/health')).json.projection
  return { membersBehind, oldestLagMs }
}
const healthy = { membersBehind: 0, oldestLagMs: 0 }

describe('a ledger of which the projection lacks something', () => {
  it('is counted once its alarm has found it, and until the lists have it', async () => {
    const [shop, one, two] = await open(2)
    expect(await health(shop)).toEqual(healthy)
    await ring(shop, one!)
    expect(await health(shop)).toMatchObject({ membersBehind: 1 })
    await ring(shop, two!)
    expect(await health(shop)).toMatchObject({ membersBehind: 2 })
    await catchUp(env, [{ programId: shop.id, memberId: one! }])
    expect(await health(shop)).toMatchObject({ membersBehind: 1 })
    await catchUp(env, [{ programId: shop.id, memberId: two! }])
    expect(await health(shop)).toEqual(healthy)
  })

  it('shows how long the queue has stood', async () => {
    const [shop, one, two] = await open(2)
    await ring(shop, one!)
    const { oldestLagMs } = await health(shop)
    expect(oldestLagMs).toBeLessThan(60_000)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    await ring(shop, one!)
    await ring(shop, two!)
    const later = await health(shop)
    expect(later.membersBehind).toBe(2)
    expect(later.oldestLagMs).toBeGreaterThanOrEqual(3_600_000)
  })

  it('takes its mark off when it sees that the lists have everything', async () => {
    const [shop, member] = await open(1)
    await ring(shop, member!)
    await catchUp(env, [{ programId: shop.id, memberId: member! }])
    // As when the mark comes after the rows.
    await SQL.prepare('INSERT INTO behind VALUES (?, ?, 5)').bind(shop.id, member).run()
    expect(await health(shop)).toMatchObject({ membersBehind: 1 })
    await ring(shop, member!)
    expect(await health(shop)).toEqual(healthy)
  })

  it('is not counted while D1 cannot be asked, and goes on asking', async () => {
    const [shop, member] = await open(1)
    const prepare = () => {
      throw new Error('D1_ERROR: Network connection lost.')
    }
    await rebind(shop, member!, { DB: { prepare } as unknown as D1Database })
    await ring(shop, member!)
    expect(await health(shop)).toEqual(healthy)
    await rebind(shop, member!)
    await ring(shop, member!)
    expect(await health(shop)).toMatchObject({ membersBehind: 1 })
  })

  it('is of its own program alone', async () => {
    const [shop, member] = await open(1)
    const other = await openShop({})
    await ring(shop, member!)
    expect(await health(other)).toEqual(healthy)
  })
})

describe.skipIf(onLibsql)('the rows of D1', () => {
  it('are as many for an award and its alarm as without any mark', async () => {
    const [shop, member] = await open(1)
    const { counted, DB } = countingRows()
    await catchUp(envWith({ DB }), [{ programId: shop.id, memberId: member! }])
    expect(counted.rows).toBe(6)
    await rebind(shop, member!, { DB })
    await ring(shop, member!)
    expect(counted.rows).toBe(6)
  })

  it('are one for each time that a ledger falls behind, however often it looks', async () => {
    const [shop, member] = await open(1)
    const { counted, DB } = countingRows()
    await rebind(shop, member!, { DB })
    for (let i = 0; i < 4; i++) {
      await ring(shop, member!)
    }
    expect(counted.rows).toBe(1)
  })
})
