import * as z from 'zod/mini'
import { text } from '../http/scalars'

/** What a coupon is used for, if it is an order. */
export const couponUse = z.strictObject({ orderId: z.optional(text(128)) })

export const couponVoid = z.strictObject({ reason: z.optional(text(256)) })
