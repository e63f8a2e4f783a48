import { sha256 } from '../hash'
import { BASE32, BASE62, randomText } from './random'

export const kinds = ['secret', 'pos', 'publishable'] as const
export type KeyKind = (typeof kinds)[number]

/** What a key says of itself; whether it is true only its digest tells. */
export interface KeyParts {
  mode: 'live' | 'test'
  kind: KeyKind
  programId: string
  keyId: string
}

const SECRET_LENGTH = 27 // 160 bits
const CHECKSUM_LENGTH = 6 // 32 bits

const FORMAT = new RegExp(
  `^(pc_(live|test)_(${kinds.join('|')})_([${BASE32}]{8})_([${BASE32}]{8})_[${BASE62}]{${SECRET_LENGTH}})([${BASE62}]{${CHECKSUM_LENGTH}})$`,
)

/** A short random id, of a program or a key: 40 bits. */
export const newId = (): string => randomText(BASE32, 8)

/** A new key in full. It is shown once; only its `digest` is kept. */
export function mintKey({ mode, kind, programId, keyId }: KeyParts): string {
  const body = `pc_${mode}_${kind}_${programId}_${keyId}_${randomText(BASE62, SECRET_LENGTH)}`
  return body + checksum(body)
}

/** Reads a key; null when it is not one or its checksum is broken, so that a typing error costs no look-up. */
export function parseKey(key: string): KeyParts | null {
  const match = FORMAT.exec(key)
  if (match === null || checksum(match[1]!) !== match[6]) {
    return null
  }
  const [, , mode, kind, programId, keyId] = match
  return { mode, kind, programId, keyId } as KeyParts
}

/** SHA-256 (hex) of a key, as it is kept. */
export const digest = (key: string): string => sha256(key).toString('hex')

/** Compares two digests without telling by the time it takes where they differ. */
export const isSameDigest = (a: string, b: string): boolean =>
  crypto.subtle.timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** Whether a key works at `now`; both ends are real time in milliseconds, whatever the program's clock. */
export const lives = (
  key: { expiresAt: number | null; revokedAt: number | null },
  now: number,
): boolean => key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now)

/** CRC-32 as in zip and PNG. The one of node:zlib would cost a fifth of what a Worker may take to start. */
export function crc32(text: string): number {
  let crc = ~0
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
    }
  }
  return ~crc >>> 0
}

function checksum(body: string): string {
  let rest = crc32(body)
  let text = ''
  while (text.length < CHECKSUM_LENGTH) {
    text = BASE62[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}
