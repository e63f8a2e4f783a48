import type { CouponView } from '../ledger/coupon-view'
import type { Receipt, TierView } from '../ledger/receipt'
import type { CardStanding, RewardOffer } from '../ledger/wallet'
import { benefitsOf, rewardName, tierName } from '../program/locale'
import type { Program } from '../program/program'

// What ledgers answer names tiers and rewards by their ids; people read names.

export const namedCoupon = (program: Program, coupon: CouponView, locale: string) => ({
  ...coupon,
  name: rewardName(program, coupon.rewardId, locale),
})

export const namedReward = (program: Program, offer: RewardOffer, locale: string) => {
  const { startsAt = null, endsAt = null } = program.rewards[offer.id] ?? {}
  return { ...offer, name: rewardName(program, offer.id, locale), startsAt, endsAt }
}

export const namedTier = <T extends TierView>(program: Program, tier: T, locale: string) => ({
  ...tier,
  name: tierName(program, tier.id, locale),
  benefits: benefitsOf(program, tier.id, locale),
  next: tier.next && { ...tier.next, name: tierName(program, tier.next.id, locale) },
})

/** A receipt in a locale: what its tier and its coupon are called. */
export function namedReceipt(program: Program, receipt: Receipt, locale: string) {
  const { coupon, tier } = receipt
  return {
    ...receipt,
    tier: { ...tier, name: tierName(program, tier.id, locale) },
    ...(coupon && { coupon: namedCoupon(program, coupon, locale) }),
  }
}

/** All that a card stands for, in words. */
export const namedCard = (program: Program, card: CardStanding, locale: string) => ({
  isFrozen: card.isFrozen,
  balance: card.balance,
  tier: namedTier(program, card.tier, locale),
  seq: card.seq,
})
