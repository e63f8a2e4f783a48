import { fail, ok, type Result } from '../result'
import { isSecretOf } from './coupon-code'
import type { Command } from './decide'
import { type Journal, write } from './journal'
import { type Actor, type Entry } from './ledger'
import type { History } from './thread'
import { crowded } from './order'

/** A coupon by its redemption, and what shows that the caller has its code. */
export interface Proof {
  seq: number
  secret: string
}

/** How many coupons a member may hold at once. */
export const COUPONS_MAX = 100

/** Uses a coupon, for an order or without one. Answers the use by which it is on that order already. */
export function useCoupon(
  journal: Journal,
  { seq, orderId = null }: { seq: number; orderId?: string | null | undefined },
  actor: Actor,
  history: History,
): Result<Entry | null> {
  if (!isOpen(journal, seq)) {
    const ended = history.closing(seq)
    const isSame = ended?.kind === 'use' && orderId !== null && ended.orderId === orderId
    return isSame ? ok(ended) : over(ended)
  }
  const refused = crowded(orderId, history)
  if (refused) {
    return refused
  }
  write(journal, { kind: 'use', occurredAt: journal.now, ref: seq, orderId, actor })
  return ok(null)
}

/** Takes a coupon away. Its points come back by the reversal of its redemption, if at all. */
export function voidCoupon(
  journal: Journal,
  { seq, reason = null }: { seq: number; reason?: string | null | undefined },
  actor: Actor,
  history: History,
): Result<Entry | null> {
  if (!isOpen(journal, seq)) {
    const ended = history.closing(seq)
    return ended?.kind === 'void' && ended.reason === reason ? ok(ended) : over(ended)
  }
  write(journal, { kind: 'void', occurredAt: journal.now, ref: seq, reason, actor })
  return ok(null)
}

/** Opens coupons again that were used for an order, by their redemptions. */
export function reopen(
  journal: Journal,
  redemptions: readonly Entry[],
  orderId: string,
  actor: Actor,
): void {
  for (const { seq: ref, endsAt } of redemptions) {
    const detail = { reversal: true } as const
    write(journal, { kind: 'use', occurredAt: journal.now, ref, orderId, endsAt, detail, actor })
  }
}

/** The redemptions whose coupons pay an order: used for it, and neither opened again nor given back since. */
export function couponsOf(thread: readonly Entry[], history: History): Entry[] {
  const uses = thread.filter(
    (entry, i) => isUse(entry) && !thread.slice(i).some((later) => isUndoing(later, entry)),
  )
  return uses
    .map(({ ref }) => history.entry(ref!)!)
    .filter(({ seq }) => history.closing(seq)?.kind === 'use')
}

const isUndoing = ({ kind, ref, detail }: Entry, use: Entry): boolean =>
  kind === 'use' && ref === use.ref && detail.reversal === true

/** Whether an entry ends a coupon: a restore that names its end gives back the points of one. */
export const closes = ({ kind, endsAt, detail }: Entry): boolean =>
  kind === 'void' ||
  kind === 'lapse' ||
  (kind === 'use' && !detail.reversal) ||
  (kind === 'restore' && endsAt !== null)

const isUse = ({ kind, detail }: Entry): boolean => kind === 'use' && !detail.reversal

const isOpen = ({ state }: Journal, seq: number): boolean =>
  state.coupons.some(([coupon]) => coupon === seq)

const ends: Partial<Record<Entry['kind'], string>> = {
  use: 'was used',
  restore: 'was given back for its points',
  void: 'is void',
  lapse: 'has expired',
}

const over = (ended: Entry | undefined): Result<never> =>
  ended
    ? fail('coupon_ended', `The coupon ${ends[ended.kind]}.`)
    : fail('not_found', 'There is no such coupon.')

/** Whether a command is about a coupon whose code was made up. */
export function isForged(command: Command, couponKey: string): boolean {
  const proof = proofOf(command)
  return proof !== null && !isSecretOf(couponKey, proof)
}

function proofOf(command: Command): Proof | null {
  if (command.type === 'useCoupon' || command.type === 'voidCoupon') {
    return command
  }
  return command.type === 'sale' && command.payment && 'seq' in command.payment
    ? command.payment
    : null
}
