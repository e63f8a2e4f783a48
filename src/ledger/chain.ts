import { sha256 } from '../hash'
import type { Entry } from './ledger'

/** What the first entry's hash follows. */
export const GENESIS = new Uint8Array(32)

/** How erasure leaves a text: its digest, behind a mark that no request can send (control characters are refused). */
const ERASED = '\u0000'

/** A text that links to a person, as the chain sees it: SHA-256 over the member's salt, the field and the text. */
export function digest(salt: Uint8Array, field: string, text: string | null): string | null {
  if (text === null) {
    return null
  }
  if (isErased(text)) {
    return text.slice(1)
  }
  return sha256(salt, `${field}\n${text}`).toString('base64url').slice(0, 22)
}

/** Whether a text is only a digest any more. */
export const isErased = (text: string): boolean => text.startsWith(ERASED)

/** What erasure leaves of a text. */
export const erased = (salt: Uint8Array, field: string, text: string | null): string | null =>
  text === null ? null : ERASED + digest(salt, field, text)

/**
 * The canonical form of an entry: a JSON array of these fields in this order, members of `detail`, `lot` and
 * `actor` by sorted name. What links to a person goes in as its digest. Documented in docs/storage.md.
 */
export function canonical(entry: Entry, salt: Uint8Array): string {
  return JSON.stringify([
    entry.seq,
    entry.kind,
    entry.points,
    entry.occurredAt,
    entry.recordedAt,
    entry.lots,
    entry.debt,
    sorted(entry.lot),
    entry.ref,
    entry.endsAt,
    entry.tier,
    entry.count,
    sorted(entry.detail),
    sorted(entry.actor),
    digest(salt, 'orderId', entry.orderId),
    digest(salt, 'reference', entry.reference),
    digest(salt, 'reason', entry.reason),
  ])
}

/** The hash of an entry: SHA-256 over the hash before it and the entry's canonical form. Synchronous. */
export function chain(before: Uint8Array, entry: Entry, salt: Uint8Array): Uint8Array {
  return new Uint8Array(sha256(before, canonical(entry, salt)))
}

/** The same value with the members of every object in order of name. */
function sorted(value: object | null): object | null {
  if (value === null || Array.isArray(value)) {
    return value
  }
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    pairs.map(([name, each]) => [name, typeof each === 'object' ? sorted(each) : each]),
  )
}
