const encoder = new TextEncoder()

type Purpose = 'index' | 'profile'

const algorithms = {
  index: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  profile: { name: 'AES-GCM', length: 256 },
} as const

const MAX_KEYS = 1_000
const derived = new Map<string, CryptoKey>()

/**
 * A program's key for one purpose, by HKDF-SHA-256 from the deployment's secret (32 bytes or more in base64): one
 * HMAC key for its contact index, one AES key that wraps its members' keys. Kept in the isolate.
 */
export async function programKey(
  secret: string,
  programId: string,
  purpose: Purpose,
): Promise<CryptoKey> {
  const name = JSON.stringify([secret, programId, purpose])
  const known = derived.get(name)
  if (known !== undefined) {
    return known
  }
  const key = await derive(secret, programId, purpose)
  if (derived.size >= MAX_KEYS) {
    derived.clear()
  }
  derived.set(name, key)
  return key
}

async function derive(secret: string, programId: string, purpose: Purpose): Promise<CryptoKey> {
  const bytes = Buffer.from(secret, 'base64')
  if (bytes.length < 32) {
    throw new Error('PROFILE_KEY must be 32 bytes or more in base64')
  }
  const master = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])
  const info = encoder.encode(JSON.stringify(['punchcard', programId, purpose]))
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  const usages = purpose === 'index' ? ['sign'] : ['encrypt', 'decrypt']
  return crypto.subtle.deriveKey(hkdf, master, algorithms[purpose], false, usages)
}
