import { fail, ok, type Result } from '../result'
import type { Command } from './decide'
import { type Journal, write } from './journal'
import type { Actor, State } from './ledger'

const spending = new Set<Command['type']>(['hold', 'redeem', 'sale', 'useCoupon'])

/** Refuses what a frozen member may not: to spend, to show the card, or to do anything himself. What is earned elsewhere counts. */
export const barred = (
  { type }: Command,
  { kind }: Actor,
  { isFrozen }: State,
): Result<never> | null =>
  isFrozen && (spending.has(type) || kind === 'member')
    ? fail('member_frozen', 'The member is frozen: nothing can be spent.')
    : null

/** Freezes a member, or ends that; what is so already stays. */
export function freeze(
  journal: Journal,
  kind: 'freeze' | 'unfreeze',
  reason: string | null,
  actor: Actor,
): Result<null> {
  if (journal.state.isFrozen !== (kind === 'freeze')) {
    write(journal, { kind, occurredAt: journal.now, reason, actor })
  }
  return ok(null)
}
