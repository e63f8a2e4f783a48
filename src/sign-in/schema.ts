import * as z from 'zod/mini'
import { text } from '../http/scalars'
import { email, locale, phone } from '../members/schema'

const identifier = {
  email: z.optional(email),
  phone: z.optional(phone),
  /** The language of the message, and of the member who is new. */
  locale: z.optional(locale),
}
const isOne = (given: { email?: unknown; phone?: unknown }) =>
  (given.email === undefined) !== (given.phone === undefined)

/** Who wants to sign in. */
export const start = z.strictObject(identifier).check(z.refine(isOne, 'Give email or phone.'))

/** The code that was sent. */
export const verification = z
  .strictObject({
    ...identifier,
    code: z.string().check(z.regex(/^\d{6}$/, 'Not a code of six digits.')),
  })
  .check(z.refine(isOne, 'Give email or phone.'))

export const renewal = z.strictObject({ refreshToken: text(200) })
