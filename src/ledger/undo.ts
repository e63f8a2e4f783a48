import { ok, type Result } from '../result'
import { keyText } from './call'
import { type Journal, retier } from './journal'
import type { Actor, Entry } from './ledger'
import { orderOf } from './order'
import { clawback, reverseRefund } from './refund'
import { type History, orderThread, threadOf, withoutUndone } from './thread'

/** How many entries an undo writes before it leaves the rest to another command. */
export const UNDO_ENTRIES = 500

/** Under which key the row of an import is booked. No header has a line feed: it is no caller's. */
export const importKey = (importId: string, row: number | ''): string =>
  `\nimport ${importId} ${row}`

/**
 * Takes back what one import booked, newest first, as far as a command may: purchases, refunds, opening balances. What has
 * lapsed of their points is gone already; what was spent meanwhile is owed, or dropped, as after a refund. Their orders
 * can be booked anew. What others have told of too stays, and an order of which they have given something back.
 */
export function undoImport(
  journal: Journal,
  importId: string,
  actor: Actor,
  before: History,
): Result<null> {
  const { booked, lapsed } = gather(importId, before)
  const history = withJournal(before, journal)
  const told = before.told(keyText(actor.kind, importKey(importId, '')))
  const most = journal.entries.length + UNDO_ENTRIES
  for (const entry of booked.filter(({ seq }) => !told.has(seq)).toReversed()) {
    if (journal.entries.length >= most) {
      break
    }
    const gone = lapsed.get(entry.seq) ?? 0
    if (entry.kind === 'award') {
      undoPurchase(journal, entry, gone, actor, history)
    } else if (entry.kind === 'adjust') {
      takeBack(journal, entry, entry.points - gone, { actor })
    } else if (isStanding(entry, history)) {
      reverseRefund(journal, entry, actor, history, { isUndo: true })
    }
  }
  return ok(null)
}

/** Whether the order of a refund was not undone itself since. */
const isStanding = ({ orderId, seq }: Entry, history: History): boolean =>
  history.thread(orderThread(orderId!)).some((entry) => entry.seq === seq)

/** What there was, and what was written since. */
const withJournal = (history: History, { entries }: Journal): History => ({
  ...history,
  entry: (seq) => history.entry(seq) ?? entries.find((entry) => entry.seq === seq),
  thread: (name) =>
    withoutUndone([
      ...history.thread(name),
      ...entries.filter((entry) => threadOf(entry) === name),
    ]),
})

/** What the import booked that was not taken back, oldest first, and how many points of each lot have lapsed. */
function gather(importId: string, history: History) {
  const booked = new Map<number, Entry>()
  const lapsed = new Map<number, number>()
  for (const entry of history.all()) {
    const { kind, actor, detail } = entry
    const isBooked = kind === 'award' || kind === 'adjust' || detail.refund !== undefined
    if (isBooked && actor?.requestId === importId) {
      booked.set(entry.seq, entry)
    }
    if (detail.undo) {
      booked.delete(entry.ref!)
    }
    for (const [seq, change] of kind === 'expire' ? entry.lots : []) {
      lapsed.set(seq, (lapsed.get(seq) ?? 0) - change)
    }
  }
  return { booked: [...booked.values()], lapsed }
}

function undoPurchase(
  journal: Journal,
  award: Entry,
  lapsed: number,
  actor: Actor,
  history: History,
): void {
  const { orderId, count } = award
  const thread = history.thread(orderThread(orderId!))
  if (orderOf(thread)!.standing.length > 0) {
    return
  }
  const counts = thread.flatMap((entry) => (entry.count ? [entry.count] : []))
  const sum = (figure: 1 | 2 | 3) => counts.reduce((all, each) => all + each[figure], 0)
  const undone = takeBack(journal, award, award.points - lapsed, {
    count: count && [count[0], 0 - sum(1), 0 - sum(2), 0 - sum(3)],
    actor,
  })
  retier(journal, journal.now, { cause: undone })
}

const takeBack = (journal: Journal, cause: Entry, points: number, draft: Partial<Entry>): Entry =>
  clawback(
    journal,
    journal.state.lots.filter(({ seq }) => seq === cause.seq),
    Math.max(0, points),
    cause,
    { ...draft, occurredAt: journal.now, detail: { undo: true } },
  )
