import { dayOf, dayText } from '../program/calendar'
import { earn, type Earning, price } from '../program/earning'
import { expiryOf } from '../program/expiry'
import { tierOf } from '../program/tier'
import { fail, ok, type Result } from '../result'
import { isLive, type Journal, retier, write } from './journal'
import {
  type Actor,
  activityThread,
  type Detail,
  type Entry,
  type History,
  type KeptLine,
  orderThread,
} from './ledger'
import type { ActivityRequest, Purchase } from './schema'

/** Awards what a purchase earns at the tier held before it. Answers the first entry of an order awarded before. */
export function purchase(
  journal: Journal,
  request: Purchase,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const first = history.thread(orderThread(request.orderId)).find((entry) => entry.kind === 'award')
  if (first) {
    return ok(first)
  }
  const { program, state } = journal
  if (request.currency !== program.currency) {
    return misfit('#/currency', `This program counts in ${program.currency}.`)
  }
  const priced = price(request, program)
  if ('pointer' in priced) {
    return misfit(priced.pointer, priced.detail)
  }
  const occurredAt = request.occurredAt ?? journal.now
  const { factor } = tierOf(program, state.tier)
  const [points, earning] = earn(priced.base, factor, program, occurredAt)
  award(journal, points, occurredAt, {
    actor,
    orderId: request.orderId,
    count: [dayOf(occurredAt, program.timeZone), priced.base, points, 1],
    detail: detailOf(request, priced.total, priced.net, earning),
  })
  retier(journal, journal.now, actor)
  return ok(null)
}

/** Awards a check-in, a review or another of the program's activities, once a day or once a reference. */
export function activity(
  journal: Journal,
  request: ActivityRequest,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const { program } = journal
  const { type, reference = null } = request
  const rule = Object.hasOwn(program.rules.activities, type) ? program.rules.activities[type] : null
  if (!rule) {
    return misfit('#/type', `The program has ${Object.keys(program.rules.activities).join(', ')}.`)
  }
  if (rule.once === 'reference' && reference === null) {
    return misfit('#/reference', `A ${type} needs what it is about.`)
  }
  const occurredAt = journal.now
  const today = dayOf(occurredAt, program.timeZone)
  const day = rule.once === 'day' ? dayText(today) : undefined
  const [first] = history.thread(activityThread(type, day ?? reference))
  if (first) {
    return first.reference === reference
      ? ok(first)
      : fail('limit_reached', `A ${type} counts once a day.`)
  }
  award(journal, rule.points, occurredAt, {
    actor,
    reference,
    count: [today, 0, rule.points, 0],
    detail: { activity: type, ...(day && { day }) },
  })
  retier(journal, journal.now, actor)
  return ok(null)
}

/** Writes points that come in, as a lot of their own less the debt that they pay. */
export function award(
  journal: Journal,
  points: number,
  occurredAt: number,
  draft: Partial<Entry>,
): void {
  const lot = { expiresAt: expiryOf(journal.program, occurredAt), activeAt: null }
  earnLot(journal, points, lot, { ...draft, kind: 'award', occurredAt })
}

/** Writes an entry that makes a lot. */
export function earnLot(
  journal: Journal,
  points: number,
  lot: NonNullable<Entry['lot']>,
  draft: Partial<Entry> & Pick<Entry, 'kind' | 'occurredAt'>,
): void {
  const paid = isLive(lot, journal.now) ? Math.min(journal.state.debt, points) : 0
  write(journal, { ...draft, points, lot: points > 0 ? lot : null, debt: paid === 0 ? 0 : -paid })
}

function detailOf(
  request: Purchase,
  total: number,
  net: readonly number[],
  earning: Earning,
): Detail {
  const { channel, storeId, terminalId } = request
  const lines = request.lines.map(({ sku, quantity, lineId = null, category }, i): KeptLine => {
    if (category !== undefined) {
      return [sku, quantity, net[i]!, lineId, category]
    }
    return lineId === null ? [sku, quantity, net[i]!] : [sku, quantity, net[i]!, lineId]
  })
  return {
    earning,
    total,
    lines,
    channel,
    ...(storeId !== undefined && { storeId }),
    ...(terminalId !== undefined && { terminalId }),
  }
}

const misfit = (pointer: string, detail: string): Result<never> =>
  fail('validation_failed', detail, [{ pointer, detail }])
