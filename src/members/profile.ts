import { decryptText, encryptText, type Subject } from './seal'
import { programKey } from './secret'

/** One member's key, opened. Fields are AES-256-GCM: base64url of the IV and the cipher text. */
export interface Vault {
  /** The key itself under the program's, as it is stored. */
  wrappedKey: string
  seal: (field: string, value: string) => Promise<string>
  /** Throws when the text was sealed for another field or member, or was changed. */
  open: (field: string, sealed: string) => Promise<string>
}

/** A fresh random key for a member. */
export async function createVault(secret: string, subject: Subject): Promise<Vault> {
  const raw = crypto.getRandomValues(new Uint8Array(32))
  const wrapping = await programKey(secret, subject.programId, 'profile')
  const wrappedKey = await encryptText(wrapping, raw, subject, 'key')
  return vault(subject, raw, wrappedKey)
}

/** The vault of a member from its wrapped key; throws when that is not this member's. */
export async function openVault(
  secret: string,
  subject: Subject,
  wrappedKey: string,
): Promise<Vault> {
  const wrapping = await programKey(secret, subject.programId, 'profile')
  const raw = await decryptText(wrapping, wrappedKey, subject, 'key')
  return vault(subject, raw, wrappedKey)
}

async function vault(subject: Subject, raw: Uint8Array, wrappedKey: string): Promise<Vault> {
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
  return {
    wrappedKey,
    seal: (field, value) =>
      encryptText(key, new TextEncoder().encode(value), subject, `field:${field}`),
    open: async (field, sealed) =>
      new TextDecoder().decode(await decryptText(key, sealed, subject, `field:${field}`)),
  }
}

/** The fields that are stored sealed. */
export const sealedFields = ['externalId', 'email', 'phone', 'name', 'birthday'] as const

/** Values of the sealed fields, in clear or sealed; null is no value. */
export type Profile = Record<(typeof sealedFields)[number], string | null>

interface Fields extends Partial<Profile> {
  locale?: string | null
  storeId?: string | null
}

/** What is stored of the fields that are given: the personal ones sealed, day and month of birth in clear too. */
export async function columns(vault: Vault, fields: Fields) {
  const { birthday, locale, storeId } = fields
  const birthMonthDay = birthday && birthday.slice('YYYY-'.length)
  const sealed = await eachField(fields, (field, value) => vault.seal(field, value))
  return { ...sealed, birthMonthDay, locale, storeId }
}

/** The personal fields of a member in clear; all null once the key is destroyed. */
export async function openProfile(
  secret: string,
  subject: Subject,
  row: Profile & { wrappedKey: string | null },
): Promise<Profile> {
  if (row.wrappedKey === null) {
    return { externalId: null, email: null, phone: null, name: null, birthday: null }
  }
  const { open } = await openVault(secret, subject, row.wrappedKey)
  return eachField(row, open)
}

type Field = (typeof sealedFields)[number]

/** Changes every field that has a text; null stays, what is not given stays away. */
async function eachField<T extends Partial<Profile>>(
  fields: T,
  change: (field: Field, value: string) => Promise<string>,
): Promise<Pick<T, Field & keyof T>> {
  const given = sealedFields.filter((field) => fields[field] !== undefined)
  const entries = given.map(async (field) => {
    const value = fields[field]
    return [field, value ? await change(field, value) : value] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as Pick<T, Field & keyof T>
}
