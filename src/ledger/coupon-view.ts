import { instantText } from '../program/calendar'
import { codeOf } from './coupon-code'
import type { Entry } from './ledger'

export type CouponStatus = 'open' | 'used' | 'void' | 'expired' | 'returned'

/** A coupon as the API shows it. */
export interface CouponView {
  code: string
  /** The redemption that it came from. */
  redemptionId: number
  rewardId: string
  status: CouponStatus
  /** What it cost. */
  points: number
  issuedAt: string
  expiresAt: string
  /** When it was used, became void, expired or was given back for its points; null while it is open. */
  endedAt: string | null
  /** The order for which it was used. */
  orderId: string | null
}

/** Whose coupons: what makes their codes. */
export interface CouponHolder {
  memberId: string
  couponKey: string
}

const statuses: Partial<Record<Entry['kind'], CouponStatus>> = {
  use: 'used',
  void: 'void',
  lapse: 'expired',
  restore: 'returned',
}

/** The coupon of a redemption, and the entry that ended it, if it is not open. */
export function couponViewOf(
  { memberId, couponKey }: CouponHolder,
  redemption: Entry,
  ended: Entry | undefined,
): CouponView {
  const { seq, detail, points, occurredAt, endsAt } = redemption
  return {
    code: codeOf(memberId, couponKey, seq),
    redemptionId: seq,
    rewardId: detail.rewardId!,
    status: ended ? statuses[ended.kind]! : 'open',
    points: -points,
    issuedAt: instantText(occurredAt),
    expiresAt: instantText(endsAt!),
    endedAt: ended ? instantText(ended.occurredAt) : null,
    orderId: ended?.kind === 'use' ? ended.orderId : null,
  }
}

/** The coupon that a command's entries were about: as it was after them, whatever became of it since. */
export function couponIn(
  holder: CouponHolder,
  entries: readonly Entry[],
  entry: (seq: number) => Entry | undefined,
): CouponView | null {
  for (const each of entries.toReversed()) {
    if (each.kind === 'redeem' && each.endsAt !== null) {
      return couponViewOf(holder, each, undefined)
    }
    if (each.kind === 'use' || each.kind === 'void') {
      const ended = each.detail.reversal ? undefined : each
      return couponViewOf(holder, entry(each.ref!)!, ended)
    }
  }
  return null
}
