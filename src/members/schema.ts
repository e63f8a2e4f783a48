import * as z from 'zod/mini'
import { page, text } from '../http/scalars'
import { readEmail } from './contact'
import { hasCheckDigit } from './member'

const externalId = text(128)
export const phone = text(40)

export const email = z.pipe(
  text(320),
  z.transform((value: string, ctx) => {
    const read = readEmail(value)
    if (read === null) {
      ctx.issues.push({ code: 'custom', input: value, message: 'Not an e-mail address.' })
      return z.NEVER
    }
    return read
  }),
)

/** East of the date line it is tomorrow already. */
const EARLIEST_ZONE_MS = 14 * 3_600_000

const birthday = z.iso.date({ error: 'Not a date such as 1990-12-31.', abort: true }).check(
  z.refine((value) => value >= '1900', 'Not before 1900.'),
  z.refine((value) => Date.parse(value) <= Date.now() + EARLIEST_ZONE_MS, 'Not in the future.'),
)

export const locale = z.pipe(
  text(35),
  z.transform((value: string, ctx) => {
    try {
      return Intl.getCanonicalLocales(value)[0]!
    } catch {
      ctx.issues.push({ code: 'custom', input: value, message: 'Not a BCP 47 tag such as zh-CN.' })
      return z.NEVER
    }
  }),
)

export const profile = {
  externalId,
  email,
  phone,
  name: text(200),
  birthday,
  locale,
  storeId: text(64),
}

/** A member to enrol; every field may be absent. */
export const enrolment = z.partial(z.strictObject(profile))
export type Enrolment = z.infer<typeof enrolment>

/** The number of a card as it is typed, in groups or not. */
export const cardNumber = z.pipe(
  z.pipe(
    text(40),
    z.transform((value: string) => value.replaceAll(/[\s-]/g, '')),
  ),
  z.string().check(z.refine(hasCheckDigit, 'Not a card number: 13 digits, the last checks.')),
)

/** A card to replace: its number, so that a second click replaces nothing. */
export const replacement = z.strictObject({ cardNumber })

const isChange = z.refine((value) => Object.keys(value as object).length > 0, {
  error: 'Give at least one field.',
  when: ({ issues }) => issues.length === 0,
})

/** Fields that members change themselves; null clears one. Where they are reached is proved by signing in. */
const own = {
  name: z.nullable(profile.name),
  birthday: z.nullable(birthday),
  locale: z.nullable(locale),
}
export const ownChanges = z.partial(z.strictObject(own)).check(isChange)

/** Fields of a member to change; null clears one. */
export const changes = z
  .partial(
    z.strictObject({
      ...own,
      externalId: z.nullable(externalId),
      email: z.nullable(email),
      phone: z.nullable(phone),
      storeId: z.nullable(profile.storeId),
    }),
  )
  .check(isChange)
export type Changes = z.infer<typeof changes>

/** A page of all members, or a look-up by one identity. */
export const search = z
  .extend(page, {
    externalId: z.optional(externalId),
    email: z.optional(email),
    // An unencoded + arrives as a space.
    phone: z.optional(
      z.pipe(
        phone,
        z.transform((value: string) => value.replace(/^ /, '+')),
      ),
    ),
    cardNumber: z.optional(cardNumber),
  })
  .check(
    z.refine(
      ({ limit: _limit, cursor: _cursor, ...given }) => Object.keys(given).length <= 1,
      'Look up by one of externalId, email, phone and cardNumber.',
    ),
  )
