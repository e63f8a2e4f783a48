import { fail, ok, type Result } from '../result'
import { renewing } from './idle'
import { isLive, type Journal, spendable, take, write } from './journal'
import type { Actor, Hold, LotChange } from './ledger'
import type { History } from './thread'
import { crowded } from './order'
import { shortOf } from './redeem'
import type { Capture, HoldRequest } from './schema'

/** How many holds a member may have open at once. */
const OPEN_MAX = 100

/** Reserves points, soonest expiry first, until the hold ends. */
export function hold(journal: Journal, request: HoldRequest, actor: Actor): Result<null> {
  if (journal.state.holds.length >= OPEN_MAX) {
    return fail('limit_reached', `A member can have ${OPEN_MAX} holds open at once.`)
  }
  const { given, missing } = take(spendable(journal), request.points)
  if (missing > 0) {
    return shortOf(journal.state, request.points)
  }
  write(journal, {
    kind: 'hold',
    occurredAt: journal.now,
    lots: given.map(([seq, points]) => [seq, 0, points] as const),
    endsAt: journal.now + request.expiresInSeconds * 1000,
    orderId: request.orderId ?? null,
    actor,
  })
  return ok(null)
}

/** Spends a hold, wholly or partly, and frees the rest of it. */
export function capture(
  journal: Journal,
  holdId: number,
  request: Capture,
  actor: Actor,
  history: History,
): Result<null> {
  const found = findHold(journal, holdId, history)
  if (!found.ok) {
    return found
  }
  const held = pointsOf(found.value)
  const points = request.points ?? held
  if (points > held) {
    return fail('insufficient_points', `The hold is for ${held} points.`)
  }
  const orderId = request.orderId ?? found.value.orderId
  const refused = crowded(orderId, history)
  if (refused) {
    return refused
  }
  const ended = endOf(journal, found.value, points, journal.now)
  write(journal, {
    ...ended,
    kind: 'capture',
    occurredAt: journal.now,
    points: -points,
    orderId,
    detail: renewing(journal, journal.now),
    actor,
  })
  return ok(null)
}

/** Frees a hold on request. */
export function releaseHold(
  journal: Journal,
  holdId: number,
  actor: Actor,
  history: History,
): Result<null> {
  const found = findHold(journal, holdId, history)
  if (!found.ok) {
    return found
  }
  release(journal, found.value, journal.now, actor)
  return ok(null)
}

/** Frees a hold, on request or when its time is over. */
export function release(journal: Journal, held: Hold, at: number, actor: Actor | null): void {
  const ended = endOf(journal, held, 0, at)
  write(journal, { ...ended, kind: 'release', occurredAt: at, orderId: held.orderId, actor })
}

const pointsOf = (held: Hold): number => held.lots.reduce((sum, [, points]) => sum + points, 0)

/** What a hold's end does to its lots: `spent` points go, the rest comes free and, where it lives, pays debt first. */
function endOf(journal: Journal, held: Hold, spent: number, at: number) {
  const { debt, lots: open } = journal.state
  let toSpend = spent
  let owed = debt
  const lots = held.lots.map(([seq, points]): LotChange => {
    const gone = Math.min(toSpend, points)
    const lot = open.find((other) => other.seq === seq)!
    const paid = isLive(lot, at) ? Math.min(owed, points - gone) : 0
    toSpend -= gone
    owed -= paid
    return [seq, 0 - gone - paid, -points]
  })
  return { ref: held.seq, lots, debt: owed - debt }
}

function findHold(journal: Journal, holdId: number, history: History): Result<Hold> {
  const held = journal.state.holds.find((open) => open.seq === holdId)
  if (held) {
    return ok(held)
  }
  return history.entry(holdId)?.kind === 'hold'
    ? fail('hold_ended', 'The hold was captured, released, or its time is over.')
    : fail('not_found', `This member has no hold ${holdId}.`)
}
