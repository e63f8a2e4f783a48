import * as z from 'zod/mini'
import { oneOf, text } from '../http/scalars'
import { email, locale, phone } from '../members/schema'

const identifier = {
  email: z.optional(email),
  phone: z.optional(phone),
  /** The language of the message, and of the member who is new. */
  locale: z.optional(locale),
}

/** Who wants to sign in. */
export const start = z.strictObject(identifier).check(oneOf('email', 'phone'))

/** The code that was sent. */
export const verification = z
  .strictObject({
    ...identifier,
    code: z.string().check(z.regex(/^\d{6}$/, 'Not a code of six digits.')),
  })
  .check(oneOf('email', 'phone'))

export const renewal = z.strictObject({ refreshToken: text(200) })
