import * as z from 'zod'
import { amount, instant, points, text } from '../http/scalars'
import { currency } from '../program/schema'

const orderId = text(128)
const quantity = z.int().min(1).max(1_000_000)
/** An id that is a `seq`; what cannot be one is 0, which nothing has. */
const seq = z.string().transform((each) => (/^[1-9]\d{0,15}$/.test(each) ? Number(each) : 0))

const line = z.strictObject({
  lineId: text(64).optional(),
  sku: text(128),
  category: text(128).optional(),
  quantity,
  amount,
  discount: amount.optional(),
  tax: amount.optional(),
})

/** A sale as the till sends it; amounts are minor units, a line's are for the whole line. */
export const purchase = z
  .strictObject({
    orderId,
    occurredAt: instant.optional(),
    currency,
    lines: z.array(line).max(500).default([]),
    shipping: amount.optional(),
    discount: amount.optional(),
    tax: amount.optional(),
    taxIncluded: z.boolean().optional(),
    total: amount.optional(),
    payments: z
      .array(z.strictObject({ method: text(64), amount }))
      .max(50)
      .optional(),
    channel: z.enum(['pos', 'web', 'app', 'webhook', 'import']),
    storeId: text(64).optional(),
    terminalId: text(64).optional(),
  })
  .check((ctx) => {
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
export type Purchase = z.infer<typeof purchase>

const refundLine = z
  .strictObject({ lineId: text(64), quantity: quantity.optional(), amount: amount.optional() })
  .refine((each) => (each.quantity === undefined) !== (each.amount === undefined), {
    message: 'Give quantity or amount.',
  })

/** What came back of an order: by amount, or by lines. */
export const refund = z
  .strictObject({
    refundId: text(128),
    orderId,
    amount: amount.optional(),
    lines: z.array(refundLine).min(1).max(500).optional(),
    occurredAt: instant.optional(),
  })
  .refine((each) => (each.amount === undefined) !== (each.lines === undefined), {
    message: 'Give amount or lines.',
  })
export type Refund = z.infer<typeof refund>

/** Which order's refund is meant, should several have one of that id. */
export const refundReversal = z.strictObject({ orderId: orderId.optional() })

export const holdRequest = z.strictObject({
  points,
  orderId: orderId.optional(),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(7 * 86_400)
    .default(900),
})
export type HoldRequest = z.infer<typeof holdRequest>

export const capture = z.strictObject({ points: points.optional(), orderId: orderId.optional() })
export type Capture = z.infer<typeof capture>

/** Points, or the price of a reward. `expectedPoints` is what the till thinks that it costs. */
export const redeem = z
  .strictObject({
    points: points.optional(),
    rewardId: text(64).optional(),
    orderId: orderId.optional(),
    expectedPoints: z.int().min(0).optional(),
  })
  .refine((each) => (each.points === undefined) !== (each.rewardId === undefined), {
    message: 'Give points or rewardId.',
  })
export type Redeem = z.infer<typeof redeem>

export const adjustment = z.strictObject({
  points: z.int().refine((each) => each !== 0, { message: 'Zero changes nothing.' }),
  reason: text(256),
  expiresAt: instant.optional(),
  allowDebt: z.boolean().default(false),
})
export type Adjustment = z.infer<typeof adjustment>

export const activity = z.strictObject({ type: text(64), reference: text(128).optional() })
export type ActivityRequest = z.infer<typeof activity>

export const holdParam = z.object({ holdId: seq })
export const redemptionParam = z.object({ redemptionId: seq })
export const entryParam = z.object({ seq })

/** The body of a call that says everything by its path. */
export const nothing = z.strictObject({})

/** As of when. Later than now: as it will be if nothing more happens. */
export const balanceQuery = z.strictObject({
  // An unencoded + arrives as a space.
  at: z
    .string()
    .transform((value) => value.replace(' ', '+'))
    .pipe(instant)
    .optional(),
})
