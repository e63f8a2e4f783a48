import { randomText } from '../auth/random'

/** A new card number: 13 digits in GS1's range for use within a shop (prefix 2), the last an EAN-13 check digit. */
export function newCardNumber(): string {
  const digits = `2${randomText('0123456789', 11)}`
  return digits + checkDigit(digits)
}

/** Whether these are 13 digits of which the last fits the others: what a typing error rarely does. */
export const hasCheckDigit = (cardNumber: string): boolean =>
  /^\d{13}$/.test(cardNumber) && checkDigit(cardNumber.slice(0, 12)) === cardNumber.slice(12)

function checkDigit(digits: string): string {
  const weighted = Array.from(digits, (digit, i) => Number(digit) * (i % 2 === 0 ? 1 : 3))
  const sum = weighted.reduce((total, each) => total + each, 0)
  return String((10 - (sum % 10)) % 10)
}

/** What a member may be known by besides the card: each belongs to one member at most. */
export const identityKinds = ['externalId', 'email', 'phone'] as const

/** An identity in the index, and whose it is. */
export interface Owner {
  kind: string
  memberId: string
}

/** Who is meant by some identities: nobody yet, one member, or a clash. */
export type Match = { kind: 'nobody' } | { kind: 'member'; memberId: string } | { kind: 'clash' }

/** Decides who is meant by `count` identities, of which the index knows these owners. */
export function matchOwners(count: number, owners: readonly Owner[]): Match {
  const [first] = owners
  if (first === undefined) {
    return { kind: 'nobody' }
  }
  const isOne = owners.every(({ memberId }) => memberId === first.memberId)
  return isOne && owners.length === count
    ? { kind: 'member', memberId: first.memberId }
    : { kind: 'clash' }
}
