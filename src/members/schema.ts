import * as z from 'zod'
import { page, text } from '../http/scalars'
import { readEmail } from './contact'
import { hasCheckDigit } from './member'

const externalId = text(128)
const phone = text(40)

const email = text(320).transform((value, ctx) => {
  const read = readEmail(value)
  if (read === null) {
    ctx.issues.push({ code: 'custom', input: value, message: 'Not an e-mail address.' })
    return z.NEVER
  }
  return read
})

/** East of the date line it is tomorrow already. */
const EARLIEST_ZONE_MS = 14 * 3_600_000

const birthday = z.iso
  .date({ error: 'Not a date such as 1990-12-31.', abort: true })
  .refine((value) => value >= '1900', 'Not before 1900.')
  .refine((value) => Date.parse(value) <= Date.now() + EARLIEST_ZONE_MS, 'Not in the future.')

const locale = text(35).transform((value, ctx) => {
  try {
    return Intl.getCanonicalLocales(value)[0]!
  } catch {
    ctx.issues.push({ code: 'custom', input: value, message: 'Not a BCP 47 tag such as zh-CN.' })
    return z.NEVER
  }
})

const profile = { externalId, email, phone, name: text(200), birthday, locale, storeId: text(64) }

/** A member to enrol; every field may be absent. */
export const enrolment = z.strictObject(profile).partial()
export type Enrolment = z.infer<typeof enrolment>

/** Fields of a member to change; null clears one. */
export const changes = z
  .strictObject({
    externalId: externalId.nullable(),
    email: email.nullable(),
    phone: phone.nullable(),
    name: profile.name.nullable(),
    birthday: birthday.nullable(),
    locale: locale.nullable(),
    storeId: profile.storeId.nullable(),
  })
  .partial()
  .refine((value) => Object.keys(value).length > 0, {
    error: 'Give at least one field.',
    when: ({ issues }) => issues.length === 0,
  })

const cardNumber = z
  .string()
  .refine(hasCheckDigit, 'Not a card number: 13 digits, the last checks.')

/** A page of all members, or a look-up by one identity. */
export const search = page
  .extend({
    externalId: externalId.optional(),
    email: email.optional(),
    // An unencoded + arrives as a space.
    phone: phone.transform((value) => value.replace(/^ /, '+')).optional(),
    cardNumber: cardNumber.optional(),
  })
  .refine(
    ({ limit: _limit, cursor: _cursor, ...given }) => Object.keys(given).length <= 1,
    'Look up by one of externalId, email, phone and cardNumber.',
  )
