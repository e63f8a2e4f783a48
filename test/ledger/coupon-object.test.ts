import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/ledger/decide'
import { newObject, outcomes, receiptOf, type TestObject } from './objects'
import { proofIn } from './proof'
import { DAY_MS, NOON, programOf, purchaseOf } from './world'

const program = {
  ...programOf({
    rewards: {
      tea: { name: { en: 'Tea' }, points: 10 },
      once: { name: { en: 'Once' }, points: 10, limit: { most: 1, per: 'ever' } },
    },
  }),
  clockMs: NOON,
}
const give = { type: 'adjust', request: { points: 5_000, reason: 'x', allowDebt: false } } as const
const redeem = { type: 'redeem', request: { rewardId: 'tea' } } as const
const twenty = Array.from({ length: 20 }, (_, i) => i)

const rich = async () => {
  const object = await newObject(program)
  await object.send(give)
  return object
}

/** Redeems a reward; what shows that one has the coupon's code. */
const couponOf = async (object: TestObject) =>
  proofIn(object, receiptOf(await object.send(redeem)).seq)

const use = (proof: { seq: number; secret: string }, orderId?: string): Command => ({
  type: 'useCoupon',
  ...proof,
  orderId,
})

const couponsOf = (object: TestObject, before = Infinity, limit = 100) =>
  object.ask({ type: 'coupons', before, limit })

describe('the receipt of what was done with a coupon', () => {
  it('has the coupon as it was after that', async () => {
    const object = await rich()
    const given = receiptOf(await object.send(redeem)).coupon!
    expect(given).toMatchObject({ redemptionId: 2, rewardId: 'tea', status: 'open', points: 10 })
    const proof = await proofIn(object, 2)
    const sale = { ...purchaseOf('o', 30), type: 'sale', payment: proof } as const
    expect(receiptOf(await object.send(sale)).coupon).toEqual({
      ...given,
      status: 'used',
      endedAt: '2026-03-10T04:00:00.000Z',
      orderId: 'o',
    })
    const undo = { type: 'voidSale', orderId: 'o', till: {} } as const
    expect(receiptOf(await object.send(undo)).coupon).toEqual(given)
    expect(receiptOf(await object.send(use(proof))).coupon).toMatchObject({ status: 'used' })
    const other = await couponOf(object)
    const taken = await object.send({ type: 'voidCoupon', ...other, reason: 'copied' })
    expect(receiptOf(taken).coupon).toMatchObject({ redemptionId: other.seq, status: 'void' })
  })

  it('that is over when its sale is undone has none: its points come back', async () => {
    const object = await rich()
    const payment = await couponOf(object)
    await object.send({ ...purchaseOf('o', 30), type: 'sale', payment })
    object.at(NOON + 100 * DAY_MS)
    const undo = { type: 'voidSale', orderId: 'o', till: {} } as const
    const first = await object.send(undo, 'k')
    expect(receiptOf(first)).toMatchObject({
      entries: [{ kind: 'restore' }, { kind: 'clawback' }],
    })
    expect(receiptOf(first)).not.toHaveProperty('coupon')
    expect(await object.send(undo, 'k')).toEqual({ ...first, replayed: true })
  })

  it('is the same for its key, whatever became of the coupon since', async () => {
    const object = await rich()
    const told: [Command, string, unknown][] = []
    const send = async (command: Command) => {
      const key = `key-${told.length}`
      told.push([command, key, await object.send(command, key)])
    }
    await send(redeem)
    const proof = await proofIn(object, 2)
    await send({ ...purchaseOf('o', 30), type: 'sale', payment: proof })
    await send({ type: 'voidSale', orderId: 'o', till: {} })
    await send(use(proof, 'p'))
    await send(use(proof, 'q'))
    await send(redeem)
    await send({ type: 'voidCoupon', ...(await proofIn(object, 8)), reason: 'x' })
    await send({ type: 'reverseRedemption', redemptionId: 8 })
    await send(redeem)
    object.at(NOON + 200 * DAY_MS)
    await object.stub.settle(object.program)
    await evictDurableObject(object.stub)
    const before = await object.dump()
    for (const [command, key, first] of told) {
      expect(await object.send(command, key)).toEqual({ ...(first as object), replayed: true })
    }
    expect(await object.dump()).toEqual(before)
  })
})

describe('a code that was made up', () => {
  it('opens nothing and leaves nothing behind, though the member has that coupon', async () => {
    const object = await rich()
    const proof = await couponOf(object)
    const forged = [
      { seq: proof.seq, secret: '0'.repeat(16) },
      { seq: proof.seq, secret: '' },
      { seq: 1, secret: proof.secret },
      { seq: proof.seq + 1, secret: proof.secret },
    ]
    const before = await object.dump()
    for (const wrong of forged) {
      const replies = [
        await object.send(use(wrong, 'o'), 'k'),
        await object.send({ type: 'voidCoupon', ...wrong }, 'k'),
        await object.send({ ...purchaseOf('o', 30), type: 'sale', payment: wrong }, 'k'),
      ]
      expect(outcomes(replies)).toEqual({ not_found: 3 })
      expect(await object.stub.read({ type: 'coupon', ...wrong }, object.program)).toMatchObject({
        failure: { code: 'not_found' },
      })
    }
    expect(await object.dump()).toEqual(before)
    expect(outcomes([await object.send(use(proof, 'o'), 'k')])).toEqual({ ok: 1 })
  })

  it('of another member with a coupon of that number opens nothing', async () => {
    const [one, other] = [await rich(), await rich()]
    const [mine, theirs] = [await couponOf(one), await couponOf(other)]
    expect(mine.seq).toBe(theirs.seq)
    expect(outcomes([await one.send(use(theirs))])).toEqual({ not_found: 1 })
    expect(outcomes([await one.send(use(mine))])).toEqual({ ok: 1 })
  })
})

describe('a coupon at many tills at once', () => {
  it('is used once', async () => {
    const object = await rich()
    const proof = await couponOf(object)
    const replies = await Promise.all(twenty.map((i) => object.send(use(proof, `o${i}`))))
    expect(outcomes(replies)).toEqual({ ok: 1, coupon_ended: 19 })
    const entries = await object.ask({ type: 'entries', before: 1_000, limit: 100 })
    expect(entries.filter(({ kind }) => kind === 'use')).toHaveLength(1)
  })

  it('pays one sale, and the others are not booked', async () => {
    const object = await rich()
    const payment = await couponOf(object)
    const sell = (i: number) => object.send({ ...purchaseOf(`o${i}`, 30), type: 'sale', payment })
    const replies = await Promise.all(twenty.map(sell))
    expect(outcomes(replies)).toEqual({ ok: 1, coupon_ended: 19 })
    expect((await object.ask({ type: 'balance' })).balance.balance).toBe(5_000 - 10 + 30)
  })

  it('ends in one way, whatever is asked', async () => {
    for (let turn = 0; turn < 4; turn++) {
      const object = await rich()
      const proof = await couponOf(object)
      const commands: Command[] = [
        use(proof, 'o'),
        { type: 'voidCoupon', ...proof },
        { ...purchaseOf('p', 30), type: 'sale', payment: proof },
        use(proof),
      ]
      const turned = [...commands.slice(turn), ...commands.slice(0, turn)]
      const replies = await Promise.all(turned.map((command) => object.send(command)))
      expect(outcomes(replies)).toEqual({ ok: 1, coupon_ended: 3 })
    }
  })

  it('is given once where the points are for one', async () => {
    const object = await newObject(program)
    await object.send({ ...give, request: { ...give.request, points: 15 } })
    const replies = await Promise.all(twenty.map(() => object.send(redeem)))
    expect(outcomes(replies)).toEqual({ ok: 1, insufficient_points: 19 })
    expect(await couponsOf(object)).toHaveLength(1)
  })

  it('is given as often as its limit says', async () => {
    const object = await rich()
    const once = { type: 'redeem', request: { rewardId: 'once' } } as const
    const replies = await Promise.all(twenty.map(() => object.send(once)))
    expect(outcomes(replies)).toEqual({ ok: 1, limit_reached: 19 })
  })
})

describe('the list of coupons', () => {
  it('has each once, the newest first, page by page, as it stands', async () => {
    const object = await rich()
    const proofs = []
    for (let i = 0; i < 12; i++) {
      proofs.push(await couponOf(object))
    }
    await object.send(use(proofs[0]!, 'o'))
    await object.send({ ...purchaseOf('p', 30), type: 'sale', payment: proofs[1]! })
    await object.send({ type: 'voidSale', orderId: 'p', till: {} })
    await object.send({ type: 'voidCoupon', ...proofs[2]! })
    await object.send({ type: 'reverseRedemption', redemptionId: proofs[3]!.seq })
    const all = await couponsOf(object)
    const ids = proofs.map(({ seq }) => seq).toReversed()
    expect(all.map(({ redemptionId }) => redemptionId)).toEqual(ids)
    const statuses = all.map(({ status }) => status).toReversed()
    expect(statuses.slice(0, 5)).toEqual(['used', 'open', 'void', 'returned', 'open'])
    const pages = [await couponsOf(object, Infinity, 5), await couponsOf(object, ids[4], 100)]
    expect(pages.flat()).toEqual(all)
    const shown = { id: 'shown', endsAt: Number.MAX_SAFE_INTEGER, epoch: 0 }
    const { coupons: open } = await object.ask({ type: 'card', shown })
    expect(open.map(({ redemptionId }) => redemptionId).toSorted((a, b) => b - a)).toEqual(
      all.filter(({ status }) => status === 'open').map(({ redemptionId }) => redemptionId),
    )
  })

  it('has none for a reward of an order, reversed or not', async () => {
    const object = await rich()
    for (const rewardId of ['tea', 'once']) {
      const request = { rewardId, orderId: 'o' }
      const { seq } = receiptOf(await object.send({ type: 'redeem', request }))
      await object.send({ type: 'reverseRedemption', redemptionId: seq })
    }
    expect(await couponsOf(object)).toEqual([])
  })

  it('has those that are over as such, though nobody looked before', async () => {
    const object = await rich()
    const proof = await couponOf(object)
    object.at(NOON + 91 * DAY_MS)
    expect(await couponsOf(object)).toMatchObject([
      { status: 'expired', endedAt: '2026-06-08T16:00:00.000Z' },
    ])
    expect(await object.ask({ type: 'coupon', ...proof })).toMatchObject({ status: 'expired' })
  })
})

describe('a ledger of before there were coupons', () => {
  it('has the same balance, and gives coupons whose codes stay', async () => {
    const object = await rich()
    const before = await object.ask({ type: 'balance' })
    const fields = ['couponKey', 'cards', 'epoch', 'locale', 'erasedAt']
    const young = [...fields, 'state.coupons', 'state.redeemed', 'state.isFrozen']
    const paths = young.map((name) => `'$.${name}'`).join()
    await object.sql(`UPDATE state SET value = json_remove(value, ${paths})`)
    await evictDurableObject(object.stub)
    expect(await object.ask({ type: 'balance' })).toEqual(before)
    const given = receiptOf(await object.send(redeem)).coupon!
    await evictDurableObject(object.stub)
    const proof = await proofIn(object, given.redemptionId)
    expect(await object.ask({ type: 'coupon', ...proof })).toEqual(given)
    expect(outcomes([await object.send(use(proof))])).toEqual({ ok: 1 })
  })
})
