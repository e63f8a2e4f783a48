import * as z from 'zod/mini'
import { oneOf, points, text, whole } from '../http/scalars'
import { purchaseFields, withLines } from '../ledger/schema'
import { cardNumber, locale, phone } from '../members/schema'

const { channel: _channel, ...soldHere } = purchaseFields

/** Who stands at the till: a card by its code or number, a phone number, or a member's id. */
const who = {
  card: z.optional(text(1_000)),
  phone: z.optional(phone),
  memberId: z.optional(text(64)),
}
const isOne = oneOf('card', 'phone', 'memberId')

export const cardShown = z.strictObject(who).check(isOne)
export type Who = z.infer<typeof cardShown>

const payment = z.union(
  [
    z.strictObject({ points }),
    z.strictObject({ rewardId: text(64), expectedPoints: z.optional(whole(0)) }),
    z.strictObject({ coupon: text(80) }),
  ],
  'Give points (one or more), or rewardId, or the code of a coupon.',
)
export type PaymentRequest = z.infer<typeof payment>

/** A sale at a till, and what of it is paid with points, a reward or a coupon. */
export const posSale = z
  .strictObject({
    ...who,
    /** A phone number that nobody has becomes a member. */
    enrolIfNew: z._default(z.boolean(), false),
    /** The language of what is printed. */
    locale: z.optional(locale),
    sale: withLines(z.strictObject(soldHere)),
    redeem: z.optional(payment),
  })
  .check(isOne)

/** A sale to undo, and the till that asks. */
export const posVoid = z.strictObject({
  orderId: text(128),
  memberId: z.optional(text(64)),
  storeId: z.optional(text(64)),
  terminalId: z.optional(text(64)),
  locale: z.optional(locale),
})

/** The number of a card without its spaces; null for what is the code of one. */
export const readCardNumber = (card: string): string | null =>
  z.safeParse(cardNumber, card).data ?? null
