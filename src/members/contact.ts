import {
  parsePhoneNumberFromString,
  type CountryCode,
  type MetadataJson,
} from 'libphonenumber-js/core'
import { fail, ok, type Result } from '../result'
import metadata from './phone.json'
import { programKey } from './secret'

const kinds = ['externalId', 'email', 'phone', 'cardNumber'] as const

/** An entry of the contact index: the kind of identity, and its `indexHash`. */
export interface Contact {
  kind: (typeof kinds)[number]
  hash: string
}

// One @, no quotes or brackets, a domain of at least two labels in any script.
const EMAIL =
  /^[^\s\p{C}@"(),:;<>[\\\]]{1,64}@(?:[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{M}\p{N}-]{2,63}$/u

/** An e-mail address as it is indexed: trimmed, NFKC, lower case; null when it is none. */
export function readEmail(email: string): string | null {
  const normal = email.trim().normalize('NFKC').toLowerCase()
  return normal.length <= 254 && EMAIL.test(normal) ? normal : null
}

/**
 * A phone number in E.164, or null. A national number is read in `country` (ISO 3166). Whether a number of that length
 * can exist is asked, not whether it was assigned: new ranges open faster than tables are updated.
 */
export function readPhone(phone: string, country: string | null): string | null {
  const defaultCountry = (country ?? undefined) as CountryCode | undefined
  const options = { defaultCountry, extract: false }
  const number = parsePhoneNumberFromString(phone, options, metadata as unknown as MetadataJson)
  return number?.isPossible() && !number.ext ? number.number : null
}

/** The same fields with the phone number in E.164, or `validation_failed`. */
export function readPhoneOf<T extends { phone?: string | null }>(
  given: T,
  country: string | null,
): Result<T> {
  if (!given.phone) {
    return ok(given)
  }
  const phone = readPhone(given.phone, country)
  if (phone === null) {
    const detail = 'Not a phone number; without a country code it needs the country of the program.'
    return fail('validation_failed', detail, [{ pointer: '#/phone', detail }])
  }
  return ok({ ...given, phone })
}

/** The index entry (hex) of a value: without the deployment's secret, numbers cannot be tried one by one. */
export async function indexHash(
  secret: string,
  programId: string,
  kind: string,
  value: string,
): Promise<string> {
  const key = await programKey(secret, programId, 'index')
  const bytes = new TextEncoder().encode(JSON.stringify([kind, value]))
  return Buffer.from(await crypto.subtle.sign('HMAC', key, bytes)).toString('hex')
}

/** The index entries of the identities that are given. */
export function indexContacts(
  secret: string,
  programId: string,
  given: Partial<Record<Contact['kind'], string | null>>,
): Promise<Contact[]> {
  const entries = kinds.map(async (kind) => {
    const value = given[kind]
    return value ? [{ kind, hash: await indexHash(secret, programId, kind, value) }] : []
  })
  return Promise.all(entries).then((all) => all.flat())
}
