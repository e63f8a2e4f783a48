import * as z from 'zod/mini'
import { instant, list, oneOf, points, text } from '../http/scalars'
import { purchaseFields, refundFields, withLines } from '../ledger/schema'
import { cardNumber, enrolment, profile } from '../members/schema'
import { currency } from '../program/schema'

/** What a row of a file can be. */
export const types = ['member', 'purchase', 'refund', 'balance'] as const
export type RowType = (typeof types)[number]

const flag = z.pipe(
  z.enum(['true', 'false']),
  z.transform((value) => value === 'true'),
)

const isOnce = (pairs: string[]): boolean =>
  new Set(pairs.map((each) => each.split(':', 1)[0])).size === pairs.length

/** `field:Column`, once or more. */
const column = z.string().check(z.regex(/^[a-zA-Z]+:./s, 'Write it as field:Column name.'))
const columns = z.pipe(
  z.union([column, list(column, 30).check(z.refine(isOnce, 'A field is in one column.'))]),
  z.transform((given) => {
    const pairs = [given].flat().map((each) => each.split(/:(.*)/s, 2).map((part) => part.trim()))
    return Object.fromEntries(pairs) as Record<string, string>
  }),
)

/** How a file is to be understood, in the query of `POST /v1/imports`. */
export const options = z.strictObject({
  type: z.optional(z.enum(types)),
  column: z._default(columns, {}),
  delimiter: z.optional(
    z.string().check(z.regex(/^[^"\r\n]$/, 'One sign, no quote and no line break.')),
  ),
  amounts: z._default(z.enum(['minor', 'major']), 'minor'),
  enrol: z._default(flag, false),
  dryRun: z._default(flag, false),
  name: z.optional(text(200)),
})
export type Options = z.infer<typeof options>

/** Whose a row is: one of these says it. */
export const identity = z.partial(
  z.strictObject({
    memberId: text(20),
    externalId: profile.externalId,
    cardNumber,
    email: profile.email,
    phone: profile.phone,
  }),
)
export const identityFields = ['memberId', 'externalId', 'cardNumber', 'email', 'phone'] as const

const { channel: _channel, ...sold } = purchaseFields
const channel = z._default(z.literal('import'), 'import')

/** What each type of row says beside whose it is. */
export const rows = {
  member: enrolment,
  purchase: withLines(
    z.strictObject({
      ...sold,
      occurredAt: instant,
      channel,
    }),
  ),
  refund: z
    .strictObject({ ...refundFields, channel, currency: z.optional(currency) })
    .check(oneOf('amount', 'lines')),
  balance: z.strictObject({
    points,
    expiresAt: z.optional(instant),
    reason: z._default(text(256), 'Opening balance'),
  }),
}

/** Where a list of imports goes on. */
export const position = z.nullable(z.object({ createdAt: z.int(), id: z.string() }))
