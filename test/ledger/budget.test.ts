import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/ledger/decide'
import { newObject, type TestObject } from './objects'
import { proofIn } from './proof'
import { rowsOf } from './rows'
import { DAY_MS, NOON, purchaseOf } from './world'

// The budgets of docs/architecture.md. Rows are what Cloudflare bills; they are counted, not timed.

const give = (points: number, expiresAt?: number) =>
  ({ type: 'adjust', request: { points, reason: 'gift', expiresAt, allowDebt: false } }) as const
const redeem = (points: number) => ({ type: 'redeem', request: { points } }) as const

const rowsOfSending = (object: TestObject, command: Command, key?: string) =>
  rowsOf(object, () => object.send(command, key))

/** A card that is held before the till. */
const shown = { id: 'shown', endsAt: Number.MAX_SAFE_INTEGER, epoch: 0 }

const hold = (points: number) =>
  ({ type: 'hold', request: { points, expiresInSeconds: 900 } }) as const

/** Gives a member a history of so many entries, all of its lots spent. */
async function age(object: TestObject, entries: number): Promise<void> {
  await runInDurableObject(object.stub, (_, { storage }) => {
    storage.transactionSync(() => {
      storage.sql.exec(
        `WITH RECURSIVE n (seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?)
         INSERT INTO entries
         SELECT n.seq, kind, points, occurred_at, recorded_at, thread_hash + n.seq, texts, body, hash,
           key_hash + n.seq, key, fingerprint, content, span, standing
         FROM n, entries e WHERE e.seq = 1`,
        entries,
      )
      storage.sql.exec("UPDATE state SET value = json_set(value, '$.state.seq', ?)", entries)
    })
  })
  await evictDurableObject(object.stub)
}

const sizeOf = (object: TestObject) =>
  runInDurableObject(object.stub, (_, { storage }) => storage.sql.databaseSize)

describe('an award of a warm member to whom nothing is due', () => {
  it.each([10, 100_000])(
    'writes 6 rows with its alarm and reads 4 at most, at %i entries',
    async (entries) => {
      const object = await newObject()
      await object.send(purchaseOf('first', 100))
      await age(object, entries)
      await object.sql(`UPDATE state SET value = json_set(value, '$.alarmAt', NULL)`)
      await object.ask({ type: 'balance' })
      const rows = await rowsOfSending(object, purchaseOf('o1', 100))
      expect(rows.written).toBe(6)
      expect(rows.read).toBeLessThanOrEqual(4)
      expect((await object.ask({ type: 'balance' })).seq).toBe(entries + 1)
    },
  )

  it('writes 5 rows while the alarm is armed', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    expect((await rowsOfSending(object, purchaseOf('o2', 100))).written).toBe(5)
  })
})

describe('a redeem', () => {
  it.each([1, 7, 40])('writes 4 rows, one for each of %i lots, and the alarm', async (lots) => {
    const object = await newObject()
    for (let i = 0; i < lots; i++) {
      await object.send(give(10, NOON + (i + 1) * DAY_MS))
    }
    const rows = await rowsOfSending(object, redeem(lots * 10 - 5))
    expect(rows.written).toBeLessThanOrEqual(4 + lots)
  })
})

const reward = (rewardId: string, orderId?: string) =>
  ({ type: 'redeem', request: { rewardId, orderId } }) as const

const sell = (orderId: string, rest: object = {}): Command => ({
  ...purchaseOf(orderId, 100),
  type: 'sale',
  card: { id: `card-${orderId}`, endsAt: Date.now() + 60_000, epoch: 0 },
  ...rest,
})

/** A rich member with a coupon of entry 21, and an alarm that is armed. */
async function withCoupon() {
  const object = await newObject()
  for (let i = 0; i < 20; i++) {
    await object.send(give(10, NOON + (i + 1) * DAY_MS))
  }
  await object.send(reward('gift'))
  return { object, proof: await proofIn(object, 21) }
}

describe('a coupon', () => {
  it.each([1, 5, 25])(
    'is given for 4 rows, one for each of %i lots, and the alarm',
    async (lots) => {
      const object = await newObject()
      for (let i = 0; i < lots; i++) {
        await object.send(give(50 / lots, NOON + (i + 1) * DAY_MS))
      }
      await object.sql(`UPDATE state SET value = json_set(value, '$.alarmAt', NULL)`)
      await evictDurableObject(object.stub)
      await object.ask({ type: 'balance' })
      const rows = await rowsOfSending(object, reward('gift'))
      expect(rows.written).toBeLessThanOrEqual(4 + lots + 1)
      expect((await object.ask({ type: 'card', shown })).coupons).toHaveLength(1)
    },
  )

  it('is used for 5 rows: entry, key, order, state, and that it is over', async () => {
    const { object, proof } = await withCoupon()
    const use = { type: 'useCoupon', ...proof, orderId: 'o' } as const
    const rows = await rowsOfSending(object, use)
    expect(rows.written).toBe(5)
    expect(rows.read).toBeLessThanOrEqual(6)
  })

  it('is taken away for 4 rows', async () => {
    const { object, proof } = await withCoupon()
    const rows = await rowsOfSending(object, { type: 'voidCoupon', ...proof, reason: 'x' })
    expect(rows.written).toBe(4)
  })

  it('of a member with a hundred is given and used for as many rows', async () => {
    const { object, proof } = await withCoupon()
    await object.send(give(5_000))
    for (let i = 0; i < 98; i++) {
      await object.send(reward('gift'))
    }
    expect((await rowsOfSending(object, reward('gift'))).written).toBeLessThanOrEqual(4 + 1)
    const use = { type: 'useCoupon', ...proof, orderId: 'o' } as const
    expect((await rowsOfSending(object, use)).written).toBe(5)
  })
})

describe('a sale at a till', () => {
  it('writes what its award does, and reads no more', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const bought = await rowsOfSending(object, purchaseOf('o2', 100))
    const sold = await rowsOfSending(object, sell('o3'))
    expect(sold.written).toBe(bought.written)
    expect(sold.written).toBe(5)
    expect(sold.read).toBeLessThanOrEqual(4)
  })

  it.each([1, 7])(
    'that is paid writes both but the state and the key once, with %i lots',
    async (lots) => {
      const object = await newObject()
      for (let i = 0; i < lots; i++) {
        await object.send(give(10, NOON + (i + 1) * DAY_MS))
      }
      const sale = sell('o', { payment: { points: lots * 10 - 5 } })
      const rows = await rowsOfSending(object, sale)
      // A redeem: entry, order, lots; an award: entry, order, lot, key; the state.
      expect(rows.written).toBe(2 + lots + 4 + 1)
    },
  )

  it('that is paid with a coupon writes its use with it', async () => {
    const { object, proof } = await withCoupon()
    const rows = await rowsOfSending(object, sell('o', { payment: proof }))
    // A use: entry, order, that it is over; an award: entry, order, lot, key; the state.
    expect(rows.written).toBe(3 + 4 + 1)
  })

  it('whose card was used, or is over, writes that its key was refused, and no entry', async () => {
    const object = await newObject()
    await object.send(sell('o'))
    const card = { id: 'card-o', endsAt: Date.now() + 60_000 }
    expect((await rowsOfSending(object, sell('p', { card }))).written).toBe(1)
  })
})

describe('a replay', () => {
  it('writes nothing, be it of a receipt, of a refusal or of nothing', async () => {
    const object = await newObject()
    const commands: [Command, string][] = [
      [purchaseOf('o1', 100), 'award'],
      [redeem(1_000), 'refusal'],
      [{ type: 'refund', request: { refundId: 'r1', orderId: 'o1', amount: 10_000 } }, 'refund'],
      [{ type: 'refund', request: { refundId: 'r2', orderId: 'o1', amount: 1 } }, 'nothing'],
      [sell('o2', { payment: { points: 10 } }), 'paid'],
      [sell('o2', { payment: { points: 11 } }), 'refused sale'],
      [{ type: 'voidSale', orderId: 'o2', till: {} }, 'void'],
      [reward('gift'), 'coupon'],
      [{ type: 'freeze', reason: 'lost' }, 'freeze'],
      [sell('o3'), 'frozen'],
      [{ type: 'unfreeze' }, 'unfreeze'],
      [{ type: 'unfreeze' }, 'unfrozen'],
    ]
    await object.send(give(100))
    for (const [command, key] of commands) {
      await object.send(command, key)
    }
    for (const [command, key] of commands) {
      expect((await rowsOfSending(object, command, key)).written).toBe(0)
    }
  })
})

describe('waking a member', () => {
  const wake = async (entries: number) => {
    const object = await newObject()
    await object.send(purchaseOf('first', 100))
    for (let i = 0; i < 20; i++) {
      await object.send(give(10))
    }
    await object.send(hold(5))
    await object.sql('DELETE FROM entries WHERE seq BETWEEN 2 AND 21')
    await object.sql('UPDATE entries SET seq = 200001 WHERE seq = 22')
    await object.sql(`UPDATE state SET value = json_set(value, '$.holds', json_array(200001))`)
    await age(object, entries)
    return rowsOf(object, () => object.ask({ type: 'balance' }))
  }

  it('reads the state, its open lots and holds once, however long its history', async () => {
    const [young, old] = [await wake(10), await wake(100_000)]
    expect(young).toEqual(old)
    expect(young.written).toBe(0)
    expect(young.read).toBeLessThanOrEqual(1 + 21 + 1 + 10)
  })
})

describe('on disk', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      sku: `TEA-${1_000 + i}`,
      quantity: 1 + (i % 3),
      amount: 1_990 + i * 500,
    }))
  const AWARDS = 400

  /** Bytes that one more award takes, all tables and indexes. */
  const bytesOf = async (count: number) => {
    const object = await newObject()
    const before = await sizeOf(object)
    for (let i = 0; i < AWARDS; i++) {
      const rest = { lines: lines(count), total: undefined, storeId: 'north-1' }
      await object.send(purchaseOf(`A-2026-${100_000 + i}`, 0, rest))
    }
    return ((await sizeOf(object)) - before) / AWARDS
  }

  it('takes 512 bytes an entry of three lines, and 30 a further line', async () => {
    const [three, thirteen] = [await bytesOf(3), await bytesOf(13)]
    expect(three).toBeLessThanOrEqual(512)
    expect((thirteen - three) / 10).toBeLessThanOrEqual(30)
  })

  it('takes 12 bytes more for a lot touched', async () => {
    const object = await newObject()
    const length = async (lots: number) => {
      for (let i = 0; i < lots; i++) {
        await object.send(give(10, NOON + (i + 1) * DAY_MS))
      }
      await object.send(redeem(lots * 10))
      const [row] = await object.sql(
        'SELECT length(body) AS n FROM entries ORDER BY seq DESC LIMIT 1',
      )
      return Number(row!.n)
    }
    expect(((await length(40)) - (await length(10))) / 30).toBeLessThanOrEqual(12)
  })

  it('takes 32 KB and 8 tables and indexes for a member who has nothing yet', async () => {
    const object = await newObject()
    expect(await sizeOf(object)).toBeLessThanOrEqual(32 * 1024)
    const made = await object.sql("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
    expect(made.length).toBeLessThanOrEqual(8)
  })
})
