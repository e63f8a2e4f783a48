import { programKey } from './secret'

const IV_LENGTH = 12

/** Whose data a cipher text is; it opens for nobody else. */
export interface Subject {
  programId: string
  memberId: string
}

/** Bytes of nobody in particular, sealed under the program's own key for one purpose. */
export const sealBytes = async (
  secret: string,
  programId: string,
  purpose: string,
  bytes: Uint8Array,
): Promise<Uint8Array> =>
  encrypt(await programKey(secret, programId, 'profile'), bytes, nobody(programId), purpose)

/** What `sealBytes` sealed; throws when it was for another purpose, or was changed. */
export const openBytes = async (
  secret: string,
  programId: string,
  purpose: string,
  sealed: Uint8Array,
): Promise<Uint8Array> =>
  decrypt(await programKey(secret, programId, 'profile'), sealed, nobody(programId), purpose)

/** As `sealBytes`, for a text. */
export const sealText = async (
  secret: string,
  programId: string,
  purpose: string,
  value: string,
): Promise<string> =>
  textOf(await sealBytes(secret, programId, purpose, new TextEncoder().encode(value)))

/** What `sealText` sealed. */
export const openText = async (
  secret: string,
  programId: string,
  purpose: string,
  sealed: string,
): Promise<string> =>
  new TextDecoder().decode(await openBytes(secret, programId, purpose, bytesOf(sealed)))

const nobody = (programId: string): Subject => ({ programId, memberId: '' })

/** AES-256-GCM: base64url of the IV and the cipher text. */
export const encryptText = async (
  key: CryptoKey,
  value: Uint8Array,
  subject: Subject,
  what: string,
): Promise<string> => textOf(await encrypt(key, value, subject, what))

/** What `encryptText` made; throws when it is of somebody else, or something else, or was changed. */
export const decryptText = (
  key: CryptoKey,
  text: string,
  subject: Subject,
  what: string,
): Promise<Uint8Array> => decrypt(key, bytesOf(text), subject, what)

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const bytesOf = (text: string) => Buffer.from(text, 'base64url')

/** The associated data: a JSON array, so that no two contexts are the same text. */
const context = ({ programId, memberId }: Subject, what: string) =>
  new TextEncoder().encode(JSON.stringify([programId, memberId, what]))

async function encrypt(
  key: CryptoKey,
  value: Uint8Array,
  subject: Subject,
  what: string,
): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH))
  const algorithm = { name: 'AES-GCM', iv, additionalData: context(subject, what) }
  return Buffer.concat([iv, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, value))])
}

async function decrypt(
  key: CryptoKey,
  sealed: Uint8Array,
  subject: Subject,
  what: string,
): Promise<Uint8Array> {
  const iv = sealed.subarray(0, IV_LENGTH)
  const algorithm = { name: 'AES-GCM', iv, additionalData: context(subject, what) }
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed.subarray(IV_LENGTH)))
}
