import * as z from 'zod/mini'
import { amount, instant, list, oneOf, ordinal, points, text, whole } from '../http/scalars'
import { currency } from '../program/schema'

/** What an order may be called. */
export const orderId = text(128)
const quantity = whole(1, 1_000_000)

const line = z.strictObject({
  lineId: z.optional(text(64)),
  sku: text(128),
  category: z.optional(text(128)),
  quantity,
  amount,
  discount: z.optional(amount),
  tax: z.optional(amount),
})

/** What a purchase says; amounts are minor units, a line's are for the whole line. */
export const purchaseFields = {
  orderId,
  occurredAt: z.optional(instant),
  currency,
  lines: z._default(list(line, 500), []),
  shipping: z.optional(amount),
  discount: z.optional(amount),
  tax: z.optional(amount),
  taxIncluded: z.optional(z.boolean()),
  total: z.optional(amount),
  payments: z.optional(list(z.strictObject({ method: text(64), amount }), 50)),
  channel: z.enum(['pos', 'web', 'app', 'webhook', 'import']),
  storeId: z.optional(text(64)),
  terminalId: z.optional(text(64)),
}

/** Refuses two lines of one id. */
export const withLines = <T extends z.ZodMiniType<{ lines: { lineId?: string | undefined }[] }>>(
  sale: T,
) =>
  sale.check((ctx) => {
    const ids = ctx.value.lines.map((each, i) => each.lineId ?? String(i + 1))
    const twice = ids.findIndex((each, i) => ids.indexOf(each) < i)
    if (twice >= 0) {
      ctx.issues.push({
        code: 'custom',
        input: ctx.value,
        path: ['lines', twice, 'lineId'],
        message: 'Two lines have this id.',
      })
    }
  })

/** A sale as the till sends it. */
export const purchase = withLines(z.strictObject(purchaseFields))
export type Purchase = z.infer<typeof purchase>

const refundLine = z
  .strictObject({ lineId: text(64), quantity: z.optional(quantity), amount: z.optional(amount) })
  .check(oneOf('quantity', 'amount'))

// That name is kept for the refund that undoes a sale.
const refundId = text(128).check(z.refine((each) => each !== 'void', 'Give it another name.'))

export const refundFields = {
  refundId,
  orderId,
  amount: z.optional(amount),
  lines: z.optional(list(refundLine, 500, 1)),
  occurredAt: z.optional(instant),
}

/** What came back of an order: by amount, or by lines. */
export const refund = z.strictObject(refundFields).check(oneOf('amount', 'lines'))
export type Refund = z.infer<typeof refund>

/** Which order's refund is meant, should several have one of that id. */
export const refundReversal = z.strictObject({ orderId: z.optional(orderId) })

export const holdRequest = z.strictObject({
  points,
  orderId: z.optional(orderId),
  expiresInSeconds: z._default(whole(1, 7 * 86_400), 900),
})
export type HoldRequest = z.infer<typeof holdRequest>

export const capture = z.strictObject({ points: z.optional(points), orderId: z.optional(orderId) })
export type Capture = z.infer<typeof capture>

/** Points, or the price of a reward. `expectedPoints` is what the till thinks that it costs. */
export const redeem = z
  .strictObject({
    points: z.optional(points),
    rewardId: z.optional(text(64)),
    orderId: z.optional(orderId),
    expectedPoints: z.optional(whole(0)),
  })
  .check(oneOf('points', 'rewardId'))
export type Redeem = z.infer<typeof redeem>

export const adjustment = z.strictObject({
  points: z.int().check(z.refine((each) => each !== 0, 'Zero changes nothing.')),
  reason: text(256),
  expiresAt: z.optional(instant),
  allowDebt: z._default(z.boolean(), false),
})
export type Adjustment = z.infer<typeof adjustment>

export const activity = z.strictObject({ type: text(64), reference: z.optional(text(128)) })
export type ActivityRequest = z.infer<typeof activity>

export const holdParam = z.object({ holdId: ordinal })
export const redemptionParam = z.object({ redemptionId: ordinal })
export const entryParam = z.object({ seq: ordinal })

/** The body of a call that says everything by its path. */
export const nothing = z.strictObject({})

/** As of when. Later than now: as it will be if nothing more happens. */
export const balanceQuery = z.strictObject({
  // An unencoded + arrives as a space.
  at: z.optional(
    z.pipe(
      z.pipe(
        z.string(),
        z.transform((value: string) => value.replace(' ', '+')),
      ),
      instant,
    ),
  ),
})

/** Why a member is frozen, or is not any more. */
export const freezing = z.strictObject({ reason: z.optional(text(256)) })
