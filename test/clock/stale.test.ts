import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { database } from '../../src/db/client'
import { execute } from '../../src/ledger/client'
import type { Command } from '../../src/ledger/decide'
import { findProgram } from '../../src/program/store'
import { newObject, receiptOf } from '../ledger/objects'
import { DAY_MS, NOON, purchaseOf } from '../ledger/world'
import { openShop, type Shop } from './shop'

describe('a ledger that has seen the clock move', () => {
  it('takes no command, question or settlement from before', async () => {
    const object = await newObject()
    receiptOf(await object.send(purchaseOf('o1', 10)))
    object.at(NOON + DAY_MS)
    // Nothing falls due: what was seen of the clock is not in any entry.
    await object.stub.settle(object.program)
    const before = await object.dump()
    object.at(NOON + DAY_MS - 1)
    await expect(object.send(purchaseOf('o2', 10))).rejects.toThrow('The ledger is stale')
    expect(await object.stub.read({ type: 'balance' }, object.program)).toBe('stale')
    expect(await object.stub.settle(object.program)).toBe('stale')
    expect(await object.dump()).toEqual(before)
    object.at(NOON + DAY_MS)
    const { entries } = receiptOf(await object.send(purchaseOf('o2', 10)))
    expect(entries).toMatchObject([{ occurredAt: new Date(NOON + DAY_MS).toISOString() }])
  })

  it('never records anything before its last entry, evicted or not', async () => {
    const object = await newObject()
    object.at(NOON + DAY_MS)
    receiptOf(await object.send(purchaseOf('o1', 10)))
    await evictDurableObject(object.stub)
    object.at(NOON)
    const { entries } = receiptOf(await object.send(purchaseOf('o2', 10)))
    expect(entries).toMatchObject([{ recordedAt: new Date(NOON + DAY_MS).toISOString() }])
  })
})

describe('a Worker whose clock is behind', () => {
  const START = '2027-08-31T10:00:00.000Z'
  const LATER = '2027-08-31T11:00:00.000Z'

  /** The command of a Worker that was told of the program before the clock moved. */
  async function behind(shop: Shop) {
    const program = (await findProgram(database(env, { programId: shop.id }), shop.id))!
    return (member: string, command: Command) =>
      execute(env, program, member, {
        command,
        actor: { kind: 'server', keyId: 'behind', requestId: 'r' },
        idempotencyKey: crypto.randomUUID(),
        fingerprint: '00',
      })
  }

  it('awards at the time that it is', async () => {
    const shop = await openShop({ clock: START })
    const member = await shop.enrol()
    const send = await behind(shop)
    await shop.move(LATER)
    const { result } = await send(member, purchaseOf('o1', 10))
    expect(result).toMatchObject({
      value: { entries: [{ occurredAt: LATER, recordedAt: LATER }] },
    })
  })

  it('does not capture a hold whose time is over', async () => {
    const shop = await openShop({ clock: START })
    const member = await shop.enrol()
    await shop.buy(member, 'o1', 10)
    const { json } = await shop.post(member, 'holds', { points: 10, expiresInSeconds: 60 })
    const send = await behind(shop)
    await shop.move(LATER)
    const { result } = await send(member, { type: 'capture', holdId: json.seq, request: {} })
    expect(result).toMatchObject({ ok: false, failure: { code: 'hold_ended' } })
    expect((await shop.entries(member)).at(-1)).toMatchObject({
      kind: 'release',
      occurredAt: '2027-08-31T10:01:00.000Z',
    })
  })

  it('spends no points that have lapsed', async () => {
    const shop = await openShop({ clock: START, timeZone: 'UTC' })
    const member = await shop.enrol()
    const expiresAt = '2027-08-31T10:30:00Z'
    await shop.post(member, 'adjustments', { points: 10, reason: 'gift', expiresAt })
    const send = await behind(shop)
    await shop.move(LATER)
    const { result } = await send(member, { type: 'redeem', request: { points: 10 } })
    expect(result).toMatchObject({ ok: false, failure: { code: 'insufficient_points' } })
  })
})
