import type { Entry } from './ledger'

/** What entries about one thing share, so that they are found together: an order, an activity, a redemption. */
export function threadOf(entry: Entry): string | null {
  // No decision looks for them, and an order's thread is bounded.
  if (entry.kind === 'hold' || entry.kind === 'release') {
    return null
  }
  if (entry.orderId !== null) {
    return orderThread(entry.orderId)
  }
  if (entry.detail.activity !== undefined) {
    const { activity, day, once } = entry.detail
    return activityThread(activity, day ?? once ?? entry.reference)
  }
  if (entry.kind === 'redeem' || entry.kind === 'capture') {
    return `redemption:${entry.seq}`
  }
  if (entry.kind === 'tier') {
    return TIER_THREAD
  }
  return entry.kind === 'restore' ? `redemption:${entry.ref}` : null
}

/** The thread of all that happened to the tier. */
export const TIER_THREAD = 'tier'

/** The thread of an order. */
export const orderThread = (orderId: string): string => `order:${orderId}`

/** The thread of an activity; `once` is the day or the reference in which it counts once, or `ever`. */
export const activityThread = (type: string, once: string | null): string =>
  `activity:${type}:${once}`

/** Earlier entries, where a decision needs one: by `seq`, or all of one thread in order. */
export interface History {
  entry(seq: number): Entry | undefined
  thread(name: string): readonly Entry[]
  /** The entries that were booked by one key and asked for by another, that does not begin so. */
  told(ownKeys: string): ReadonlySet<number>
  /** All there are, oldest first. */
  all(): Iterable<Entry>
  /** The clawbacks of refunds with that id. */
  refunds(refundId: string): readonly Entry[]
  /** The entry that ended the coupon of a redemption: its use, or that it became void or lapsed. */
  closing(redemptionId: number): Entry | undefined
}

/** A thread without a sale that was undone in it, its refunds and their reversals. What paid for it stays. */
export function withoutUndone(thread: readonly Entry[]): readonly Entry[] {
  const last = thread.findLastIndex(({ kind, detail }) => kind === 'clawback' && detail.undo)
  return last < 0 ? thread : thread.filter((entry, i) => i > last || !isOfSale(entry))
}

const isOfSale = ({ kind, detail, reference }: Entry): boolean =>
  kind === 'award' ||
  // Another clawback takes back what a refund had returned of what paid.
  (kind === 'clawback' && (detail.refund !== undefined || detail.undo === true)) ||
  (kind === 'restore' && detail.reversal === true && reference !== null)
