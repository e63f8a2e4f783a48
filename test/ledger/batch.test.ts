import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/http/idempotency'
import type { BatchCall, BatchHow, Booked } from '../../src/ledger/batch'
import type { Command } from '../../src/ledger/decide'
import { newObject, type TestObject, unknownObject } from './objects'
import { rowsOf } from './rows'
import { actor, purchaseOf } from './world'

const callOf = (command: Command, key: string): BatchCall => ({
  command,
  actor,
  idempotencyKey: key,
  fingerprint: fingerprint('IMPORT', key, command),
})

const purchases = (count: number, prefix = 'o') =>
  Array.from({ length: count }, (_, i) => callOf(purchaseOf(`${prefix}${i}`, 10), `k${prefix}${i}`))

const send = (object: TestObject, calls: BatchCall[], how?: BatchHow) =>
  object.stub.executeAll(calls, object.program, how) as unknown as Promise<Booked[]>

describe('commands that reach a ledger together', () => {
  it('are written with 4 rows each, the state and the alarm once', async () => {
    const object = await newObject()
    const rows = await rowsOf(object, () => send(object, purchases(50)))
    expect(rows.written).toBe(50 * 4 + 1 + 1)
    const more = await rowsOf(object, () => send(object, purchases(50, 'p')))
    expect(more.written).toBe(50 * 4 + 1)
  })

  it('are decided one after the other, each by what the ones before it left', async () => {
    const object = await newObject()
    const calls = [
      callOf(purchaseOf('o1', 10), 'a'),
      callOf(purchaseOf('o1', 10), 'b'),
      callOf(purchaseOf('o1', 20), 'c'),
      callOf({ type: 'redeem', request: { points: 8 } }, 'd'),
      callOf({ type: 'redeem', request: { points: 8 } }, 'e'),
    ]
    const came = await send(object, calls)
    expect(came.map((each) => (each.ok ? each.value : each.failure.code))).toEqual([
      { points: 10, total: 1_000, isDuplicate: false, count: 1 },
      { points: 10, total: 1_000, isDuplicate: true, count: 1 },
      'already_exists',
      { points: -8, total: null, isDuplicate: false, count: 1 },
      'insufficient_points',
    ])
    const before = await object.dump()
    expect(await send(object, calls)).toEqual(came)
    expect(await object.dump()).toEqual(before)
  })

  it('say in a rehearsal what they would come to, and write nothing', async () => {
    const object = await newObject()
    await send(object, purchases(2))
    const before = await object.dump()
    const rehearsed = await send(object, purchases(3), { isRehearsal: true })
    expect(await object.dump()).toEqual(before)
    expect(await send(object, purchases(3))).toEqual(rehearsed)
    expect((await object.ask({ type: 'balance' })).balance.balance).toBe(30)
  })

  it('make the ledger of who is told to have none, once', async () => {
    const object = unknownObject()
    const enrolling = { memberId: object.memberId, locale: 'zh-CN' }
    expect(await send(object, purchases(1))).toBe('unknown')
    expect(await object.dump()).toEqual({})
    const came = await send(object, purchases(1), { enrolling })
    expect(await send(object, purchases(1), { enrolling })).toEqual(came)
    expect((await object.ask({ type: 'balance' })).balance.balance).toBe(10)
  })
})
