import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goneOf, join, learn, type Payment, unknown } from '../../src/webhooks/payment'
import type { Fact } from '../../src/webhooks/provider'

const paid: Fact = {
  kind: 'paid',
  amount: 1000,
  currency: 'CNY',
  orderId: null,
  payer: { memberId: null, customerId: null, email: null, phone: null },
  at: 10,
}
const refunded = (amount: number, at: number): Fact => ({ kind: 'refunded', amount, at })
const failed = (refundId: string, amount: number, at: number): Fact => ({
  kind: 'refundFailed',
  refundId,
  amount,
  at,
})
const disputed = (isOpen: boolean, at: number, amount = 1000, disputeId = 'd'): Fact => ({
  kind: 'disputed',
  disputeId,
  amount,
  isOpen,
  at,
})

const known = (...facts: Fact[]): Payment => facts.reduce(learn, unknown)
const gone = (...facts: Fact[]): number => goneOf(known(...facts))

const small = fc.integer({ min: 0, max: 5 })
const words = fc.option(fc.constantFrom('a', 'b'))
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({
    kind: fc.constant('paid' as const),
    amount: small,
    currency: fc.constantFrom('CNY', 'USD'),
    orderId: words,
    payer: fc.record({ memberId: words, customerId: words, email: words, phone: words }),
    at: small,
  }),
  fc.record({ kind: fc.constant('refunded' as const), amount: small, at: small }),
  fc.record({
    kind: fc.constant('refundFailed' as const),
    refundId: fc.constantFrom('r', 's'),
    amount: small,
    at: small,
  }),
  fc.record({
    kind: fc.constant('disputed' as const),
    disputeId: fc.constantFrom('d', 'e'),
    amount: small,
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
    expect(gone(refunded(1500, 20))).toBe(1500)
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
    expect(gone(paid, disputed(true, 25, 100), disputed(true, 25, 200, 'e'))).toBe(300)
  })
})
