import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { chain, GENESIS } from '../../src/ledger/chain'
import { readEntries } from '../../src/ledger/entries'
import { newObject, outcomes, receiptOf, type TestObject, unknownObject } from './objects'
import { at, DAY_MS, levelOf, NOON, programOf, purchaseOf, tiersOf } from './world'

const redeem = (points: number) => ({ type: 'redeem', request: { points } }) as const
const give = (points: number, expiresAt?: number) =>
  ({ type: 'adjust', request: { points, reason: 'gift', expiresAt, allowDebt: false } }) as const
const fifty = Array.from({ length: 50 }, (_, i) => i)

describe('an unknown member', () => {
  it('is not made by a call, and leaves nothing behind', async () => {
    const object = unknownObject()
    await expect(object.send(purchaseOf('o1', 100))).rejects.toThrow('unknown')
    expect(await object.stub.read({ type: 'balance' }, object.program)).toBe('unknown')
    expect(await object.stub.unprojected(0)).toBe(null)
    await object.stub.settle(object.program)
    expect(await object.sql('SELECT name FROM sqlite_master')).toEqual([])
    const alarm = await runInDurableObject(object.stub, (_, state) => state.storage.getAlarm())
    expect(alarm).toBe(null)
  })
})

describe('enrolment', () => {
  it('starts in the lowest tier with nothing', async () => {
    const object = await newObject()
    expect(await object.ask({ type: 'balance' })).toEqual({
      balance: { balance: 0, available: 0, pending: 0, held: 0, debt: 0, nextExpiry: null },
      tier: {
        id: 'bronze',
        name: 'Bronze',
        next: { id: 'silver', remaining: 200_000 },
        falls: null,
      },
      seq: 0,
    })
  })

  it('changes nothing when it comes again', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const before = await object.dump()
    await object.stub.enrol(object.memberId, object.program)
    expect(await object.dump()).toEqual(before)
  })
})

describe('an Idempotency-Key', () => {
  it('gives the same reply for the same command and writes nothing', async () => {
    const object = await newObject()
    const first = await object.send(purchaseOf('o1', 100), 'k')
    await object.send(redeem(40))
    const before = await object.dump()
    const again = await object.send(purchaseOf('o1', 100), 'k')
    expect(again).toEqual({ ...first, replayed: true })
    expect(await object.dump()).toEqual(before)
  })

  it.each([
    ['9999-12-31T23:59:59Z', 'with seconds that could be milliseconds'],
    ['2027-01-01T00:00:00.123Z', 'with milliseconds'],
  ])('gives the same end of points, %s', async (time) => {
    const object = await newObject()
    const request = { points: 5, reason: 'never', expiresAt: at(time), allowDebt: false }
    const first = await object.send({ type: 'adjust', request }, 'k')
    expect(receiptOf(first).balance.nextExpiry?.at).toBe(new Date(at(time)).toISOString())
    const again = await object.send({ type: 'adjust', request }, 'k')
    expect(again).toEqual({ ...first, replayed: true })
  })

  it('survives that the object is evicted, as everything does', async () => {
    const object = await newObject()
    const first = await object.send(purchaseOf('o1', 100), 'k')
    await object.send({ type: 'hold', request: { points: 30, expiresInSeconds: 900 } })
    const before = await object.ask({ type: 'balance' })
    await evictDurableObject(object.stub)
    expect(await object.ask({ type: 'balance' })).toEqual(before)
    expect(await object.send(purchaseOf('o1', 100), 'k')).toEqual({ ...first, replayed: true })
    expect(outcomes([await object.send(redeem(71))])).toEqual({ insufficient_points: 1 })
    expect(outcomes([await object.send(redeem(70))])).toEqual({ ok: 1 })
  })

  it('gives the same reply although points have lapsed since', async () => {
    const object = await newObject()
    const first = await object.send(give(50, NOON + 1_000), 'k')
    object.at(NOON + DAY_MS)
    expect(await object.send(give(50, NOON + 1_000), 'k')).toEqual({ ...first, replayed: true })
  })

  it('is refused for another command', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100), 'k')
    const before = await object.dump()
    const replies = [
      await object.send(purchaseOf('o1', 101), 'k'),
      await object.send(redeem(10), 'k'),
    ]
    expect(outcomes(replies)).toEqual({ idempotency_key_reused: 2 })
    expect(await object.dump()).toEqual(before)
  })

  it('remembers that points were missing, though there are some later', async () => {
    const object = await newObject()
    const refused = await object.send(redeem(10), 'k')
    expect(outcomes([refused])).toEqual({ insufficient_points: 1 })
    await object.send(purchaseOf('o1', 100))
    expect(await object.send(redeem(10), 'k')).toEqual({ ...refused, replayed: true })
    expect(await object.send(redeem(11), 'k')).toMatchObject({
      result: { failure: { code: 'idempotency_key_reused' } },
    })
  })

  it('does not remember what was not found or not valid', async () => {
    const object = await newObject()
    const refund = { type: 'refund', request: { refundId: 'r', orderId: 'o1', amount: 1 } } as const
    expect(outcomes([await object.send(refund, 'k')])).toEqual({ not_found: 1 })
    const dollars = purchaseOf('o1', 100, { currency: 'USD' })
    expect(outcomes([await object.send(dollars, 'l')])).toEqual({ validation_failed: 1 })
    await object.send(purchaseOf('o1', 100), 'l')
    expect(outcomes([await object.send(refund, 'k')])).toEqual({ ok: 1 })
  })

  it('remembers that there was nothing left to refund', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const refund = (refundId: string) =>
      ({ type: 'refund', request: { refundId, orderId: 'o1', amount: 10_000 } }) as const
    await object.send(refund('r1'))
    const first = await object.send(refund('r2'), 'k')
    expect(receiptOf(first).entries).toEqual([])
    await object.send(purchaseOf('o2', 5))
    expect(await object.send(refund('r2'), 'k')).toEqual({ ...first, replayed: true })
  })
})

describe('a natural key', () => {
  it('takes what a sale leaves out for what the program says', async () => {
    const object = await newObject()
    const lines = [{ sku: 'TEA', quantity: 1, amount: 10_000, tax: 1_000 }]
    const sale = { lines, total: undefined }
    const first = await object.send(purchaseOf('o1', 0, sale), 'k')
    const told = await object.send(purchaseOf('o1', 0, { ...sale, taxIncluded: true }), 'other')
    expect(told).toEqual({ ...first, replayed: true })
    const other = await object.send(purchaseOf('o1', 0, { ...sale, taxIncluded: false }), 'third')
    expect(outcomes([other])).toEqual({ already_exists: 1 })
  })

  it('gives the first receipt for the same order under another key, whatever the channel', async () => {
    const object = await newObject()
    const first = await object.send(purchaseOf('o1', 200), 'one')
    const second = await object.send(purchaseOf('o1', 200, { channel: 'webhook' }), 'two')
    expect(second).toEqual({ ...first, replayed: true })
    expect(await object.send(purchaseOf('o1', 200, { channel: 'webhook' }), 'two')).toEqual(second)
    expect((await object.ask({ type: 'balance' })).balance.balance).toBe(200)
  })

  it('is the same for a sale that says its defaults, and when and where it was', async () => {
    const object = await newObject()
    const line = { sku: 'TEA-1', quantity: 1, amount: 12_900 }
    const plain = purchaseOf('o1', 0, { lines: [line], total: undefined })
    const first = await object.send(plain)
    const told = {
      lines: [{ ...line, lineId: '1', tax: 0, discount: 0 }],
      total: 12_900,
      shipping: 0,
      tax: 0,
      taxIncluded: true,
      payments: [{ method: 'card', amount: 12_900 }],
      channel: 'webhook' as const,
      storeId: 'north',
      terminalId: '7',
      occurredAt: NOON - 60_000,
    }
    expect(await object.send(purchaseOf('o1', 0, told))).toEqual({ ...first, replayed: true })
    const others = [
      { lines: [{ ...line, sku: 'TEA-2' }] },
      { lines: [{ ...line, amount: 12_901 }], total: 12_901, payments: [] },
      { shipping: 1, total: 12_901, payments: [] },
      { payments: [{ method: 'gift_card', amount: 12_900 }] },
      { tax: 1 },
    ]
    for (const other of others) {
      const reply = await object.send(purchaseOf('o1', 0, { ...told, ...other }))
      expect(outcomes([reply])).toEqual({ already_exists: 1 })
    }
  })

  it('refuses the same order with other content, and remembers it', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 200))
    const refused = await object.send(purchaseOf('o1', 100), 'k')
    expect(outcomes([refused])).toEqual({ already_exists: 1 })
    expect(await object.send(purchaseOf('o1', 100), 'k')).toEqual({ ...refused, replayed: true })
  })

  it('holds for refunds, reversals and activities', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 200))
    const refund = { refundId: 'r1', orderId: 'o1', amount: 5_000 }
    const commands = [
      { type: 'refund', request: refund },
      { type: 'reverseRefund', refundId: 'r1' },
      { type: 'activity', request: { type: 'review', reference: 'TEA-1' } },
      { type: 'activity', request: { type: 'check-in' } },
    ] as const
    for (const command of commands) {
      const first = await object.send(command)
      expect(receiptOf(first).entries).not.toEqual([])
      expect(await object.send(command)).toEqual({ ...first, replayed: true })
    }
    const other = { type: 'refund', request: { ...refund, amount: 1 } } as const
    expect(outcomes([await object.send(other)])).toEqual({ already_exists: 1 })
  })
})

describe('calls at once', () => {
  it('give exactly ten of fifty redeems their points', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const replies = await Promise.all(fifty.map(() => object.send(redeem(10))))
    expect(outcomes(replies)).toEqual({ ok: 10, insufficient_points: 40 })
    expect((await object.ask({ type: 'balance' })).balance.available).toBe(0)
  })

  it('give one entry and fifty equal replies for fifty copies of one award', async () => {
    const object = await newObject()
    const replies = await Promise.all(fifty.map(() => object.send(purchaseOf('o1', 100), 'k')))
    expect(new Set(replies.map(({ result }) => JSON.stringify(result))).size).toBe(1)
    expect(replies.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await object.ask({ type: 'entries', before: 1_000, limit: 10 })).toHaveLength(1)
  })

  it('see a hold at once', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const hold = { type: 'hold', request: { points: 100, expiresInSeconds: 900 } } as const
    const replies = await Promise.all([
      object.send(hold),
      object.send(hold),
      object.send(redeem(1)),
    ])
    expect(outcomes(replies)).toEqual({ ok: 1, insufficient_points: 2 })
  })
})

describe('what is due', () => {
  const lapse = async (look: (object: TestObject) => Promise<unknown>) => {
    const object = await newObject()
    await object.send(give(150, NOON + DAY_MS))
    object.at(NOON + 3 * DAY_MS)
    await look(object)
    object.at(NOON + 4 * DAY_MS)
    const [last] = await object.ask({ type: 'entries', before: 1_000, limit: 1 })
    return { ...last, recordedAt: undefined }
  }

  it('is done in the same way by the cron, by a reader and by a command, late or not', async () => {
    const all = [
      await lapse((object) => object.stub.settle(object.program)),
      await lapse((object) => object.ask({ type: 'balance' })),
      await lapse((object) => object.send(redeem(1))),
      await lapse(() => Promise.resolve()),
    ]
    expect(all[0]).toMatchObject({ kind: 'expire', points: -150, seq: 2 })
    expect(all).toEqual([all[0], all[0], all[0], all[0]])
  })

  it('is done although the command is refused', async () => {
    const object = await newObject()
    await object.send(give(150, NOON + DAY_MS))
    object.at(NOON + 3 * DAY_MS)
    expect(outcomes([await object.send(redeem(100))])).toEqual({ insufficient_points: 1 })
    expect(await object.sql('SELECT seq FROM entries')).toHaveLength(2)
  })

  it('is not part of the receipt of the command that came after it', async () => {
    const object = await newObject()
    await object.send(give(150, NOON + DAY_MS))
    object.at(NOON + 3 * DAY_MS)
    const first = await object.send(give(5), 'k')
    expect(receiptOf(first).entries.map(({ kind }) => kind)).toEqual(['adjust'])
    expect(await object.send(give(5), 'k')).toEqual({ ...first, replayed: true })
  })
})

describe('time', () => {
  it('never runs backwards for one member', async () => {
    const object = await newObject()
    await object.send(give(10))
    await evictDurableObject(object.stub)
    object.at(NOON - DAY_MS)
    await object.send(give(10))
    const entries = await object.ask({ type: 'entries', before: 1_000, limit: 10 })
    expect(new Set(entries.map(({ recordedAt }) => recordedAt)).size).toBe(1)
  })

  it('is refused by an object that has seen a later one of its test program', async () => {
    const object = await newObject()
    await object.send(give(10))
    object.at(NOON + DAY_MS)
    await object.ask({ type: 'balance' })
    const before = await object.dump()
    object.at(NOON + DAY_MS - 1)
    await expect(object.send(give(10))).rejects.toThrow('stale')
    expect(await object.stub.settle(object.program)).toBe('stale')
    expect(await object.dump()).toEqual(before)
  })

  it('is asked about: a balance as it was, and as it will be', async () => {
    const object = await newObject()
    const balanceAt = async (time: number) =>
      (await object.ask({ type: 'balance', at: time })).balance.balance
    await object.send(give(100, NOON + 10 * DAY_MS))
    object.at(NOON + DAY_MS)
    await object.send(redeem(30))
    object.at(NOON + 2 * DAY_MS)
    expect(await balanceAt(NOON - 1)).toBe(0)
    expect(await balanceAt(NOON)).toBe(100)
    expect(await balanceAt(NOON + DAY_MS)).toBe(70)
    expect(await balanceAt(NOON + 10 * DAY_MS - 1)).toBe(70)
    expect(await balanceAt(NOON + 10 * DAY_MS)).toBe(0)
    object.at(NOON + 20 * DAY_MS)
    expect(await balanceAt(NOON + 9 * DAY_MS)).toBe(70)
    expect(await balanceAt(NOON + 11 * DAY_MS)).toBe(0)
  })
})

describe('a balance before new rules', () => {
  const levels = (silver: number) =>
    tiersOf([levelOf('bronze', 0), levelOf('silver', silver)], {
      window: { kind: 'rolling', months: 1 },
    })

  it.each([
    ['reached more', 20_000, 5_000, ['bronze', 'bronze', 'silver', 'silver', 'bronze']],
    ['reached less', 10_000, 20_000, ['silver', 'silver', 'bronze', 'bronze', 'bronze']],
  ])('is not judged by them: who %s by them', async (_, older, newer, expected) => {
    const object = await newObject({ ...programOf({ tiers: levels(older) }), clockMs: NOON })
    await object.send(purchaseOf('o1', 100))
    const publishedAt = NOON + 2 * DAY_MS
    const version = { ...programOf({ tiers: levels(newer) }), version: 2, publishedAt }
    object.program = { ...version, clockMs: NOON + 5 * DAY_MS }
    const tierAt = async (at: number) => (await object.ask({ type: 'balance', at })).tier.id
    const times = [NOON, publishedAt - 1, publishedAt, NOON + 5 * DAY_MS, NOON + 90 * DAY_MS]
    const tiers: string[] = []
    for (const time of times) {
      tiers.push(await tierAt(time))
    }
    expect(tiers).toEqual(expected)
    const [entry] = await object.ask({ type: 'entries', before: 1_000, limit: 1 })
    expect(entry).toMatchObject({ kind: 'tier', version: 2 })
  })
})

describe('case A6: what lapses by a day', () => {
  it('is seen by asking for the balance of that day', async () => {
    const object = await newObject({ ...programOf(), clockMs: at('2027-01-10T00:00:00Z') })
    await object.send(give(100, at('2027-02-01T00:00:00Z')))
    await object.send(give(200, at('2027-06-01T00:00:00Z')))
    await object.send(give(50, Number.MAX_SAFE_INTEGER))
    const lapsedBy = async (day: string) =>
      350 - (await object.ask({ type: 'balance', at: at(day) })).balance.balance
    expect(await lapsedBy('2027-03-01T00:00:00Z')).toBe(100)
    expect(await lapsedBy('2027-07-01T00:00:00Z')).toBe(300)
  })
})

describe('the chain', () => {
  const verify = (object: TestObject) =>
    runInDurableObject(object.stub, (_, state) => {
      const { sql } = state.storage
      const { value } = sql.exec<{ value: string }>('SELECT value FROM state').one()
      const { salt, head } = JSON.parse(value) as { salt: string; head: string }
      const hashes = sql.exec<{ hash: ArrayBuffer }>('SELECT hash FROM entries ORDER BY seq')
      let last: Uint8Array = GENESIS
      for (const entry of readEntries(sql, 0, 1_000)) {
        last = chain(last, entry, Buffer.from(salt, 'base64'))
        if (!Buffer.from(last).equals(Buffer.from(hashes.next().value!.hash))) {
          return entry.seq
        }
      }
      return head === Buffer.from(last).toString('base64') ? 'whole' : 'cut'
    })

  const filled = async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 3_000, { storeId: 'north' }))
    await object.send({ type: 'hold', request: { points: 5, orderId: 'o2', expiresInSeconds: 9 } })
    await object.send({ type: 'refund', request: { refundId: 'r', orderId: 'o1', amount: 77 } })
    await object.send({ type: 'activity', request: { type: 'review', reference: 'TEA-1' } })
    await object.send(give(5))
    object.at(NOON + DAY_MS)
    await object.ask({ type: 'balance' })
    return object
  }

  it('leads from the first entry to the head', async () => {
    expect(await verify(await filled())).toBe('whole')
  })

  it.each([
    ['points', 'UPDATE entries SET points = points + 1 WHERE seq = 3', 3],
    ['a time', 'UPDATE entries SET occurred_at = occurred_at - 1 WHERE seq = 4', 4],
    ['a text', `UPDATE entries SET texts = replace(texts, 'o1', 'o9') WHERE seq = 1`, 1],
    ['the detail', `UPDATE entries SET body = replace(body, 'north', 'south') WHERE seq = 1`, 1],
    ['the end', 'DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)', 'cut'],
  ])('shows where %s was changed', async (_, statement, where) => {
    const object = await filled()
    await object.sql(statement)
    expect(await verify(object)).toBe(where)
  })
})

describe('the version of the program', () => {
  it('never goes back for one member: an older one is refused, and nothing is changed', async () => {
    const object = await newObject()
    const older = object.program
    object.program = { ...older, version: 2 }
    await object.send(purchaseOf('o1', 100))
    const before = await object.dump()
    object.program = older
    await expect(object.send(redeem(10))).rejects.toThrow('stale')
    expect(await object.stub.read({ type: 'balance' }, older)).toBe('stale')
    await object.stub.settle({ ...older, clockMs: at('2099-01-01T00:00:00Z') })
    expect(await object.dump()).toEqual(before)
  })
})

describe('a fault in storage', () => {
  it('undoes what was settled before it, in memory too', async () => {
    const object = await newObject()
    await object.send(give(50, NOON + DAY_MS))
    await object.send(give(20))
    const before = await object.dump()
    await object.sql(
      "CREATE TRIGGER fault BEFORE INSERT ON entries WHEN new.kind = 5 BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    object.at(NOON + 2 * DAY_MS)
    await expect(object.send(redeem(10), 'k')).rejects.toThrow('disk full')
    await object.sql('DROP TRIGGER fault')
    expect(await object.dump()).toEqual(before)
    expect(receiptOf(await object.send(redeem(10), 'k'))).toMatchObject({
      entries: [{ seq: 4 }],
      balance: { available: 10 },
    })
    expect(await object.sql('SELECT count(*) AS n FROM entries')).toEqual([{ n: 4 }])
  })

  it('undoes the whole command, in memory too', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const before = await object.dump()
    await object.sql(
      "CREATE TRIGGER fault BEFORE UPDATE ON state BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    await expect(object.send(redeem(10), 'k')).rejects.toThrow('disk full')
    await object.sql('DROP TRIGGER fault')
    expect(await object.dump()).toEqual(before)
    expect(receiptOf(await object.send(redeem(10), 'k')).balance.available).toBe(90)
  })
})
