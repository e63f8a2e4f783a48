import { erased } from './chain'
import { type Journal, write } from './journal'
import type { Actor, Entry } from './ledger'

/** Gives up everything that a member has: points, what is owed, holds and coupons, in one entry. */
export function forfeit(journal: Journal, actor: Actor): Entry {
  const { lots, debt } = journal.state
  const changes = lots.map(({ seq, remaining, held }) => [seq, -remaining, -held] as const)
  return write(journal, {
    kind: 'erase',
    occurredAt: journal.now,
    points: changes.reduce((sum, [, change]) => sum + change, debt),
    lots: changes,
    debt: -debt,
    actor,
  })
}

/** The three texts of an entry as `texts` keeps them, as digests: the chain still adds up, and nobody can read them. */
export const erasedTexts = (
  salt: Uint8Array,
  { orderId, reference, reason }: Pick<Entry, 'orderId' | 'reference' | 'reason'>,
): string =>
  JSON.stringify([
    erased(salt, 'orderId', orderId),
    erased(salt, 'reference', reference),
    erased(salt, 'reason', reason),
  ])
