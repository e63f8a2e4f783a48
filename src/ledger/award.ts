import { dayOf, dayText } from '../program/calendar'
import { earn, type Earning, price, type Priced, takes, toHome } from '../program/earning'
import type { Program } from '../program/program'
import { type Promised, promiseOf } from '../program/expiry'
import { tierOf } from '../program/tier'
import { fail, ok, type Result } from '../result'
import { begin } from './idle'
import { isLive, type Journal, retier, write } from './journal'
import { type Actor, type Detail, type Entry, type KeptLine } from './ledger'
import { activityThread, type History, orderThread } from './thread'
import { awardOf } from './order'
import type { ActivityRequest, Purchase } from './schema'

/** Awards what a purchase earns at the tier held before it. Answers the first entry of an order awarded before. */
export function purchase(
  journal: Journal,
  request: Purchase,
  actor: Actor,
  history: History,
): Result<Entry | null> {
  const first = awardOf(history.thread(orderThread(request.orderId)))
  return first.ok && first.value === null ? awardOrder(journal, request, actor) : first
}

/** Awards an order that was not awarded before. */
export function awardOrder(journal: Journal, request: Purchase, actor: Actor): Result<null> {
  const { program, state } = journal
  const { currency } = request
  const counted = priceOf(request, program)
  if (!counted.ok) {
    return counted
  }
  const priced = counted.value
  const occurredAt = request.occurredAt ?? journal.now
  const { factor } = tierOf(program, state.tier)
  const [points, earning] = earn(request, priced, factor, program, occurredAt)
  const spend = toHome(priced.base, currency, program)
  const entry = earnLot(journal, points, promiseOf(program, occurredAt, true), {
    kind: 'award',
    occurredAt,
    actor,
    orderId: request.orderId,
    count: [dayOf(occurredAt, program.timeZone), spend, points, 1],
    detail: {
      ...detailOf(request, priced.total, priced.net, earning),
      ...(currency !== program.currency && { currency }),
    },
  })
  retier(journal, journal.now, { cause: entry })
  return ok(null)
}

/** What a purchase adds up to, or why it does not in this program. */
export function priceOf(request: Purchase, program: Program): Result<Priced> {
  const { currency } = request
  if (!takes(program, currency)) {
    const codes = [program.currency, ...Object.keys(program.currencies)].join(', ')
    return misfit('#/currency', `This program counts in ${codes}.`)
  }
  const priced = price(request, program)
  return 'pointer' in priced ? misfit(priced.pointer, priced.detail) : ok(priced)
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
  const rule = Object.hasOwn(program.activities, type) ? program.activities[type] : null
  if (!rule) {
    return misfit('#/type', `The program has ${Object.keys(program.activities).join(', ')}.`)
  }
  if (rule.once === 'reference' && reference === null) {
    return misfit('#/reference', `A ${type} needs what it is about.`)
  }
  const occurredAt = journal.now
  const today = dayOf(occurredAt, program.timeZone)
  const { once } = rule
  const day = once === 'day' ? dayText(today) : undefined
  const subject = once === 'ever' ? once : (day ?? reference)
  const [first] = history.thread(activityThread(type, subject))
  if (first) {
    return first.reference === reference
      ? ok(first)
      : fail('limit_reached', `A ${type} counts once${once === 'ever' ? '' : ' a day'}.`)
  }
  const entry = earnLot(journal, rule.points, promiseOf(program, occurredAt), {
    kind: 'award',
    occurredAt,
    actor,
    reference,
    count: rule.isVisit ? [today, 0, rule.points, 0, 1] : [today, 0, rule.points, 0],
    detail: { activity: type, ...(day && { day }), ...(once === 'ever' && { once }) },
  })
  retier(journal, journal.now, { cause: entry })
  return ok(null)
}

/** Writes points that come in, as a lot of their own less the debt that they pay. */
export function earnLot(
  journal: Journal,
  points: number,
  promised: Promised,
  draft: Partial<Entry> & Pick<Entry, 'kind' | 'occurredAt'>,
): Entry {
  const isActivity = draft.kind === 'award'
  const begun = begin(journal, promised, { ms: draft.occurredAt, isActivity })
  const lot = begun.promised
  const paid = isLive(lot, journal.now) ? Math.min(journal.state.debt, points) : 0
  return write(journal, {
    ...draft,
    detail: { ...draft.detail, ...begun.detail },
    points,
    lot: points > 0 ? lot : null,
    debt: paid === 0 ? 0 : -paid,
  })
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
