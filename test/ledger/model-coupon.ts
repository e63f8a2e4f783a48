import { DAY, dayOf, monthOf, startOf } from './model-calendar'

// What the naive ledger knows of rewards and of coupons.

export interface ModelReward {
  points: number
  tierPoints?: Record<string, number>
  limit?: { most: number; per: 'day' | 'month' | 'year' | 'ever' }
  /** Milliseconds. */
  startsAt?: number
  endsAt?: number
  validDays: number
}

export interface ModelCoupon {
  endsAt: number
  state: 'open' | 'used' | 'void' | 'over' | 'returned'
  /** For what it is used now. */
  orderId: string | null
  /** For what it ever was. */
  orders: Set<string>
  reason: string | undefined
}

/** A redemption that counts against a limit until it is given back. */
export interface Taken {
  rewardId: string
  day: number
  isBack: boolean
}

export const newCoupon = ({ validDays }: ModelReward, now: number): ModelCoupon => ({
  endsAt: startOf(dayOf(now) + validDays + 1),
  state: 'open',
  orderId: null,
  orders: new Set(),
  reason: undefined,
})

export const isOpenAt = (
  { startsAt = -Infinity, endsAt = Infinity }: ModelReward,
  now: number,
): boolean => startsAt <= now && now < endsAt

const spans = {
  day: (day: number) => day,
  month: monthOf,
  year: (day: number) => new Date(day * DAY).getUTCFullYear(),
  ever: () => 0,
}

/** How often a reward can still be had on a day; null for any number. */
export function leftOf(
  rewardId: string,
  { limit }: ModelReward,
  taken: readonly Taken[],
  day: number,
): number | null {
  if (!limit) {
    return null
  }
  const spanOf = spans[limit.per]
  const counts = taken.filter(
    (each) => each.rewardId === rewardId && !each.isBack && spanOf(each.day) === spanOf(day),
  )
  return Math.max(0, limit.most - counts.length)
}
