import { nowIn, type Program } from '../program/program'
import { fail, type Failure, ok, type Result } from '../result'
import type { Book } from './book'
import {
  bookedOtherwise,
  type Call,
  isDigestOf,
  isRemembered,
  type Key,
  keyOf,
  keyReused,
  type Reply,
} from './call'
import { cardOf, refuseCard, useCard } from './card'
import { isForged } from './coupon'
import { couponIn } from './coupon-view'
import { decide } from './decide'
import { historyOf, readEntry } from './entries'
import { open } from './journal'
import type { Entry } from './ledger'
import { type Standing, standingOf, viewOf } from './receipt'
import { readCommand, recall, remember, type Outcome } from './replay'
import { dueAt, settle } from './settle'

/** What a command came to; `replayed` when it had been answered before and nothing was written. */
export interface Execution {
  result: Result<{ entries: readonly Entry[]; standing: Standing }>
  replayed: boolean
}

/** Does what is due by the rules of a program. */
export function bringUpToDate(book: Book, program: Program): void {
  const ledger = book.ledger!
  const now = nowIn(program)
  // What fell due is in what a backup is still to bring.
  if (ledger.state.seq < ledger.restoringTo) {
    return
  }
  if (ledger.version === program.version && now < (ledger.dueAt ?? Infinity)) {
    return
  }
  const journal = open(ledger.state, program, now)
  settle(journal)
  if (journal.entries.length > 0) {
    book.commit(journal, null)
  } else {
    // New rules may have moved what is due; the version is kept, so that an older one never follows it.
    const { version } = program
    book.change({ version, dueAt: dueAt(journal.state, program, now) })
  }
}

/** Decides a command, once for every Idempotency-Key. */
export function execute(book: Book, call: Omit<Call, 'program'>, program: Program): Execution {
  const asked = keyOf(call, program)
  const before = recall(book.sql, asked.key)
  if (before !== null) {
    const isSame = isDigestOf(before.fingerprint, asked.fingerprint)
    return isSame ? replay(book, before.outcome) : { result: keyReused, replayed: false }
  }
  bringUpToDate(book, program)
  return decideFirst(book, call, program, asked)
}

/** An execution as it is answered. */
export function replyOf(book: Book, { result, replayed }: Execution): Reply {
  const ledger = book.ledger!
  if (!result.ok) {
    return { result, replayed, locale: ledger.locale }
  }
  const { entries, standing } = result.value
  const coupon = couponIn(ledger, entries, (seq) => readEntry(book.sql, seq))
  const receipt = { entries: entries.map(viewOf), ...standing, ...(coupon && { coupon }) }
  return { result: ok(receipt), replayed, locale: ledger.locale }
}

function decideFirst(
  book: Book,
  { command, actor }: Omit<Call, 'program'>,
  program: Program,
  asked: Key,
): Execution {
  const ledger = book.ledger!
  const journal = open(ledger.state, program, nowIn(program))
  const decided = isForged(command, ledger.couponKey)
    ? fail('not_found', 'There is no such coupon.')
    : decide(journal, command, actor, historyOf(book.sql))
  if (decided.ok && decided.value !== null) {
    return repeat(book, decided.value, asked)
  }
  const taken = refuseCard(cardOf(command), ledger, Date.now()) ?? decided
  if (!taken.ok) {
    return refuse(book, taken.failure, asked)
  }
  const { entries } = journal
  const standing = standingOf(journal.state, program, journal.now)
  if (entries.length > 0) {
    const fields = useCard(cardOf(command), ledger.cards, Date.now())
    book.commit(journal, { key: asked, span: entries.length, standing }, fields)
  } else if (command.type !== 'refundTo') {
    // A sum that is reached is compared anew each time: there is nothing to repeat.
    remember(book.sql, asked, { standing })
  }
  return { result: ok({ entries, standing }), replayed: false }
}

function refuse(book: Book, failure: Failure, asked: Key): Execution {
  if (isRemembered(failure)) {
    remember(book.sql, asked, { failure })
  }
  return { result: { ok: false, failure }, replayed: false }
}

/** The same thing was booked before, under another key. */
function repeat(book: Book, first: Entry, asked: Key): Execution {
  const { content } = readCommand(book.sql, first.seq)
  if (!isDigestOf(content, asked.content)) {
    return refuse(book, bookedOtherwise, asked)
  }
  remember(book.sql, asked, { seq: first.seq })
  return replay(book, { seq: first.seq })
}

function replay(book: Book, outcome: Outcome): Execution {
  if ('failure' in outcome) {
    return { result: { ok: false, failure: outcome.failure }, replayed: true }
  }
  if ('standing' in outcome) {
    return { result: ok({ entries: [], standing: outcome.standing }), replayed: true }
  }
  return { result: ok(readCommand(book.sql, outcome.seq)), replayed: true }
}
