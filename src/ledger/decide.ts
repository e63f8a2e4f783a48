import { fail, type Result } from '../result'
import { adjust } from './adjust'
import type { Program } from '../program/program'
import { activity, priceOf, purchase } from './award'
import { useCoupon, voidCoupon } from './coupon'
import { barred, freeze } from './freeze'
import { capture, hold, releaseHold } from './hold'
import type { Journal } from './journal'
import type { Actor, Entry, State } from './ledger'
import { type History, orderThread } from './thread'
import { orderOf } from './order'
import { redeem, reverseRedemption } from './redeem'
import type { RefundRequest } from './order'
import { refund, reverseRefund } from './refund'
import { type Gone, refundTo } from './refund-to'
import { type Payment, sale, type Till, voidSale } from './sale'
import type { Shown } from './card'
import type { Proof } from './coupon'
import type { ActivityRequest, Adjustment, Capture, HoldRequest, Purchase, Redeem } from './schema'
import { settle } from './settle'
import { undoImport } from './undo'

/** Everything that can be asked of a member's ledger. */
export type Command =
  | { type: 'purchase'; request: Purchase }
  | { type: 'activity'; request: ActivityRequest }
  | { type: 'refund'; request: RefundRequest }
  | { type: 'reverseRefund'; refundId: string; orderId?: string | undefined }
  | { type: 'hold'; request: HoldRequest }
  | { type: 'capture'; holdId: number; request: Capture }
  | { type: 'release'; holdId: number }
  | { type: 'redeem'; request: Redeem }
  | { type: 'reverseRedemption'; redemptionId: number }
  | { type: 'adjust'; request: Adjustment }
  | { type: 'sale'; request: Purchase; payment?: Payment | undefined; card?: Shown | undefined }
  | ({ type: 'refundTo' } & Gone)
  | { type: 'voidSale'; orderId: string; till: Till }
  | ({ type: 'useCoupon'; orderId?: string | undefined } & Proof)
  | ({ type: 'voidCoupon'; reason?: string | undefined } & Proof)
  | { type: 'undoImport'; importId: string }
  | { type: 'freeze' | 'unfreeze'; reason?: string | undefined }

const FUTURE_MS = 5 * 60_000
const PAST_MS = 400 * 86_400_000

/**
 * Writes what a command does to a settled journal, then settles again what that made due at once.
 * Answers null, or the earlier entry by which the same thing was already done: then nothing is written.
 * Pure: a refusal leaves the journal to be thrown away.
 */
export function decide(
  journal: Journal,
  command: Command,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const late = lateOf(command, journal.now)
  if (late) {
    return late
  }
  const { state } = journal
  const decided = dispatch(journal, command, actor, history)
  if (decided.ok && decided.value) {
    return decided
  }
  const refused = barred(command, actor, state) ?? decided
  if (!refused.ok) {
    return refused
  }
  // Points of a backdated purchase lapse on their own day; what only now came free or back lapses now.
  const isBackdated = command.type === 'purchase' || command.type === 'sale'
  settle(journal, isBackdated ? -Infinity : journal.now)
  return isCountable(journal.state)
    ? decided
    : fail('limit_reached', 'A balance cannot pass 2^53 − 1 points.')
}

function dispatch(
  journal: Journal,
  command: Command,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  switch (command.type) {
    case 'purchase':
      return purchase(journal, command.request, actor, history)
    case 'activity':
      return activity(journal, command.request, actor, history)
    case 'refund':
      return refund(journal, command.request, actor, history)
    case 'reverseRefund':
      return undo(journal, command, actor, history)
    case 'hold':
      return hold(journal, command.request, actor)
    case 'capture':
      return capture(journal, command.holdId, command.request, actor, history)
    case 'release':
      return releaseHold(journal, command.holdId, actor, history)
    case 'redeem':
      return redeem(journal, command.request, actor, history)
    case 'reverseRedemption':
      return reverseRedemption(journal, command.redemptionId, actor, history)
    case 'adjust':
      return adjust(journal, command.request, actor)
    case 'sale':
      return sale(journal, command, actor, history)
    case 'refundTo':
      return refundTo(journal, command, actor, history)
    case 'voidSale':
      return voidSale(journal, command, actor, history)
    case 'useCoupon':
      return useCoupon(journal, command, actor, history)
    case 'voidCoupon':
      return voidCoupon(journal, command, actor, history)
    case 'undoImport':
      return undoImport(journal, command.importId, actor, history)
    case 'freeze':
    case 'unfreeze':
      return freeze(journal, command.type, command.reason ?? null, actor)
  }
}

function undo(
  journal: Journal,
  { refundId, orderId }: Extract<Command, { type: 'reverseRefund' }>,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const found = history
    .refunds(refundId)
    .filter(({ orderId: of, seq }) =>
      orderOf(history.thread(orderThread(of!)))?.refunds.some((entry) => entry.seq === seq),
    )
    .filter((entry) => orderId === undefined || entry.orderId === orderId)
  if (found.length > 1) {
    const detail = `Several orders have a refund ${refundId}; say which by orderId.`
    return fail('validation_failed', detail, [{ pointer: '#/orderId', detail }])
  }
  return found[0]
    ? reverseRefund(journal, found[0], actor, history)
    : fail('not_found', `This member has no refund ${refundId}.`)
}

/** Refuses a sale that this program cannot book, whoever's it is. */
export const unbookable = (request: Purchase, program: Program, now: number): Result<unknown> =>
  lateOf({ type: 'purchase', request }, now) ?? priceOf(request, program)

/** Refuses what happened too far from now: over 5 minutes ahead or, unless it is imported, over 400 days ago. */
function lateOf(command: Command, now: number): Result<never> | null {
  const request = 'request' in command ? command.request : {}
  const occurredAt = 'occurredAt' in request ? (request.occurredAt ?? now) : now
  const isImported = 'channel' in request && request.channel === 'import'
  const earliest = isImported ? 0 : now - PAST_MS
  if (occurredAt <= now + FUTURE_MS && occurredAt >= earliest) {
    return null
  }
  const past = isImported ? 'before 1970' : 'more than 400 days ago'
  const detail = `occurredAt is more than 5 minutes ahead or ${past}.`
  return fail('validation_failed', detail, [{ pointer: '#/occurredAt', detail }])
}

const isCountable = (state: State): boolean =>
  [state.available + state.held + state.pending, state.debt].every(Number.isSafeInteger) &&
  state.days.every((figures) => figures.every(Number.isSafeInteger))
