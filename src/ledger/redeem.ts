import { couponEnd, offerOf } from '../program/reward'
import { fail, ok, type Result } from '../result'
import { COUPONS_MAX } from './coupon'
import { renewing } from './idle'
import { type Journal, minus, spendable, take, write } from './journal'
import type { Actor, Detail, Entry, State } from './ledger'
import { type History, orderThread, threadOf } from './thread'
import { crowded, isAwarded, isRedemption } from './order'
import { giveBack, unreturnedOf } from './restore'
import type { Redeem } from './schema'

/**
 * Spends points, or a reward's price, soonest expiry first; all or nothing. A reward without an order gives a coupon,
 * with one it is used for it.
 */
export function redeem(
  journal: Journal,
  request: Redeem,
  actor: Actor,
  history: History,
): Result<null> {
  const { rewardId, expectedPoints, orderId = null } = request
  const offered = rewardId === undefined ? null : offer(journal, rewardId, orderId === null)
  if (offered && !offered.ok) {
    return offered
  }
  const points = offered?.value.points ?? request.points!
  const { given, missing } = take(spendable(journal), points)
  if (missing > 0) {
    return shortOf(journal.state, points)
  }
  const refused = crowded(orderId, history)
  if (refused) {
    return refused
  }
  write(journal, {
    kind: 'redeem',
    occurredAt: journal.now,
    points: -points,
    lots: minus(given),
    endsAt: offered?.value.endsAt ?? null,
    orderId,
    detail: {
      ...(rewardId !== undefined && { rewardId }),
      ...(offered?.value.day && { day: offered.value.day }),
      ...(expectedPoints !== undefined && expectedPoints !== points && { expectedPoints }),
      ...renewing(journal, journal.now),
    },
    actor,
  })
  return ok(null)
}

/** What a reward costs now, and the end of its coupon if it gives one. */
function offer(
  { program, state, now }: Journal,
  rewardId: string,
  givesCoupon: boolean,
): Result<{ points: number; day: string | null; endsAt: number | null }> {
  const found = offerOf(program, rewardId, state, now)
  if (found === null) {
    return fail('not_found', `The program has no reward ${rewardId}.`)
  }
  if (!found.isOpen) {
    return fail('limit_reached', `${rewardId} cannot be redeemed now.`)
  }
  if (found.left === 0) {
    return fail('limit_reached', `The member has had ${rewardId} as often as it may be had.`)
  }
  if (givesCoupon && state.coupons.length >= COUPONS_MAX) {
    return fail('limit_reached', `A member can hold ${COUPONS_MAX} coupons at once.`)
  }
  const { points, day } = found
  const endsAt = givesCoupon ? couponEnd(program, program.rewards[rewardId]!, now) : null
  return ok({ points, day, endsAt })
}

/** What undoes that a redemption counts against the limit of its reward. */
export const limitOf = ({ detail: { rewardId, day } }: Entry): Pick<Detail, 'rewardId' | 'day'> =>
  day === undefined ? {} : { rewardId: rewardId!, day }

/** The refusal of a spend that the member cannot pay. */
export const shortOf = (state: State, points: number): Result<never> =>
  fail('insufficient_points', `${points} points were asked for, ${state.available} are available.`)

/** Gives back what a redemption spent and no refund returned yet; its coupon is over. Twice gives the first receipt. */
export function reverseRedemption(
  journal: Journal,
  redemptionId: number,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const redemption = history.entry(redemptionId)
  if (!redemption || !isRedemption(redemption)) {
    return fail('not_found', `This member has no redemption ${redemptionId}.`)
  }
  const thread = history.thread(threadOf(redemption)!)
  const first = thread.find((entry) => entry.detail.reversal && entry.ref === redemptionId)
  if (first) {
    return ok(first)
  }
  const gaveCoupon = redemption.endsAt !== null
  const isOpen = journal.state.coupons.some(([seq]) => seq === redemptionId)
  const ended = gaveCoupon && !isOpen ? history.closing(redemptionId) : undefined
  // One that was used for an order which was never told can be undone in this way alone.
  if (ended?.kind === 'use' && ended.orderId !== null && isAwarded(ended.orderId, history)) {
    return fail('coupon_ended', `The coupon was used for ${ended.orderId}: refund that order.`)
  }
  const { endsAt } = redemption
  const isCounted = !thread.some((entry) => entry.ref === redemptionId && entry.detail.day)
  const detail = { reversal: true, ...(isCounted && limitOf(redemption)) } as const
  // Refunds may have returned some of it before the order itself was undone.
  const order = ended?.orderId ? history.thread(orderThread(ended.orderId)) : []
  const left = unreturnedOf(redemption, [...thread, ...order])
  giveBack(journal, redemption, left, history, { actor, endsAt, detail })
  return ok(null)
}
