import * as z from 'zod/mini'
import { instant, ordinal, text } from '../http/scalars'
import { isTimeZone } from './calendar'
import { isCountry } from './country'
import { isCurrency } from './money'

/** An ISO 4217 code that is in use. */
export const currency = z.string().check(z.refine(isCurrency, 'Not an ISO 4217 currency code.'))

export const timeZone = z
  .string()
  .check(z.maxLength(64), z.refine(isTimeZone, 'Not an IANA time zone.'))
export const country = z.string().check(z.refine(isCountry, 'Not an ISO 3166 country code.'))

const EARLIEST = 0
const LATEST = Date.UTC(2200, 0)

/** An instant at which a test program can stand. */
export const clock = instant.check(
  z.refine((ms) => ms >= EARLIEST && ms < LATEST, 'Not between 1970 and 2200.'),
)

/** A program to create; `clock` is the instant at which a test program begins, and stands still. */
export const newProgram = z
  .strictObject({
    name: text(100),
    mode: z.enum(['live', 'test']),
    currency,
    timeZone,
    country: z.optional(country),
    clock: z.optional(clock),
  })
  .check(
    z.refine(({ mode, clock }) => mode === 'test' || clock === undefined, {
      path: ['clock'],
      error: 'A live program runs on real time.',
    }),
  )

/** The number of a version, as a path says it. */
export const versionParam = z.object({ version: ordinal })
