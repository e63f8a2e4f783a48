import { dayOf, dayText, startOfDay } from './calendar'
import type { ProgramDocument } from './document'

type Reward = ProgramDocument['rewards'][string]
type Rules = Pick<ProgramDocument, 'rewards' | 'coupons' | 'timeZone'>

/** How many redemptions count against the limit of a reward, of a local day (`YYYY-MM-DD`), or what is left of one: see `countRedeemed`. */
export type Redeemed = readonly [rewardId: string, day: string, count: number]

/** What a member is asked for a reward, and whether it can be had. */
export interface Offer {
  points: number
  /** How often it can still be redeemed; null for any number. */
  left: number | null
  /** It is between its two ends. */
  isOpen: boolean
  /** The local day on which a redemption counts; null where nothing limits it. */
  day: string | null
}

/** How much of a day's text two days share that lie in one span. */
const SHARED = { day: 10, month: 7, year: 4, ever: 0 }

/** What a reward is to a member of a tier at `now` (milliseconds) who has redeemed these; null where there is none of that id. */
export function offerOf(
  { rewards, timeZone }: Rules,
  rewardId: string,
  { tier, redeemed }: { tier: string; redeemed: readonly Redeemed[] },
  now: number,
): Offer | null {
  const reward = Object.hasOwn(rewards, rewardId) ? rewards[rewardId]! : null
  if (reward === null) {
    return null
  }
  const { startsAt, endsAt, limit } = reward
  const begins = startsAt === undefined ? -Infinity : Date.parse(startsAt)
  const ends = endsAt === undefined ? Infinity : Date.parse(endsAt)
  const { tierPoints = {} } = reward
  const points = Object.hasOwn(tierPoints, tier) ? tierPoints[tier]! : reward.points
  const isOpen = begins <= now && now < ends
  if (limit === undefined) {
    return { points, left: null, isOpen, day: null }
  }
  const day = dayText(dayOf(now, timeZone))
  const span = day.slice(0, SHARED[limit.per])
  const had = redeemed
    .filter(([id, on]) => id === rewardId && on.startsWith(span))
    .reduce((sum, [, , count]) => sum + count, 0)
  return { points, left: Math.max(0, limit.most - had), isOpen, day }
}

/**
 * What counts after one more redemption on a day, or one less. Only the newest day is kept as such: of the others limits
 * ask no more than the month, or the year, in which it lies, and of those before that nothing.
 */
export function countRedeemed(
  redeemed: readonly Redeemed[],
  rewardId: string,
  day: string,
  change: 1 | -1,
): Redeemed[] {
  const newest = redeemed.reduce((last, [, on]) => (on > last ? on : last), day)
  // What is given back is where its day went, which is not where it would go now.
  const given = redeemed
    .filter(([id, on]) => id === rewardId && day.startsWith(on))
    .toSorted(([, a], [, b]) => b.length - a.length)[0]
  const changed = change === 1 ? day : (given?.[1] ?? day)
  const counts = new Map<string, Redeemed>()
  for (const [id, on, count] of [...redeemed, [rewardId, changed, change] as const]) {
    const span = spanOf(on, newest)
    const key = JSON.stringify([id, span])
    counts.set(key, [id, span, (counts.get(key)?.[2] ?? 0) + count])
  }
  return [...counts.values()].filter(([, , count]) => count > 0)
}

function spanOf(day: string, newest: string): string {
  if (day === newest) {
    return day
  }
  const month = day.slice(0, SHARED.month)
  const year = day.slice(0, SHARED.year)
  return newest.startsWith(month) ? month : newest.startsWith(year) ? year : ''
}

/** The first instant (milliseconds) at which a coupon is over that is issued at `now`. */
export function couponEnd({ coupons, timeZone }: Rules, reward: Reward, now: number): number {
  const validDays = reward.validDays ?? coupons.validDays
  return startOfDay(dayOf(now, timeZone) + validDays + 1, timeZone)
}
