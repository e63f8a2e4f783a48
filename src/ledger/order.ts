import { fail, ok, type Result } from '../result'
import type { Entry, KeptRefund } from './ledger'
import type { Refund } from './schema'
import { type History, orderThread } from './thread'

/** The refund that undoes a sale as such. */
export const VOIDING = 'void'

/** An order as its entries tell it. */
export interface Order {
  award: Entry
  /** What was charged, in minor units. */
  total: number
  /** Every refund, by its clawback, but for those of undone imports; `standing` are those that no reversal undid. */
  refunds: readonly Entry[]
  standing: readonly Entry[]
  redemptions: readonly Entry[]
}

/** What a refund's entry keeps of it. */
export const keptOf = (entry: Entry): KeptRefund => entry.detail.refund!

/** Part of an order, 0 ≤ num ≤ den. */
export interface Share {
  num: bigint
  den: bigint
}

/** Gathers the entries of one order; null where it was never awarded. */
export function orderOf(thread: readonly Entry[]): Order | null {
  const award = thread.find((entry) => entry.kind === 'award')
  if (!award) {
    return null
  }
  const reversals = thread.filter((entry) => entry.kind === 'restore')
  const reversed = new Set(reversals.map((entry) => entry.ref))
  const undone = new Set(reversals.filter(({ detail }) => detail.undo).map((entry) => entry.ref))
  const refunds = thread.filter((entry) => entry.detail.refund)
  return {
    award,
    total: award.detail.total!,
    refunds: refunds.filter(({ seq }) => !undone.has(seq)),
    standing: refunds.filter(({ seq }) => !reversed.has(seq)),
    redemptions: thread.filter(isRedemption),
  }
}

/** The refusal of money in another currency than the order's; null where it is the same, or not told. */
export function foreignTo({ award }: Order, currency: string | undefined, home: string) {
  const own = award.detail.currency ?? home
  return currency === undefined || currency === own
    ? null
    : fail('validation_failed', `The order is in ${own}, not in ${currency}.`)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/**
 * What part of an order came back: by amount in proportion to its total, by lines in proportion to their sum,
 * so that returning every line is a full refund although shipping was kept. What cost nothing comes back
 * by count: any amount of it is all of it, and lines go by their units.
 */
export function shareOf({ award, total }: Order, refunds: readonly KeptRefund[]): Share {
  const lines = award.detail.lines ?? []
  const worth = sum(lines.map(([, , net]) => net))
  const returned = refunds.flatMap((refund) => refund.lines ?? [])
  const [amount, ofAmount] =
    total > 0
      ? [sum(refunds.map((refund) => refund.amount)), total]
      : [refunds.filter((refund) => !refund.lines).length, 1]
  const [goods, ofGoods] =
    worth > 0
      ? [sum(refunds.map((refund) => refund.goods)), worth]
      : [sum(returned.map(([, , units]) => units)), sum(lines.map(([, units]) => units)) || 1]
  const den = BigInt(ofAmount) * BigInt(ofGoods)
  const num = BigInt(amount) * BigInt(ofGoods) + BigInt(goods) * BigInt(ofAmount)
  return { num: num < den ? num : den, den }
}

/** That part of a whole number, floored. */
export const partOf = (whole: number, { num, den }: Share): number =>
  Number((BigInt(whole) * num) / den)

/** A refund as a ledger is asked; the currency, where it is told, is held against the order's. */
export type RefundRequest = Refund & { channel?: 'import'; currency?: string | undefined }

/** What a request refunds, never more than is left of the order's total or of a line. */
export function keepRefund(
  order: Order,
  request: RefundRequest,
  home: string,
): Result<Omit<KeptRefund, 'owed'>> {
  const foreign = foreignTo(order, request.currency, home)
  if (foreign) {
    return foreign
  }
  if (request.amount !== undefined) {
    const before = sum(order.standing.map((entry) => keptOf(entry).amount))
    return ok({ amount: Math.min(request.amount, order.total - before), goods: 0 })
  }
  const lines = order.award.detail.lines ?? []
  const ids = lines.map(([, , , lineId], i) => lineId ?? String(i + 1))
  const back = returnedLines(order)
  const kept: [number, number, number][] = []
  for (const [i, asked] of request.lines!.entries()) {
    const index = ids.indexOf(asked.lineId)
    if (index < 0) {
      const detail = `The order has no line ${asked.lineId}; it has ${ids.join(', ')}.`
      return fail('validation_failed', 'A line is unknown.', [
        { pointer: `#/lines/${i}/lineId`, detail },
      ])
    }
    const [, quantity, net] = lines[index]!
    const soFar = back[index]!
    const units = Math.min(asked.quantity ?? 0, quantity - soFar.quantity)
    const goods =
      asked.amount === undefined
        ? Math.max(
            0,
            partOf(net, { num: BigInt(soFar.quantity + units), den: BigInt(quantity) }) -
              soFar.goods,
          )
        : Math.min(asked.amount, net - soFar.goods)
    soFar.quantity += units
    soFar.goods += goods
    kept.push([index, goods, units])
  }
  return ok({ amount: 0, goods: sum(kept.map(([, goods]) => goods)), lines: kept })
}

function returnedLines(order: Order): { goods: number; quantity: number }[] {
  const back = (order.award.detail.lines ?? []).map(() => ({ goods: 0, quantity: 0 }))
  for (const [index, goods, quantity] of order.standing.flatMap(
    (entry) => keptOf(entry).lines ?? [],
  )) {
    back[index]!.goods += goods
    back[index]!.quantity += quantity
  }
  return back
}

/** Whether points were spent by an entry. */
export const isRedemption = (entry: Entry): boolean =>
  entry.kind === 'redeem' || entry.kind === 'capture'

/** How many redemptions may pay one order: it bounds what a refund of it reads. */
const PAYING_MAX = 100

/** Refuses one redemption too many for an order. */
export const crowded = (orderId: string | null, history: History): Result<never> | null =>
  orderId !== null && history.thread(orderThread(orderId)).filter(isPaying).length >= PAYING_MAX
    ? fail('limit_reached', `An order can be paid by ${PAYING_MAX} redemptions.`)
    : null

const isPaying = (entry: Entry): boolean => isRedemption(entry) || entry.kind === 'use'

/** Whether an order was awarded to this member. */
export const isAwarded = (orderId: string, history: History): boolean =>
  orderOf(history.thread(orderThread(orderId))) !== null

/** The award of an order; refuses a sale that was undone since: it is not rung up again under its number. */
export function awardOf(thread: readonly Entry[]): Result<Entry | null> {
  const order = orderOf(thread)
  return order?.refunds.some(({ reference }) => reference === VOIDING)
    ? fail('already_exists', 'The sale was undone. Book it under another order id.')
    : ok(order && order.award)
}
