import { fail, ok, type Result } from '../result'
import type { Journal } from './journal'
import type { Actor, Entry } from './ledger'
import { foreignTo, keptOf, orderOf } from './order'
import { refund, reverseRefund } from './refund'
import { type History, orderThread } from './thread'

/** How much of an order has gone back by the word of one source, whatever others report. */
export interface Gone {
  orderId: string
  /** Whose refunds are meant: their ids are `<source>#1`, `#2`, … */
  source: string
  /** Minor units of that currency, altogether. */
  amount: number
  currency: string
}

/**
 * Brings what one source has refunded of an order one step nearer to a sum: books what is missing, or undoes the last
 * refund that is too much. No entry is written once it is reached.
 */
export function refundTo(
  journal: Journal,
  { orderId, source, amount, currency }: Gone,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const order = orderOf(history.thread(orderThread(orderId)))
  if (!order) {
    return fail('not_found', `This member has no purchase ${orderId}.`)
  }
  const foreign = amount > 0 ? foreignTo(order, currency, journal.program.currency) : null
  if (foreign) {
    return foreign
  }
  const isMine = ({ reference }: Entry) => reference?.startsWith(`${source}#`) ?? false
  const mine = order.standing.filter(isMine)
  const booked = mine.reduce((sum, entry) => sum + keptOf(entry).amount, 0)
  const last = mine.at(-1)
  if (booked > amount && last) {
    return reverseRefund(journal, last, actor, history)
  }
  if (booked === amount) {
    return ok(null)
  }
  const refundId = `${source}#${order.refunds.filter(isMine).length + 1}`
  return refund(journal, { refundId, orderId, amount: amount - booked }, actor, history)
}
