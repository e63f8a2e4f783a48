import type { ModelCoupon, Taken } from './model-coupon'

// What the naive ledger remembers of orders and redemptions, and how much of them came back.

/** Points that lapse together; they move on as long as something happens. */
export interface Life {
  until: number
}
export interface Lot {
  /** Its own end, where no life gives it. */
  until: number
  life: Life | null
  /** Its end since points came back to it after it had lapsed. */
  graced?: number | null
  activeAt: number | null
  /** How many of its points are gone. */
  lapsed: number
}
export interface Point {
  lot: Lot
  hold: Hold | null
}
export interface Hold {
  endsAt: number
  points: Point[]
  orderId: string | null
  open: boolean
}
/** A point that was spent: the lot that it came from, null where it was owed. */
export interface Slot {
  lot: Lot | null
  back: boolean
}
export interface Redemption {
  orderId: string | null
  slots: Slot[]
  spent: number
  reversed: boolean
  /** It spent what was held. */
  byHold: boolean
  rewardId: string | null
  taken: Taken | null
  coupon: ModelCoupon | null
}
export interface Returned {
  redemption: Redemption
  own: Set<Lot>
  points: number
}
export interface Refund {
  id: string
  amount: number
  lines: { index: number; goods: number; units: number }[] | null
  owed: number
  spend: number
  taken: Lot[]
  debt: number
  returned: Returned[]
  reversed: boolean
}
export interface Line {
  lineId: string
  quantity: number
  amount: number
}
/** Where an order was sold. */
export interface ModelTill {
  storeId?: string | undefined
  terminalId?: string | undefined
}
export interface Order {
  id: string
  /** Null where it was no sale at a till. */
  till: ModelTill | null
  day: number
  total: number
  base: number
  /** Whether tiers count it. */
  counts: boolean
  lines: Line[]
  earned: number
  lot: Lot | null
  refunds: Refund[]
}

/** Whether nothing of a redemption ever came back. */
export const isWhole = ({ slots }: Redemption): boolean => slots.every((slot) => !slot.back)

export const standing = (order: Order) => order.refunds.filter((refund) => !refund.reversed)
export const lineOf = (order: Order, id: string) => order.lines.find((line) => line.lineId === id)
export const total = (refunds: Refund[], figure: 'owed' | 'spend') =>
  refunds.reduce((sum, refund) => sum + refund[figure], 0)

/** What part of an order came back, as a fraction that is at most 1. */
export function share(order: Order, refunds: Refund[]): [num: number, den: number] {
  let [amount, goods, units] = [0, 0, 0]
  for (const refund of refunds) {
    amount += order.total > 0 ? refund.amount : refund.lines ? 0 : 1
    refund.lines?.forEach((line) => {
      goods += line.goods
      units += line.units
    })
  }
  const worth = order.lines.reduce((sum, line) => sum + line.amount, 0)
  const pieces = order.lines.reduce((sum, line) => sum + line.quantity, 0)
  const ofAmount = order.total || 1
  const ofLines = worth || pieces || 1
  const num = amount * ofLines + (worth > 0 ? goods : units) * ofAmount
  return [Math.min(num, ofAmount * ofLines), ofAmount * ofLines]
}

export function returnLines(
  order: Order,
  asked: { lineId: string; quantity?: number; amount?: number }[],
): NonNullable<Refund['lines']> {
  const before = standing(order).flatMap((refund) => refund.lines ?? [])
  const now: NonNullable<Refund['lines']> = []
  for (const { lineId, quantity = 0, amount } of asked) {
    const line = lineOf(order, lineId)!
    const index = order.lines.indexOf(line)
    const same = [...before, ...now].filter((each) => each.index === index)
    const goods = same.reduce((sum, each) => sum + each.goods, 0)
    const back = same.reduce((sum, each) => sum + each.units, 0)
    const units = Math.min(quantity, line.quantity - back)
    const worth = Math.floor((line.amount * (back + units)) / line.quantity)
    const of =
      amount === undefined ? Math.max(0, worth - goods) : Math.min(amount, line.amount - goods)
    now.push({ index, goods: of, units })
  }
  return now
}

/** Chooses so many of the points that are not back, from each lot its part: largest remainder, the earlier lot first. */
export function proportionate(slots: Slot[], points: number): Slot[] {
  const lots = [...new Set(slots.map((slot) => slot.lot))]
  const groups = [...lots.filter((lot) => lot !== null), null].map((lot) =>
    slots.filter((slot) => slot.lot === lot && !slot.back),
  )
  const all = groups.reduce((sum, group) => sum + group.length, 0)
  const counts = groups.map((group) => Math.floor((group.length * points) / all))
  const remainders = groups.map((group) => (group.length * points) % all)
  let left = points - counts.reduce((sum, count) => sum + count, 0)
  while (left > 0) {
    const best = remainders.indexOf(Math.max(...remainders))
    counts[best]! += 1
    remainders[best] = -1
    left -= 1
  }
  return groups.flatMap((group, i) => group.slice(0, counts[i]))
}
