import { promiseOf } from '../program/expiry'
import { fail, ok, type Result } from '../result'
import { earnLot } from './award'
import { type Journal, minus, spendable, take, write } from './journal'
import type { Actor } from './ledger'
import { shortOf } from './redeem'
import type { Adjustment } from './schema'

/** Gives or takes points by hand, for a reason. Takes by expiry; what is not there is refused, or owed if allowed. */
export function adjust(journal: Journal, request: Adjustment, actor: Actor): Result<null> {
  const { points, reason, allowDebt } = request
  const { maxPoints, keys } = journal.program.adjustments
  const most = keys[actor.keyId] ?? maxPoints ?? Infinity
  if (Math.abs(points) > most) {
    return fail('forbidden', `This key may adjust by ${most} points at most.`)
  }
  const occurredAt = journal.now
  if (points > 0) {
    const { expiresAt } = request
    const promised =
      expiresAt === undefined
        ? promiseOf(journal.program, occurredAt)
        : { expiresAt, activeAt: null }
    if (promised.expiresAt <= occurredAt) {
      const detail = 'Points cannot lapse before they are given.'
      return fail('validation_failed', detail, [{ pointer: '#/expiresAt', detail }])
    }
    earnLot(journal, points, promised, { kind: 'adjust', occurredAt, reason, actor })
    return ok(null)
  }
  const { given, missing } = take(spendable(journal), -points)
  if (missing > 0 && !allowDebt) {
    return shortOf(journal.state, -points)
  }
  const lots = minus(given)
  write(journal, { kind: 'adjust', occurredAt, points, lots, debt: missing, reason, actor })
  return ok(null)
}
