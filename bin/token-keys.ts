import { generateKeyPairSync, randomBytes } from 'node:crypto'

/** A private key that signs member tokens, as a JWK. */
export interface TokenKey {
  kid: string
  [field: string]: unknown
}

const newKey = (): TokenKey => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomBytes(6).toString('base64url')
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid }
}

/** The secret TOKEN_KEYS: the key that signs, and the next one, which is published before it signs. */
export const newKeys = (): string => JSON.stringify({ keys: [newKey(), newKey()] })

/** How many keys that do not sign any more still verify: one would be lost if the file were rotated twice at once. */
const BEFORE = 2

/** The secret with the next key as the one that signs, and a fresh next one. */
export const rotated = (secret: string): string => {
  const { keys } = JSON.parse(secret) as { keys: TokenKey[] }
  const [signing, next = newKey(), ...before] = keys
  const known = [signing, ...before].slice(0, BEFORE)
  return JSON.stringify({ keys: [next, newKey(), ...known] })
}
