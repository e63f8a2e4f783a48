import { bookedOtherwise } from './call'
import { fail, ok, type Result } from '../result'
import { awardOrder } from './award'
import { type Proof, reopen, useCoupon, couponsOf } from './coupon'
import type { Journal } from './journal'
import { type Actor, type Entry } from './ledger'
import { type History, orderThread } from './thread'
import { awardOf, orderOf, VOIDING } from './order'
import { redeem } from './redeem'
import { refund } from './refund'
import { isWhole } from './restore'
import type { Purchase } from './schema'

/** What a sale is partly paid with: points, a reward's price, or a coupon. */
export type Payment =
  | { points: number }
  | { rewardId: string; expectedPoints?: number | undefined }
  | Proof

/** Books a sale at a till: first what it is paid with, then what it earns; all or nothing. */
export function sale(
  journal: Journal,
  { request, payment }: { request: Purchase; payment?: Payment | undefined },
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const thread = history.thread(orderThread(request.orderId))
  const first = awardOf(thread)
  if (!first.ok) {
    return first
  }
  if (first.value) {
    const isSame = payment === undefined || thread.some((entry) => isPaying(entry, payment))
    return isSame ? first : { ok: false, failure: bookedOtherwise }
  }
  if (payment) {
    const { orderId } = request
    const paid =
      'seq' in payment
        ? useCoupon(journal, { seq: payment.seq, orderId }, actor, history)
        : redeem(journal, { ...payment, orderId }, actor, history)
    if (!paid.ok) {
      return paid
    }
  }
  return awardOrder(journal, request, actor)
}

function isPaying({ kind, ref, points, detail }: Entry, payment: Payment): boolean {
  if ('seq' in payment) {
    return kind === 'use' && ref === payment.seq
  }
  if ('points' in payment) {
    return kind === 'redeem' && detail.rewardId === undefined && points === -payment.points
  }
  return kind === 'redeem' && detail.rewardId === payment.rewardId
}

/** Where a sale was made. */
export interface Till {
  storeId?: string | undefined
  terminalId?: string | undefined
}

/** Undoes a sale of the same till: what it earned is taken back, points and coupons that paid it are there again. */
export function voidSale(
  journal: Journal,
  { orderId, till }: { orderId: string; till: Till },
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const thread = history.thread(orderThread(orderId))
  const order = orderOf(thread)
  if (!order) {
    return fail('not_found', `This member has no purchase ${orderId}.`)
  }
  const { channel, storeId, terminalId } = order.award.detail
  if (channel !== 'pos' || storeId !== till.storeId || terminalId !== till.terminalId) {
    return fail('forbidden', 'The sale was made at another till. A refund undoes it.')
  }
  const first = order.refunds.find((entry) => entry.reference === VOIDING)
  if (first) {
    return ok(first)
  }
  // Of a coupon that is over, or whose points came back once, all comes back as points.
  const coupons = couponsOf(thread, history).filter(
    (redemption) => redemption.endsAt! > journal.now && isWhole(redemption, thread),
  )
  reopen(journal, coupons, orderId, actor)
  const request = { refundId: VOIDING, orderId, amount: order.total }
  return refund(journal, request, actor, history, { isVoid: true, reopened: coupons })
}
