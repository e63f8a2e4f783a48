/** A private key of ES256 as TOKEN_KEYS has it. */
export type TestKey = Record<'kty' | 'crv' | 'x' | 'y' | 'd' | 'kid', string>

/** A fresh key pair. */
export async function newKey(kid: string): Promise<TestKey> {
  const pair = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const jwk = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey
  return { kty: 'EC', crv: 'P-256', x: jwk.x!, y: jwk.y!, d: jwk.d!, kid }
}

/** A deployment that signs with the first key and knows them all. */
export const holding = (...keys: readonly TestKey[]): Pick<Env, 'TOKEN_KEYS'> => ({
  TOKEN_KEYS: JSON.stringify({ keys }),
})

/** Base64url of a text as it is, of anything else as JSON. */
export const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs any header and payload: what an attacker with a key of ours could not do better. */
export async function forge(header: unknown, payload: unknown, key: TestKey): Promise<string> {
  const { kty, crv, x, y, d } = key
  const signing = await crypto.subtle.importKey(
    'jwk',
    { kty, crv, x, y, d },
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  const text = `${part(header)}.${part(payload)}`
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    signing,
    Buffer.from(text),
  )
  return `${text}.${Buffer.from(signature).toString('base64url')}`
}

/** The three parts of a token, the first two read. */
export function taken(token: string) {
  const [header, payload, signature] = token.split('.') as [string, string, string]
  const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString())
  return { header: read(header), payload: read(payload), signature }
}
