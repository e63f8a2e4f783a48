import { evictDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Command } from '../../src/ledger/decide'
import type { Shown } from '../../src/ledger/card'
import { newObject, outcomes, receiptOf, type TestObject } from './objects'
import { proofIn } from './proof'
import { NOON, programOf, purchaseOf } from './world'

const program = {
  ...programOf({ rewards: { tea: { name: { en: 'Tea' }, points: 10 } } }),
  clockMs: NOON,
}
const twenty = Array.from({ length: 20 }, (_, i) => i)

let shown = 0
/** A card that is shown now, good for so long by real time. */
const show = (ms = 60_000): Shown => ({
  id: `card-${++shown}`,
  endsAt: Date.now() + ms,
  epoch: 0,
})

type Sale = Extract<Command, { type: 'sale' }>
const sell = (orderId: string, card: Shown, rest: Partial<Sale> = {}): Sale => ({
  ...purchaseOf(orderId, 30),
  type: 'sale',
  card,
  ...rest,
})

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

afterEach(() => {
  vi.useRealTimers()
})

const balanceOf = async (object: TestObject) =>
  (await object.ask({ type: 'balance' })).balance.balance

/** The cards that a member's object remembers. */
const kept = async (object: TestObject) => {
  const [row] = await object.sql("SELECT value ->> '$.cards' AS cards FROM state")
  return JSON.parse(row!.cards as string) as [id: string, endsAt: number][]
}

describe('a card that is shown', () => {
  it('is good for one sale', async () => {
    const object = await newObject(program)
    const card = show()
    expect(outcomes([await object.send(sell('o', card))])).toEqual({ ok: 1 })
    const before = await object.dump()
    const refused = await object.send(sell('p', card), 'k')
    expect(outcomes([refused])).toEqual({ card_refused: 1 })
    expect((await object.dump()).entries).toEqual(before.entries)
    expect(await object.send(sell('p', card), 'k')).toEqual({ ...refused, replayed: true })
    expect(outcomes([await object.send(sell('p', show()))])).toEqual({ ok: 1 })
  })

  it('is remembered though the object is evicted', async () => {
    const object = await newObject(program)
    const card = show()
    await object.send(sell('o', card))
    await evictDurableObject(object.stub)
    expect(outcomes([await object.send(sell('p', card))])).toEqual({ card_refused: 1 })
  })

  it('at many tills at once is good for exactly one', async () => {
    const object = await newObject(program)
    const card = show()
    const replies = await Promise.all(twenty.map((i) => object.send(sell(`o${i}`, card))))
    expect(outcomes(replies)).toEqual({ ok: 1, card_refused: 19 })
    expect(await balanceOf(object)).toBe(30)
  })

  it('is good up to its last millisecond, by real time, wherever the program’s clock stands', async () => {
    const object = await newObject(program)
    object.at(NOON + 400 * 86_400_000)
    later(0)
    const [first, last] = [show(), show()]
    later(59_999)
    expect(outcomes([await object.send(sell('o', first))])).toEqual({ ok: 1 })
    later(1)
    expect(outcomes([await object.send(sell('p', last))])).toEqual({ card_refused: 1 })
  })

  it('is not used up by a sale that is refused', async () => {
    const object = await newObject(program)
    const card = show()
    const refusals: [Partial<Sale>, string][] = [
      [{ payment: { points: 10 } }, 'insufficient_points'],
      [{ payment: { rewardId: 'yacht' } }, 'not_found'],
      [{ payment: { seq: 1, secret: 'x' } }, 'not_found'],
      [{ request: purchaseOf('o', 30, { currency: 'USD' }).request }, 'validation_failed'],
    ]
    for (const [rest, code] of refusals) {
      expect(outcomes([await object.send(sell('o', card, rest))])).toEqual({ [code]: 1 })
    }
    await object.send({ type: 'freeze' })
    expect(outcomes([await object.send(sell('o', card))])).toEqual({ member_frozen: 1 })
    await object.send({ type: 'unfreeze' })
    expect(outcomes([await object.send(sell('o', card))])).toEqual({ ok: 1 })
  })

  it('is not used up, nor anything paid, when storage fails', async () => {
    const object = await newObject(program)
    await object.send({
      type: 'adjust',
      request: { points: 50, reason: 'x', allowDebt: false },
    })
    const payment = await proofIn(
      object,
      receiptOf(await object.send({ type: 'redeem', request: { rewardId: 'tea' } })).seq,
    )
    const card = show()
    const before = await object.dump()
    await object.sql(
      "CREATE TRIGGER fault BEFORE INSERT ON entries WHEN new.kind = 0 BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    await expect(object.send(sell('o', card, { payment }), 'k')).rejects.toThrow('disk full')
    await object.sql('DROP TRIGGER fault')
    expect(await object.dump()).toEqual(before)
    expect(outcomes([await object.send(sell('o', card, { payment }), 'k')])).toEqual({ ok: 1 })
  })

  it('is forgotten once it is over, so that they do not pile up', async () => {
    const object = await newObject(program)
    for (let i = 0; i < 5; i++) {
      await object.send(sell(`o${i}`, show()))
    }
    expect(await kept(object)).toHaveLength(5)
    later(60_000)
    const last = show()
    await object.send(sell('last', last))
    expect(await kept(object)).toEqual([[last.id, last.endsAt]])
  })
})

describe('a sale that was booked', () => {
  it('is answered to its key again when the card is over or used', async () => {
    const object = await newObject(program)
    const card = show()
    const first = await object.send(sell('o', card), 'k')
    expect(await object.send(sell('o', card), 'k')).toEqual({ ...first, replayed: true })
    later(3_600_000)
    expect(await object.send(sell('o', card), 'k')).toEqual({ ...first, replayed: true })
  })

  it('is answered to another key with the same card, or with the next, which stays good', async () => {
    const object = await newObject(program)
    const card = show()
    const first = await object.send(sell('o', card))
    const next = show()
    expect(await object.send(sell('o', card))).toEqual({ ...first, replayed: true })
    expect(await object.send(sell('o', next))).toEqual({ ...first, replayed: true })
    expect(outcomes([await object.send(sell('p', next))])).toEqual({ ok: 1 })
  })

  it('is answered to a webhook that reports it, and to a till after the webhook', async () => {
    const object = await newObject(program)
    const first = await object.send(sell('o', show(), { request: purchaseOf('o', 30).request }))
    const told = purchaseOf('o', 30, { channel: 'webhook' })
    expect(await object.send(told)).toEqual({ ...first, replayed: true })
    const second = await object.send(purchaseOf('p', 30, { channel: 'webhook' }))
    expect(await object.send(sell('p', show()))).toEqual({ ...second, replayed: true })
    expect(await balanceOf(object)).toBe(60)
  })

  it('is not that of other lines, another sum or another payment', async () => {
    const object = await newObject(program)
    await object.send({
      type: 'adjust',
      request: { points: 500, reason: 'x', allowDebt: false },
    })
    await object.send(sell('o', show(), { payment: { points: 10 } }))
    const others: Partial<Sale>[] = [
      { request: purchaseOf('o', 31).request, payment: { points: 10 } },
      {
        request: purchaseOf('o', 30, { lines: [{ sku: 'TEA', quantity: 1, amount: 3_000 }] })
          .request,
        payment: { points: 10 },
      },
      { payment: { points: 11 } },
      { payment: { rewardId: 'tea' } },
    ]
    for (const other of others) {
      const refused = await object.send(sell('o', show(), other), JSON.stringify(other))
      expect(outcomes([refused])).toEqual({ already_exists: 1 })
    }
    expect(await balanceOf(object)).toBe(520)
  })

  it('and undone is answered as it was booked, the void as it undid it', async () => {
    const object = await newObject(program)
    const till = { storeId: 'bund', terminalId: 't1' }
    const request = purchaseOf('o', 30, till).request
    const card = show()
    const first = await object.send(sell('o', card, { request }), 'j')
    const undo = { type: 'voidSale', orderId: 'o', till } as const
    const undone = await object.send(undo, 'k')
    expect(receiptOf(undone)).toMatchObject({ entries: [{ kind: 'clawback', points: -30 }] })
    expect(await object.send(undo, 'k')).toEqual({ ...undone, replayed: true })
    expect(await object.send(undo, 'l')).toEqual({ ...undone, replayed: true })
    const again = await object.send(sell('o', show(), { request }))
    expect(outcomes([again])).toEqual({ already_exists: 1 })
    expect(await object.send(sell('o', card, { request }), 'j')).toEqual({
      ...first,
      replayed: true,
    })
    const forbidden = await object.send({ ...undo, till: {} }, 'm')
    expect(outcomes([forbidden])).toEqual({ forbidden: 1 })
    expect(await balanceOf(object)).toBe(0)
  })
})
