import { prorate } from '../program/arithmetic'
import type { DayCount } from '../program/tier'
import { fail, ok, type Result } from '../result'
import { couponsOf } from './coupon'
import { type Journal, minus, retier, spendable, take, write } from './journal'
import { type Actor, type Entry, type Lot } from './ledger'
import { type History, orderThread } from './thread'
import {
  keepRefund,
  keptOf,
  type Order,
  orderOf,
  partOf,
  type RefundRequest,
  type Share,
  shareOf,
  VOIDING,
} from './order'
import { limitOf } from './redeem'
import { giveBack, returnedOf, unreturnedOf } from './restore'

/** How many entries one order may gather: it bounds what a refund reads. */
const THREAD_MAX = 1000

/**
 * Takes back what a purchase earned, in proportion to what came back, and returns the points that it was paid with:
 * cumulative, by the award's own figures, never by today's rules. Answers the first entry of a refund booked before.
 */
export function refund(
  journal: Journal,
  request: RefundRequest,
  actor: Actor,
  history: History,
  { isVoid = false, reopened = [] }: { isVoid?: boolean; reopened?: readonly Entry[] } = {},
): Result<Entry | null> {
  const thread = history.thread(orderThread(request.orderId))
  const order = orderOf(thread)
  if (!order) {
    return fail('not_found', `This member has no purchase ${request.orderId}.`)
  }
  const first = order.refunds.find((entry) => entry.reference === request.refundId)
  if (first) {
    return ok(first)
  }
  if (thread.length >= THREAD_MAX) {
    return fail('limit_reached', `An order can have ${THREAD_MAX} entries.`)
  }
  const kept = keepRefund(order, request, journal.program.currency)
  if (!kept.ok) {
    return kept
  }
  const standing = order.standing.map(keptOf)
  const share = shareOf(order, [...standing, { ...kept.value, owed: 0 }])
  const taken = standing.reduce((sum, { owed }) => sum + owed, 0)
  const owed = Math.max(0, partOf(order.award.points, share) - taken)
  // Nothing more came back; but what a reversal gave back of a refund that overlapped others is still to be taken.
  // A void says that the sale is undone, though all of it was before.
  if (!isVoid && owed === 0 && share.num === shareOf(order, standing).num) {
    return ok(null)
  }
  for (const redemption of paying(order, thread, history, reopened)) {
    const { orderId, refundId: reference } = request
    const detail = isVoid ? limitOf(redemption) : {}
    const draft = { orderId, reference, actor, detail }
    returnSpent(journal, redemption, share, thread, history, draft)
  }
  const own = journal.state.lots.filter((lot) => lot.seq === order.award.seq)
  const { occurredAt = journal.now } = request
  const clawed = clawback(journal, own, isGone(order.award, occurredAt) ? 0 : owed, order.award, {
    occurredAt,
    reference: request.refundId,
    count: countOf(order, share, owed, thread),
    detail: { refund: { ...kept.value, owed } },
    actor,
  })
  retier(journal, journal.now, { cause: clawed })
  return ok(null)
}

/** Whether points had lapsed when they were booked that were there at an instant: the lapse has taken them already. */
const isGone = ({ lot, recordedAt }: Entry, at: number): boolean =>
  lot !== null && lot.expiresAt <= recordedAt && at < lot.expiresAt

/** Undoes a refund that failed or a dispute that was won, or with an undone import. Answers the first entry of a reversal booked before. */
export function reverseRefund(
  journal: Journal,
  refunded: Entry,
  actor: Actor,
  history: History,
  { isUndo = false } = {},
): Result<Entry | null> {
  const thread = history.thread(orderThread(refunded.orderId!))
  const first = thread.find((entry) => entry.kind === 'restore' && entry.ref === refunded.seq)
  if (first) {
    return ok(first)
  }
  const { count, reference, debt } = refunded
  const order = orderOf(thread)!
  if (order.refunds.some((entry) => entry.reference === VOIDING)) {
    return fail('already_exists', 'A sale that was undone stays so.')
  }
  const others = order.standing.filter(({ seq }) => seq !== refunded.seq)
  const share = shareOf(order, others.map(keptOf))
  const given = giveBack(journal, refunded, { lots: takenBy(refunded), loose: debt }, history, {
    reference,
    count: count && [count[0], 0 - count[1], 0 - count[2], ordersBy(share, thread)],
    detail: { reversal: true, ...(isUndo && { undo: true }) },
    actor,
  })
  // An order, or the refund itself, may have been undone and booked anew: there was one of that id before.
  const undone = thread.findLast((e) => e.detail.undo && e.reference === reference && e !== given)
  const since = thread.filter(({ seq }) => seq > Math.max(order.award.seq, undone?.seq ?? 0))
  for (const restore of since.filter((entry) => isUndone(entry, refunded, thread))) {
    const { lots, loose } = returnedOf(restore)
    const lived = lots.filter(([seq]) => isLiveBy(restore, seq, history))
    const own = spendable(journal).filter(
      ({ seq }) => seq === restore.seq || lived.some(([other]) => other === seq),
    )
    const points = lived.reduce((sum, [, each]) => sum + each, loose)
    if (points > 0) {
      clawback(journal, own, points, restore, { occurredAt: journal.now, reference, actor })
    }
  }
  retier(journal, journal.now, { cause: given })
  return ok(null)
}

/** Whether points that a restore returned to a lot lived then: what it does not name paid debt, or is in a lot of its own. */
function isLiveBy(restore: Entry, seq: number, history: History): boolean {
  const change = restore.lots.find(([each]) => each === seq)
  const [, , , expiresAt = history.entry(seq)!.lot!.expiresAt] = change ?? []
  return change === undefined || expiresAt > restore.recordedAt
}

const takenBy = (clawed: Entry) => clawed.lots.map(([seq, points]) => [seq, -points] as const)

/** Whether a refund's reversal takes this restore back: the refund wrote it, and its redemption still stands. */
const isUndone = (entry: Entry, refunded: Entry, thread: readonly Entry[]): boolean =>
  entry.kind === 'restore' &&
  entry.reference === refunded.reference &&
  !entry.detail.reversal &&
  !thread.some(
    (other) => other.kind === 'restore' && other.detail.reversal && other.ref === entry.ref,
  )

/** The redemptions that paid an order: its own, and those of coupons that were used for it and not opened again. */
function paying(
  order: Order,
  thread: readonly Entry[],
  history: History,
  reopened: readonly Entry[],
): Entry[] {
  const coupons = couponsOf(thread, history)
  const open = new Set(reopened.map(({ seq }) => seq))
  return [...order.redemptions, ...coupons.filter(({ seq }) => !open.has(seq))]
}

/** Returns, of the points that a redemption paid an order with, the part that came back. */
function returnSpent(
  journal: Journal,
  redemption: Entry,
  share: Share,
  thread: readonly Entry[],
  history: History,
  draft: Parameters<typeof giveBack>[4],
): void {
  const { lots, loose } = unreturnedOf(redemption, thread)
  const weights = [...lots.map(([, points]) => points), loose]
  const left = weights.reduce((sum, weight) => sum + weight, 0)
  const points = partOf(-redemption.points, share) - (-redemption.points - left)
  if (points > 0) {
    const shares = prorate(points, weights)
    const back = lots.map(([seq], i) => [seq, shares[i]!] as const)
    giveBack(journal, redemption, { lots: back, loose: shares.at(-1)! }, history, draft)
  }
}

/** Takes points back: from the lots named, then by expiry from other active ones; never held. The rest is owed or dropped. */
export function clawback(
  journal: Journal,
  own: readonly Lot[],
  points: number,
  cause: Entry,
  draft: Partial<Entry> & { occurredAt: number },
): Entry {
  const others = spendable(journal).filter((lot) => !own.some(({ seq }) => seq === lot.seq))
  const { given, missing } = take([...own, ...others], points)
  const debt = journal.program.clawback === 'debt' ? missing : 0
  return write(journal, {
    ...draft,
    kind: 'clawback',
    points: missing - points - debt,
    lots: minus(given),
    debt,
    ref: cause.seq,
    orderId: cause.orderId,
  })
}

/** What the refund takes from the figures that tiers count: the base in proportion, the order itself with its last part. */
function countOf(
  order: Order,
  share: Share,
  owed: number,
  thread: readonly Entry[],
): DayCount | null {
  const { count } = order.award
  if (!count) {
    return null
  }
  const taken = order.standing.reduce((sum, entry) => sum - (entry.count?.[1] ?? 0), 0)
  const spend = Math.max(0, partOf(count[1], share) - taken)
  return [count[0], 0 - spend, 0 - owed, ordersBy(share, thread)]
}

/** What brings the count of an order to 0 where all of it came back, and to 1 where not. */
const ordersBy = ({ num, den }: Share, thread: readonly Entry[]): number =>
  (num === den ? 0 : 1) - thread.reduce((sum, entry) => sum + (entry.count?.[3] ?? 0), 0)
