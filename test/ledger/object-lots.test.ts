import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { newObject, receiptOf, type TestObject } from './objects'
import { DAY_MS, NOON, programOf, purchaseOf } from './world'

const redeem = (points: number) => ({ type: 'redeem', request: { points } }) as const
const idle = (days: number) => ({ kind: 'inactivity', days, to: 'day' }) as const
const program = {
  ...programOf({ expiry: idle(30), restoreGraceDays: 5 }),
  clockMs: NOON,
}

/** What a member has, as read from storage, and as it was in memory before. */
async function readAnew(object: TestObject) {
  const inMemory = await object.ask({ type: 'statement' })
  await evictDurableObject(object.stub)
  expect(await object.ask({ type: 'statement' })).toEqual(inMemory)
  return inMemory.lots.map(({ seq, expiresAt, remaining, held }) => [
    seq,
    expiresAt,
    remaining,
    held,
  ])
}

describe('idle lots in storage', () => {
  it('have the end that the last activity gave them', async () => {
    const object = await newObject(program)
    await object.send(purchaseOf('o', 100))
    object.at(NOON + 10 * DAY_MS)
    await object.send(purchaseOf('p', 10))
    const [[, end] = []] = await readAnew(object)
    expect(end).toBeGreaterThan(NOON + 40 * DAY_MS)
    expect(await readAnew(object)).toEqual([
      [1, end, 100, 0],
      [2, end, 10, 0],
    ])
    object.at(end! - 1)
    expect((await object.ask({ type: 'balance' })).balance).toMatchObject({
      balance: 110,
      nextExpiry: { points: 110, at: new Date(end!).toISOString() },
    })
    object.at(end!)
    expect((await object.ask({ type: 'balance' })).balance.balance).toBe(0)
    expect(await object.sql('SELECT * FROM lots')).toEqual([])
  })

  it('are spent with others in the order of their ends', async () => {
    const object = await newObject(program)
    await object.send(purchaseOf('o', 100))
    const give = { points: 7, reason: 'gift', expiresAt: NOON + 35 * DAY_MS, allowDebt: false }
    await object.send({ type: 'adjust', request: give })
    object.at(NOON + 10 * DAY_MS)
    await object.send(redeem(1))
    expect((await readAnew(object)).map(([seq, , remaining]) => [seq, remaining])).toEqual([
      [2, 7],
      [1, 99],
    ])
    await object.send(redeem(10))
    expect((await readAnew(object)).map(([seq, , remaining]) => [seq, remaining])).toEqual([
      [1, 96],
    ])
  })

  it('that are held past their end stay ended', async () => {
    const object = await newObject(program)
    await object.send(purchaseOf('o', 100))
    object.at(NOON + 29 * DAY_MS)
    const hold = { points: 60, expiresInSeconds: 5 * 86_400 }
    const holdId = receiptOf(await object.send({ type: 'hold', request: hold })).seq
    object.at(NOON + 32 * DAY_MS)
    await object.send(purchaseOf('p', 10))
    const lots = await readAnew(object)
    expect(lots.map(([seq, , remaining, held]) => [seq, remaining, held])).toEqual([
      [1, 60, 60],
      [4, 10, 0],
    ])
    const { entries } = receiptOf(await object.send({ type: 'release', holdId }))
    expect(entries).toMatchObject([{ kind: 'release' }, { kind: 'expire', points: -60 }])
    expect(await readAnew(object)).toHaveLength(1)
  })

  it('that come back after their end have days of grace, which no activity moves', async () => {
    const object = await newObject(program)
    await object.send(purchaseOf('o', 100))
    const redemptionId = receiptOf(await object.send(redeem(100))).seq
    object.at(NOON + 40 * DAY_MS)
    await object.send(purchaseOf('p', 10))
    await object.send({ type: 'reverseRedemption', redemptionId })
    const before = await readAnew(object)
    expect(before.map(([seq, , remaining]) => [seq, remaining])).toEqual([
      [1, 100],
      [3, 10],
    ])
    object.at(NOON + 42 * DAY_MS)
    await object.send(purchaseOf('q', 10))
    const [first] = await readAnew(object)
    expect(first).toEqual(before[0])
  })

  it('cost an activity no row, however many there are', async () => {
    const written = async (count: number) => {
      const object = await newObject(program)
      for (let i = 0; i < count; i++) {
        await object.send(purchaseOf(`o${i}`, 10))
      }
      const before = await object.sql('SELECT * FROM lots ORDER BY seq')
      object.at(NOON + 5 * DAY_MS)
      await object.send({ type: 'activity', request: { type: 'check-in' } })
      const after = await object.sql('SELECT * FROM lots ORDER BY seq')
      expect(after.slice(0, count)).toEqual(before)
      return after.length
    }
    expect([await written(2), await written(20)]).toEqual([3, 21])
  })
})

describe('pending lots in storage', () => {
  it('wake on the day that they were promised', async () => {
    const object = await newObject({
      ...programOf({ pending: { activeAfterDays: 3 } }),
      clockMs: NOON,
    })
    await object.send(purchaseOf('o', 100))
    await readAnew(object)
    expect((await object.ask({ type: 'balance' })).balance).toMatchObject({ pending: 100 })
    object.at(NOON + 3 * DAY_MS)
    expect((await object.ask({ type: 'balance' })).balance).toMatchObject({ available: 100 })
    await readAnew(object)
    const [entry] = await object.ask({ type: 'entries', before: 1_000, limit: 1 })
    expect(entry).toMatchObject({
      kind: 'activate',
      version: 1,
      occurredAt: '2026-03-12T16:00:00.000Z',
    })
  })

  it('are foreseen by a balance of a later day', async () => {
    const object = await newObject({
      ...programOf({ pending: { activeAfterDays: 3 } }),
      clockMs: NOON,
    })
    await object.send(purchaseOf('o', 100))
    const at = async (ms: number) => (await object.ask({ type: 'balance', at: ms })).balance
    expect(await at(NOON + DAY_MS)).toMatchObject({ available: 0, pending: 100 })
    expect(await at(NOON + 3 * DAY_MS)).toMatchObject({ available: 100, pending: 0 })
    expect(await object.sql('SELECT seq FROM entries')).toHaveLength(1)
  })
})
