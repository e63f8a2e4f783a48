import { nowIn, type Program } from '../program/program'
import { ok } from '../result'
import { type BatchCall, type Booked, movedBy } from './batch'
import { bookedOtherwise, keyOf } from './call'
import { closes } from './coupon'
import { decide } from './decide'
import { open } from './journal'
import { empty, type Entry, startIn, type State } from './ledger'
import { type History, threadOf, withoutUndone } from './thread'

/** Entries in memory, as decisions ask for them. */
export const historyIn = (entries: readonly Entry[]): History => ({
  entry: (seq) => entries[seq - 1],
  thread: (name) => withoutUndone(entries.filter((entry) => threadOf(entry) === name)),
  told: () => new Set(),
  all: () => entries,
  closing: (id) => entries.findLast((entry) => entry.ref === id && closes(entry)),
  refunds: (id) => entries.filter((entry) => entry.detail.refund && entry.reference === id),
})

/** What commands would come to for somebody who is no member yet. */
export function rehearse(calls: readonly BatchCall[], program: Program): Booked[] {
  const entries: Entry[] = []
  const contents = new Map<number, string>()
  let state: State = empty(startIn(program))
  return calls.map((call) => {
    const journal = open(state, program, nowIn(program))
    const content = Buffer.from(keyOf(call, program).content).toString('hex')
    const decided = decide(journal, call.command, call.actor, historyIn(entries))
    if (!decided.ok) {
      return decided
    }
    if (decided.value !== null) {
      const isSame = contents.get(decided.value.seq) === content
      return isSame
        ? ok({ ...movedBy([decided.value]), isDuplicate: true })
        : { ok: false, failure: bookedOtherwise }
    }
    state = journal.state
    entries.push(...journal.entries)
    journal.entries.forEach(({ seq }) => contents.set(seq, content))
    return ok({ ...movedBy(journal.entries), isDuplicate: false })
  })
}
