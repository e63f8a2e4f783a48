import { crc32 } from '../auth/key'
import { BASE32 } from '../auth/random'
import { sha256 } from '../hash'

// A code is the member's id without its first letter, 80 bits that only the member's object can make, the `seq` of
// the redemption, and two check characters: it opens anywhere, and there is no table of codes to look it up in.

const MEMBER_LENGTH = 14
const SECRET_LENGTH = 16
const CHECK_LENGTH = 2
const SHAPE = new RegExp(
  `^([${BASE32}]{${MEMBER_LENGTH}})([${BASE32}]{${SECRET_LENGTH}})([${BASE32}]{1,11})([${BASE32}]{${CHECK_LENGTH}})$`,
)

/** What a code says of itself; whether it is true only its member's object knows. */
export interface CouponCode {
  memberId: string
  /** The redemption that it came from. */
  seq: number
  secret: string
}

/** The code of the coupon that a redemption gave, by the member's key for codes (base64): groups of four, upper case. */
export function codeOf(memberId: string, couponKey: string, seq: number): string {
  const body = memberId.slice(1) + secretOf(couponKey, seq) + base32(seq)
  const code = (body + check(body)).toUpperCase()
  return code.match(/.{1,4}/g)!.join('-')
}

/** Reads a code however it was typed: look-alikes of Crockford's base 32, hyphens, any case. Null for what cannot be one. */
export function readCode(text: string): CouponCode | null {
  const plain = text.replaceAll(/[\s-]/g, '').toLowerCase()
  const match = SHAPE.exec(plain.replaceAll('o', '0').replaceAll(/[il]/g, '1'))
  if (match === null) {
    return null
  }
  const [, member, secret, digits, given] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ]
  if (check(member + secret + digits) !== given) {
    return null
  }
  const seq = Array.from(digits, (digit) => BASE32.indexOf(digit)).reduce((n, d) => n * 32 + d, 0)
  return Number.isSafeInteger(seq) ? { memberId: `m${member}`, seq, secret } : null
}

/** Whether a code's secret is that of the member's coupon. Takes as long for a wrong one. */
export const isSecretOf = (couponKey: string, { seq, secret }: Omit<CouponCode, 'memberId'>) =>
  crypto.subtle.timingSafeEqual(sha256(secret), sha256(secretOf(couponKey, seq)))

/** 80 bits of a keyed hash: whoever has one code learns nothing of another. */
const secretOf = (couponKey: string, seq: number): string =>
  Array.from(sha256(Buffer.from(couponKey, 'base64'), `coupon:${seq}`).subarray(0, SECRET_LENGTH))
    .map((byte) => BASE32[byte % 32])
    .join('')

const base32 = (n: number): string =>
  n < 32 ? BASE32[n]! : base32(Math.floor(n / 32)) + BASE32[n % 32]!

/** Ten bits of CRC-32: a typing error costs no look-up. */
const check = (body: string): string => base32(1024 + (crc32(body) % 1024)).slice(1)
