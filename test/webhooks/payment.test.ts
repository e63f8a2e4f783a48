import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  foreignOf,
  goneOf,
  join,
  learn,
  type Payment,
  readPayment,
  unknown,
} from '../../src/webhooks/payment'
import type { Fact } from '../../src/webhooks/provider'

const paid: Fact = {
  kind: 'paid',
  amount: 1000,
  currency: 'CNY',
  orderId: null,
  payer: { memberId: null, customerId: null, email: null, phone: null },
  at: 10,
}
const CNY = { currency: 'CNY' }
const USD = { currency: 'USD' }
const refunded = (amount: number, at: number, { currency } = CNY): Fact => ({
  kind: 'refunded',
  amount,
  currency,
  at,
})
const failed = (refundId: string, amount: number, at: number, { currency } = CNY): Fact => ({
  kind: 'refundFailed',
  refundId,
  amount,
  currency,
  at,
})
const disputed = (
  isOpen: boolean,
  at: number,
  amount = 1000,
  { disputeId = 'd', currency = 'CNY' } = {},
): Fact => ({ kind: 'disputed', disputeId, amount, currency, isOpen, at })

const known = (...facts: Fact[]): Payment => facts.reduce(learn, unknown)
const gone = (...facts: Fact[]): number => goneOf(known(...facts))

const small = fc.integer({ min: 0, max: 5 })
const currency = fc.constantFrom('CNY', 'USD')
const words = fc.option(fc.constantFrom('a', 'b'))
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({
    kind: fc.constant('paid' as const),
    amount: small,
    currency,
    orderId: words,
    payer: fc.record({ memberId: words, customerId: words, email: words, phone: words }),
    at: small,
  }),
  fc.record({ kind: fc.constant('refunded' as const), amount: small, currency, at: small }),
  fc.record({
    kind: fc.constant('refundFailed' as const),
    refundId: fc.constantFrom('r', 's'),
    amount: small,
    currency,
    at: small,
  }),
  fc.record({
    kind: fc.constant('disputed' as const),
    disputeId: fc.constantFrom('d', 'e', '__proto__'),
    amount: small,
    currency,
    isOpen: fc.boolean(),
    at: small,
  }),
)

describe('what is known of a payment', () => {
  it('does not depend on the order of what is told, nor on how often', () => {
    const told = fc.array(fact, { maxLength: 12 }).chain((facts) =>
      fc.tuple(
        fc.constant(facts),
        fc
          .array(fc.nat(), { maxLength: 6 })
          .map((again) => [...facts, ...again.flatMap((i) => facts[i % (facts.length || 1)] ?? [])])
          .chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
      ),
    )
    fc.assert(
      fc.property(told, ([facts, others]) => {
        expect(known(...others)).toEqual(known(...facts))
      }),
      { numRuns: 1000 },
    )
  })

  it('is the same when it was gathered under two ids', () => {
    const facts = fc.array(fact, { maxLength: 8 })
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        expect(join(known(...a), known(...b))).toEqual(known(...a, ...b))
        expect(join(known(...b), known(...a))).toEqual(known(...a, ...b))
      }),
    )
  })

  it('is told who paid by an intent and its charge together', () => {
    const payer = { memberId: null, customerId: 'cus_1', email: null, phone: null }
    const charge = { ...paid, payer: { ...payer, customerId: null, email: 'a@example.com' } }
    const intent = { ...paid, orderId: 'SO-1', payer }
    for (const facts of [
      [charge, intent],
      [intent, charge],
    ]) {
      const all = known(...(facts as Fact[])).paid
      expect(all).toMatchObject({
        orderId: 'SO-1',
        payer: { customerId: 'cus_1', email: 'a@example.com' },
      })
    }
  })
})

describe('what has gone back', () => {
  it('is the last sum, never more than was paid', () => {
    expect(gone(paid)).toBe(0)
    expect(gone(paid, refunded(200, 20), refunded(500, 30))).toBe(500)
    expect(gone(paid, refunded(500, 30), refunded(200, 20))).toBe(500)
    expect(gone(paid, refunded(500, 20), refunded(200, 20))).toBe(500)
    expect(gone(paid, refunded(1500, 20))).toBe(1000)
    expect(gone(refunded(1500, 20))).toBe(0)
  })

  it('does not count a refund that failed', () => {
    expect(gone(paid, refunded(300, 20), failed('r', 300, 25))).toBe(0)
    expect(gone(paid, refunded(300, 20), failed('r', 300, 20))).toBe(0)
    expect(gone(paid, refunded(500, 20), failed('r', 300, 25), failed('r', 300, 26))).toBe(200)
    expect(gone(paid, failed('r', 300, 25))).toBe(0)
  })

  it('does not subtract a failure that a later sum has left out already', () => {
    expect(gone(paid, refunded(300, 20), failed('r', 300, 25), refunded(100, 30))).toBe(100)
    expect(gone(paid, refunded(100, 30), refunded(300, 20), failed('r', 300, 25))).toBe(100)
  })

  it.each<[string, number, Fact[]]>([
    ['cannot hold it', 200, [refunded(200, 22)]],
    ['is of as much, made anew', 300, [refunded(300, 20), refunded(300, 22)]],
    ['is of more, made anew', 400, [refunded(300, 20), refunded(400, 22)]],
    ['is the first', 200, [refunded(500, 22)]],
    ['is the first of so much', 400, [refunded(200, 20), refunded(700, 22)]],
    ['is of less, made anew', 200, [refunded(300, 20), refunded(200, 22)]],
  ])('goes by the sum of the second in which a refund fails: it %s', (_, left, sums) => {
    const facts = [paid, ...sums, failed('r', 300, 22)]
    expect(gone(...facts)).toBe(left)
    expect(gone(...facts.toReversed(), ...facts)).toBe(left)
  })

  it('counts a dispute until it is won', () => {
    expect(gone(paid, disputed(true, 20))).toBe(1000)
    expect(gone(paid, disputed(true, 20), disputed(false, 30))).toBe(0)
    expect(gone(paid, disputed(false, 30), disputed(true, 20))).toBe(0)
    expect(gone(paid, disputed(false, 20), disputed(true, 20))).toBe(0)
    expect(gone(paid, disputed(true, 20), disputed(true, 30, 600))).toBe(600)
  })

  it('adds refunds and disputes', () => {
    expect(gone(paid, refunded(300, 20), disputed(true, 25, 400))).toBe(700)
    expect(gone(paid, refunded(300, 20), disputed(true, 25, 1000))).toBe(1000)
    expect(gone(paid, disputed(true, 25, 100), disputed(true, 25, 200, { disputeId: 'e' }))).toBe(
      300,
    )
  })
})

describe('what has gone back in another currency', () => {
  const inEur = { currency: 'EUR' }

  it.each<[string, number, string[], Fact[]]>([
    ['a sum', 0, ['USD'], [refunded(300, 20, USD)]],
    ['a later sum', 300, ['USD'], [refunded(300, 20), refunded(100, 30, USD)]],
    ['a failure', 300, ['USD'], [refunded(300, 20), failed('r', 300, 30, USD)]],
    ['several sums', 0, ['EUR', 'USD'], [refunded(1, 20, USD), refunded(1, 20, inEur)]],
    ['a sum before one in its own', 300, [], [refunded(100, 20, USD), refunded(300, 30)]],
    ['a failure before a sum', 300, [], [failed('r', 1, 20, USD), refunded(300, 30)]],
    ['an ended dispute', 0, [], [disputed(true, 20, 140, USD), disputed(false, 30, 140, USD)]],
    ['the end alone', 0, [], [disputed(true, 20, 400), disputed(false, 30, 140, USD)]],
    ['all but the end', 0, [], [disputed(true, 20, 140, USD), disputed(false, 30, 400)]],
    // How much of the payment it is about nobody says: all of it.
    ['a dispute', 1000, [], [disputed(true, 20, 140, USD)]],
    ['a dispute, later', 1000, [], [disputed(true, 20, 400), disputed(true, 30, 140, USD)]],
    ['a sum and a dispute', 1000, ['USD'], [refunded(1, 20, USD), disputed(true, 20, 1, inEur)]],
  ])(
    'takes nothing, but for a dispute, and gives back nothing that is not over: %s',
    (_, left, foreign, facts) => {
      for (const told of [
        [paid, ...facts],
        [...facts.toReversed(), paid],
      ]) {
        expect([gone(...told), foreignOf(known(...told))]).toEqual([left, foreign])
      }
    },
  )
})

describe('what was kept before there were currencies', () => {
  const old = {
    refunded: { amount: 300, at: 20 },
    failed: {},
    disputes: { d: { amount: 100, isOpen: true, at: 20 } },
  }

  it.each([paid, null])('is in that of the payment, told of %j', (told) => {
    const kept = readPayment({ paid: told as never, ...old })
    const facts = [paid, refunded(300, 20), refunded(500, 30), failed('r', 200, 40)]
    const now = facts.reduce(learn, kept)
    expect([goneOf(learn(kept, paid)), goneOf(now), foreignOf(now)]).toEqual([400, 400, []])
    expect(readPayment(now)).toEqual(now)
  })
})
