import * as z from 'zod/mini'
import { list, text } from '../http/scalars'

const secrets = list(text(255), 5, 1)

/** An endpoint to make: whose events, and what they are signed with. */
export const newEndpoint = z.strictObject({ provider: z.enum(['stripe']), secrets })

/** What events are signed with from now on: the old secret and the new one while it changes. */
export const rotation = z.strictObject({ secrets })

/** Whose a payment is. */
export const newClaim = z.strictObject({ memberId: text(64) })
