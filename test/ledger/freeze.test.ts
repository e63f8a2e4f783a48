import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/ledger/decide'
import { barred } from '../../src/ledger/freeze'
import { newObject, outcomes, receiptOf } from './objects'
import { actor, DAY_MS, NOON, proofOf, purchaseOf, World } from './world'

/** A member with points, a coupon (entry 2), a hold (3) and a sale paid with points (4 and 5), who is frozen. */
function frozen() {
  const world = new World()
  world.give(1_000)
  world.coupon('gift')
  world.hold(20)
  world.sell('o', 30, { points: 40 })
  const before = { ...world.state, lots: world.lots }
  world.freeze('freeze', 'card lost')
  return { world, before }
}

const spending: [string, Command][] = [
  ['hold points', { type: 'hold', request: { points: 1, expiresInSeconds: 900 } }],
  ['redeem points', { type: 'redeem', request: { points: 1 } }],
  ['redeem a reward', { type: 'redeem', request: { rewardId: 'gift' } }],
  ['use a coupon', { type: 'useCoupon', ...proofOf(2), orderId: 'p' }],
  ['buy at a till', { ...purchaseOf('p', 30), type: 'sale' }],
  ['pay at a till', { ...purchaseOf('p', 30), type: 'sale', payment: { points: 1 } }],
  ['pay with a coupon', { ...purchaseOf('p', 30), type: 'sale', payment: proofOf(2) }],
  ['spend what is not there', { type: 'redeem', request: { points: 9_999 } }],
]

const going: [string, Command][] = [
  ['earns elsewhere', purchaseOf('p', 30, { channel: 'web' })],
  ['earns by what the shop reports', { type: 'activity', request: { type: 'check-in' } }],
  [
    'has points adjusted',
    { type: 'adjust', request: { points: -5, reason: 'x', allowDebt: true } },
  ],
  ['is refunded', { type: 'refund', request: { orderId: 'o', refundId: 'r', amount: 3_000 } }],
  ['has a sale undone', { type: 'voidSale', orderId: 'o', till: {} }],
  ['has a redemption reversed', { type: 'reverseRedemption', redemptionId: 2 }],
  ['has a coupon taken away', { type: 'voidCoupon', ...proofOf(2), reason: 'stolen' }],
  ['has a hold captured that was before', { type: 'capture', holdId: 3, request: {} }],
  ['has a hold released', { type: 'release', holdId: 3 }],
]

describe('a freeze', () => {
  it('is an entry with its reason, and moves nothing', () => {
    const { world, before } = frozen()
    expect(world.entries.at(-1)).toMatchObject({ kind: 'freeze', points: 0, reason: 'card lost' })
    expect({ ...world.state, lots: world.lots }).toEqual({
      ...before,
      isFrozen: true,
      seq: before.seq + 1,
    })
  })

  it('comes once, and so does its end', () => {
    const { world } = frozen()
    expect(world.freeze('freeze', 'again')).toEqual({ entries: [], code: null, first: null })
    expect(world.freeze('unfreeze').entries).toMatchObject([{ kind: 'unfreeze', reason: null }])
    expect(world.freeze('unfreeze')).toEqual({ entries: [], code: null, first: null })
    expect(world.freeze().entries).toHaveLength(1)
  })

  it('keeps no point and no coupon alive', () => {
    const { world } = frozen()
    world.give(5, NOON + DAY_MS)
    const entries = world.until(NOON + 400 * DAY_MS)
    expect(entries.map(({ kind }) => kind)).toEqual(['release', 'expire', 'lapse', 'expire'])
    expect(world.balance).toBe(0)
  })
})

describe('a frozen member', () => {
  it.each(spending)('cannot %s', (_, command) => {
    const { world } = frozen()
    const before = world.state
    expect(world.do(command)).toMatchObject({ code: 'member_frozen', entries: [] })
    expect(world.state).toEqual(before)
  })

  it.each(spending.slice(0, -1))('can %s when that is over', (_, command) => {
    const { world } = frozen()
    world.freeze('unfreeze')
    expect(world.do(command).code).toBe(null)
  })

  it.each(going)('%s', (_, command) => {
    const { world } = frozen()
    const done = world.do(command)
    expect([done.code, done.entries.length > 0]).toEqual([null, true])
    expect(world.state.isFrozen).toBe(true)
  })

  it.each([...spending, ...going])('cannot, by himself, ask for what he %s', (_, command) => {
    const { state } = frozen().world
    const member = { ...actor, kind: 'member' } as const
    expect(barred(command, member, state)).toMatchObject({ failure: { code: 'member_frozen' } })
    expect(barred(command, member, { ...state, isFrozen: false })).toBe(null)
  })

  it('is told what was done before he was', () => {
    const { world } = frozen()
    const award = world.entries[4]
    expect(world.sell('o', 30, { points: 40 }).first).toBe(award)
    expect(world.sell('o', 30, { points: 41 }).code).not.toBe(null)
  })
})

describe('a frozen member’s object', () => {
  const hold = { type: 'hold', request: { points: 1, expiresInSeconds: 900 } } as const
  const give = { type: 'adjust', request: { points: 50, reason: 'x', allowDebt: false } } as const

  it('remembers a refusal for its key, and takes a new one when that is over', async () => {
    const object = await newObject()
    await object.send(give)
    await object.send({ type: 'freeze' })
    const refused = await object.send(hold, 'k')
    expect(outcomes([refused])).toEqual({ member_frozen: 1 })
    await object.send({ type: 'unfreeze' })
    expect(await object.send(hold, 'k')).toEqual({ ...refused, replayed: true })
    expect(outcomes([await object.send(hold, 'l')])).toEqual({ ok: 1 })
  })

  it('answers a second freeze with no entry, the same to its key', async () => {
    const object = await newObject()
    const first = await object.send({ type: 'freeze', reason: 'lost' }, 'k')
    const second = await object.send({ type: 'freeze', reason: 'stolen' }, 'l')
    expect(receiptOf(second)).toEqual({ ...receiptOf(first), entries: [] })
    await object.send({ type: 'unfreeze' })
    expect(await object.send({ type: 'freeze', reason: 'lost' }, 'k')).toEqual({
      ...first,
      replayed: true,
    })
    expect(await object.send({ type: 'freeze', reason: 'stolen' }, 'l')).toEqual({
      ...second,
      replayed: true,
    })
    expect(outcomes([await object.send(hold)])).toEqual({ insufficient_points: 1 })
  })

  it('lets exactly what came before the freeze pass, of many calls at once', async () => {
    const object = await newObject()
    await object.send(give)
    const calls = Array.from({ length: 20 }, (_, i) =>
      object.send(i === 10 ? { type: 'freeze' } : hold),
    )
    const replies = await Promise.all(calls)
    expect(outcomes(replies)).toEqual({ ok: 11, member_frozen: 9 })
    const entries = await object.ask({ type: 'entries', before: 1_000, limit: 100 })
    expect(entries[0]!.kind).toBe('freeze')
  })

  it('says so to who looks', async () => {
    const object = await newObject()
    await object.send(give)
    expect(await object.ask({ type: 'card' })).toMatchObject({ isFrozen: false })
    await object.send({ type: 'freeze' })
    const card = await object.ask({ type: 'card' })
    expect(card.isFrozen).toBe(true)
    expect(
      card.rewards.map(({ isAvailable, isAffordable }) => isAvailable || isAffordable),
    ).toEqual([false, false, false])
  })
})
