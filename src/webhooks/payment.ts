import type { Fact, Payer } from './provider'

type Paid = Extract<Fact, { kind: 'paid' }>

interface Said {
  amount: number
  at: number
}

interface Dispute extends Said {
  isOpen: boolean
}

/** What was told in one currency of what goes back of a payment. */
interface Gone {
  /** The last word on how much was refunded altogether. */
  refunded: Said
  /** The last word of an earlier second on the same. */
  before: Said
  /** Refunds that did not reach the payer, by id. */
  failed: Record<string, Said>
  /** The last word on each dispute, by id. */
  disputes: Record<string, Dispute>
}

/** All that is known of one payment, in whatever order it became known. */
export interface Payment {
  paid: Paid | null
  /** By the currency that it was told in: which of them is the payment's may be known last. */
  gone: Record<string, Gone>
}

const zero: Said = { amount: 0, at: 0 }
const nothing: Gone = { refunded: zero, before: zero, failed: {}, disputes: {} }

/** A payment of which nothing is known. */
export const unknown: Payment = { paid: null, gone: {} }

/** As payments were kept before what goes back of them had a currency. */
type Old = Pick<Payment, 'paid'> & Omit<Gone, 'before'>
/** Stands for the payment's own, where that was not known then. */
const UNTOLD = ''

/** What is known of a payment, as it was kept. */
export function readPayment(kept: Payment | Old): Payment {
  if ('gone' in kept) {
    return kept
  }
  const { paid, ...gone } = kept
  return { paid, gone: { [paid?.currency ?? UNTOLD]: { ...nothing, ...gone } } }
}

/** What is known after one more fact. The same fact once more, and in any order, comes to the same. */
export const learn = (payment: Payment, fact: Fact): Payment => join(payment, only(fact))

/** What one fact says by itself. */
function only(fact: Fact): Payment {
  if (fact.kind === 'paid') {
    return { ...unknown, paid: fact }
  }
  return { ...unknown, gone: { [fact.currency]: { ...nothing, ...goneBy(fact) } } }
}

function goneBy(fact: Exclude<Fact, Paid>): Partial<Gone> {
  const { amount, at } = fact
  switch (fact.kind) {
    case 'refunded':
      return { refunded: { amount, at } }
    case 'refundFailed':
      return { failed: { [fact.refundId]: { amount, at } } }
    case 'disputed':
      return { disputes: { [fact.disputeId]: { amount, isOpen: fact.isOpen, at } } }
  }
}

/** What two sources know of one payment, together. Which of them is named first changes nothing. */
export const join = (a: Payment, b: Payment): Payment => ({
  paid: a.paid && b.paid ? joinPaid(a.paid, b.paid) : (a.paid ?? b.paid),
  gone: joinEach(a.gone, b.gone, joinGone),
})

const joinGone = (a: Gone, b: Gone): Gone => ({
  ...lastTwo([a.refunded, a.before, b.refunded, b.before]),
  failed: joinEach(a.failed, b.failed, (x, y) => ({
    amount: Math.max(x.amount, y.amount),
    at: Math.min(x.at, y.at),
  })),
  // Of one second the end is the last word.
  disputes: joinEach(a.disputes, b.disputes, (x, y) =>
    later(x, y, ({ isOpen, amount }) => (isOpen ? amount - Number.MAX_SAFE_INTEGER : amount + 1)),
  ),
})

/** The last sum, and the last of an earlier second. */
function lastTwo(sums: Said[]): Pick<Gone, 'refunded' | 'before'> {
  // Of one second the larger sum is the later.
  const last = (some: Said[]) => some.reduce((x, y) => later(x, y, ({ amount }) => amount), zero)
  const refunded = last(sums)
  return { refunded, before: last(sums.filter(({ at }) => at < refunded.at)) }
}

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
  const joined = new Map(Object.entries(a))
  for (const [id, each] of Object.entries(b)) {
    const known = joined.get(id)
    joined.set(id, known === undefined ? each : joinTwo(known, each))
  }
  return Object.fromEntries(joined)
}

const total = (all: Said[]): number => all.reduce((sum, { amount }) => sum + amount, 0)

/** How much of a payment has gone back, or is taken by disputes, in its own currency: never more than was paid. */
export function goneOf(payment: Payment): number {
  const { paid } = payment
  if (paid === null) {
    return 0
  }
  // How much of it a dispute in another currency is about, nobody says.
  if (foreignIn(payment).some(([, { disputes }]) => openOf(payment, disputes).length > 0)) {
    return paid.amount
  }
  const { refunded, before, failed, disputes } = goneIn(payment, paid.currency)
  // A later sum counts a refund no more that had failed; whether one of the same second does, none says for sure. What was
  // refunded in an earlier second counts as left out already: a refund that is made anew is told of at once, and the sum
  // that Stripe tells of it is reduced. What an earlier sum cannot have held, and this one can, counts as held.
  const isHeld = ({ amount }: Said) => amount > before.amount && amount <= refunded.amount
  const lost = Object.values(failed).filter(
    (each) => each.at > refunded.at || (each.at === refunded.at && isHeld(each)),
  )
  const gone = Math.max(0, refunded.amount - total(lost)) + total(openOf(payment, disputes))
  return Math.min(paid.amount, gone)
}

/** Other currencies than the payment's in which something was refunded of it that was not told in its own since. */
export function foreignOf(payment: Payment): string[] {
  const { refunded } = goneIn(payment, payment.paid?.currency ?? UNTOLD)
  const isTold = ([, gone]: [string, Gone]) => {
    const sums = [gone.refunded, ...Object.values(gone.failed)]
    return total(sums.filter(({ at }) => at >= refunded.at)) > 0
  }
  const foreign = foreignIn(payment).filter(isTold)
  return foreign.map(([currency]) => currency).toSorted()
}

/** What was told in other currencies than the payment's. */
const foreignIn = ({ paid, gone }: Payment): [string, Gone][] =>
  Object.entries(gone).filter(
    ([currency]) => currency !== (paid?.currency ?? UNTOLD) && currency !== UNTOLD,
  )

const goneIn = ({ gone }: Payment, currency: string): Gone =>
  joinGone(gone[currency] ?? nothing, gone[UNTOLD] ?? nothing)

/** Those disputes that are open, by the last word in any currency. */
const openOf = ({ gone }: Payment, disputes: Gone['disputes']): Dispute[] =>
  Object.entries(disputes).flatMap(([id, each]) => {
    const words = Object.values(gone).flatMap((other) => other.disputes[id] ?? [])
    const isEnded = words.some(({ isOpen, at }) => !isOpen && at >= each.at)
    return each.isOpen && !isEnded ? [each] : []
  })
