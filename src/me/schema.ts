import * as z from 'zod/mini'
import { text, whole } from '../http/scalars'

/** A reward to redeem; `expectedPoints` is what the page showed. */
export const ownRedemption = z.strictObject({
  rewardId: text(64),
  expectedPoints: z.optional(whole(0)),
})

export const signOut = z.strictObject({ everywhere: z._default(z.boolean(), false) })
