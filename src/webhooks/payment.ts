import type { Fact, Payer } from './provider'

type Paid = Extract<Fact, { kind: 'paid' }>

interface Dispute {
  amount: number
  isOpen: boolean
  at: number
}

/** All that is known of one payment, in whatever order it became known. */
export interface Payment {
  paid: Paid | null
  /** The last word on how much was refunded altogether. */
  refunded: { amount: number; at: number }
  /** Refunds that did not reach the payer, by id. */
  failed: Record<string, { amount: number; at: number }>
  /** The last word on each dispute, by id. */
  disputes: Record<string, Dispute>
}

/** A payment of which nothing is known. */
export const unknown: Payment = {
  paid: null,
  refunded: { amount: 0, at: 0 },
  failed: {},
  disputes: {},
}

/** What is known after one more fact. The same fact once more, and in any order, comes to the same. */
export const learn = (payment: Payment, fact: Fact): Payment => join(payment, only(fact))

/** What one fact says by itself. */
function only(fact: Fact): Payment {
  switch (fact.kind) {
    case 'paid':
      return { ...unknown, paid: fact }
    case 'refunded':
      return { ...unknown, refunded: { amount: fact.amount, at: fact.at } }
    case 'refundFailed':
      return { ...unknown, failed: { [fact.refundId]: { amount: fact.amount, at: fact.at } } }
    case 'disputed': {
      const { disputeId, amount, isOpen, at } = fact
      return { ...unknown, disputes: { [disputeId]: { amount, isOpen, at } } }
    }
  }
}

/** What two sources know of one payment, together. Which of them is named first changes nothing. */
export const join = (a: Payment, b: Payment): Payment => ({
  paid: a.paid && b.paid ? joinPaid(a.paid, b.paid) : (a.paid ?? b.paid),
  // Of one second the larger sum is the later.
  refunded: later(a.refunded, b.refunded, ({ amount }) => amount),
  failed: joinEach(a.failed, b.failed, (x, y) => ({
    amount: Math.max(x.amount, y.amount),
    at: Math.min(x.at, y.at),
  })),
  // Of one second the end is the last word.
  disputes: joinEach(a.disputes, b.disputes, (x, y) =>
    later(x, y, ({ isOpen, amount }) => (isOpen ? amount - Number.MAX_SAFE_INTEGER : amount + 1)),
  ),
})

/** An intent and its charge tell of one payment, each a part of who paid. */
const joinPaid = (a: Paid, b: Paid): Paid => ({
  kind: 'paid',
  amount: Math.max(a.amount, b.amount),
  currency: least(a.currency, b.currency),
  orderId: least(a.orderId, b.orderId),
  payer: joinPayers(a.payer, b.payer),
  at: Math.min(a.at, b.at),
})

const joinPayers = (a: Payer, b: Payer): Payer => ({
  memberId: least(a.memberId, b.memberId),
  customerId: least(a.customerId, b.customerId),
  email: least(a.email, b.email),
  phone: least(a.phone, b.phone),
})

/** The one that is there; of two that differ always the same one. */
function least<T extends string | null>(a: T, b: T): T {
  if (a === null || b === null) {
    return a ?? b
  }
  return a < b ? a : b
}

/** What was said later; of one second what has the greater rank. */
const later = <T extends { at: number }>(a: T, b: T, rankOf: (each: T) => number): T =>
  b.at > a.at || (b.at === a.at && rankOf(b) > rankOf(a)) ? b : a

function joinEach<T>(
  a: Record<string, T>,
  b: Record<string, T>,
  joinTwo: (a: T, b: T) => T,
): Record<string, T> {
  const joined = { ...a }
  for (const [id, each] of Object.entries(b)) {
    joined[id] = Object.hasOwn(a, id) ? joinTwo(a[id]!, each) : each
  }
  return joined
}

/** How much of a payment has gone back, or is taken by disputes: never more than was paid. */
export function goneOf({ paid, refunded, failed, disputes }: Payment): number {
  // What a sum said later counts a refund that had failed no more.
  const lost = Object.values(failed)
    .filter(({ at }) => at >= refunded.at)
    .reduce((sum, { amount }) => sum + amount, 0)
  const disputed = Object.values(disputes)
    .filter(({ isOpen }) => isOpen)
    .reduce((sum, { amount }) => sum + amount, 0)
  const gone = Math.max(0, refunded.amount - lost) + disputed
  return paid ? Math.min(paid.amount, gone) : gone
}
