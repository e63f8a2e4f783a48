import { isSameDigest } from '../auth/key'
import { sha256 } from '../hash'

// One-time codes for one e-mail address or phone number. They end by real time, and in a test program by its clock too.

/** A code that was sent: how it is recognised, and how often it may still be tried. */
export interface Challenge {
  /** SHA-256 of salt and code, base64url. */
  digest: string
  salt: string
  triesLeft: number
  /** Milliseconds by real time, and by a test program's clock; null for a live program. */
  endsAt: number
  clockEndsAt: number | null
}

/** All that is known of one identifier. */
export interface Challenges {
  /** When codes were sent within the last hour, oldest first. */
  sentAt: readonly number[]
  /** The last code; null once it was used. */
  open: Challenge | null
}

/** When something happens: real time, and where a test program's clock stands, in milliseconds. */
export interface Moment {
  now: number
  clockMs: number | null
}

export const LIFE_MS = 10 * 60_000
/** How long what is known of an identifier is kept. */
export const MEMORY_MS = 60 * 60_000
const CODES_AN_HOUR = 5
const TRIES = 5

export const none: Challenges = { sentAt: [], open: null }

/** A new code for who was sent fewer than five within the hour; else when that is so (milliseconds). The code before is void. */
export function challenge(
  { sentAt }: Challenges,
  code: string,
  salt: string,
  { now, clockMs }: Moment,
): Challenges | { notBefore: number } {
  const lately = sentAt.filter((at) => at > now - MEMORY_MS)
  if (lately.length >= CODES_AN_HOUR) {
    return { notBefore: lately[0]! + MEMORY_MS }
  }
  const open = {
    digest: digestOf(salt, code),
    salt,
    triesLeft: TRIES,
    endsAt: now + LIFE_MS,
    clockEndsAt: clockMs === null ? null : clockMs + LIFE_MS,
  }
  return { sentAt: [...lately, now], open }
}

/** Whether a code is the one that was sent, and what is known after: a right one is used up, a wrong one costs a try. */
export function checkCode(
  challenges: Challenges,
  code: string,
  { now, clockMs }: Moment,
): { isRight: boolean; after: Challenges } {
  const { open } = challenges
  if (open === null || open.triesLeft === 0) {
    return { isRight: false, after: challenges }
  }
  const isLive = now < open.endsAt && (clockMs ?? 0) < (open.clockEndsAt ?? Infinity)
  const isRight = isSameDigest(open.digest, digestOf(open.salt, code)) && isLive
  const left = isRight ? null : { ...open, triesLeft: open.triesLeft - 1 }
  return { isRight, after: { ...challenges, open: left } }
}

const digestOf = (salt: string, code: string): string => sha256(salt, code).toString('base64url')
