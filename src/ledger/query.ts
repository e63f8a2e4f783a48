import type { Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import { fold } from './apply'
import {
  entriesAt,
  historyOf,
  readChained,
  readEntries,
  readEntriesBefore,
  readEntry,
  readTold,
  readLastOf,
} from './entries'
import { open } from './journal'
import { keyText } from './call'
import type { CouponView } from './coupon-view'
import { type Actor, type Entry } from './ledger'
import { orderThread, TIER_THREAD } from './thread'
import {
  type BalanceRow,
  balanceRowOf,
  type EntryView,
  type Standing,
  standingOf,
  viewOf,
} from './receipt'
import { recall } from './replay'
import { importKey } from './undo'
import * as wallet from './wallet'
import type { Shown } from './card'
import { settle } from './settle'
import { type ChainedEntry, type Statement, statementOf } from './statement'
import { type TierStanding, tierStandingOf } from './tier'
import type { Ledger } from './store'

/** What can be asked of a ledger, and what it answers. */
export interface Answers {
  /** Where the member stands, or stood or will stand at an instant. */
  balance: Standing
  /** Newest first. */
  entries: EntryView[]
  entry: EntryView
  /** All entries about one order, oldest first. */
  order: EntryView[]
  /** Whether a call with this Idempotency-Key was answered before. */
  key: boolean
  tier: TierStanding
  statement: Statement
  /** What lapses when, soonest first. */
  lapsing: wallet.Lapsing
  card: wallet.CardStanding
  coupon: CouponView
  /** Newest first. */
  coupons: CouponView[]
  /** Nothing but that the asking session still is. */
  session: null
  /** When each of the member's sessions began, oldest first. */
  sessions: string[]
  /** Entries with their place in the chain, oldest first, as many as one answer takes. */
  chained: ChainedEntry[]
  /** Whether all that was ever asked, was asked by this request, and nobody is signed in. */
  only: boolean
}

export type Query =
  /** `rules` are those of that instant, where they are not those of today. */
  | { type: 'balance'; at?: number | undefined; rules?: Program | undefined }
  | { type: 'entries'; before: number; limit: number }
  | { type: 'entry'; seq: number }
  | { type: 'order'; orderId: string }
  | { type: 'key'; kind: Actor['kind']; idempotencyKey: string }
  | { type: 'tier' }
  | { type: 'statement' }
  | { type: 'lapsing' }
  /** `shown` at a till, which is not used up by looking. */
  | { type: 'card'; shown?: Shown | undefined }
  | { type: 'session' }
  | { type: 'sessions' }
  | { type: 'coupon'; seq: number; secret: string }
  | { type: 'coupons'; before: number; limit: number }
  | { type: 'only'; requestId: string }
  | { type: 'chained'; after: number; upTo: number }

export type Answer = Answers[Query['type']]

/** An answer, and the member's language if one is known. */
export type Answered<T = Answer> = Result<T> & { locale?: string | null }

/** Answers a query on a settled ledger. */
export function answer(
  sql: SqlStorage,
  ledger: Ledger,
  query: Query,
  program: Program,
  now: number,
): Result<Answer> {
  switch (query.type) {
    case 'balance':
      return ok(balanceAt(sql, ledger, query.at ?? now, query.rules ?? program, now))
    case 'entries':
      return ok(readEntriesBefore(sql, query.before, query.limit).map(viewOf))
    case 'entry': {
      const entry = readEntry(sql, query.seq)
      return entry ? ok(viewOf(entry)) : fail('not_found', 'This member has no such entry.')
    }
    case 'order':
      return ok(historyOf(sql).thread(orderThread(query.orderId)).map(viewOf))
    case 'key':
      return ok(recall(sql, keyText(query.kind, query.idempotencyKey)) !== null)
    case 'tier':
      return ok(
        tierStandingOf(ledger.state, readLastOf(sql, TIER_THREAD, TIER_CHANGES), program, now),
      )
    case 'statement':
      return ok(statementOf(ledger, program, now))
    case 'lapsing':
      return ok(wallet.lapsingOf(ledger, program, now))
    case 'card':
      return wallet.cardOf(sql, ledger, query.shown, program, now)
    case 'session':
      return ok(null)
    case 'sessions':
      return ok(wallet.sessionsSince(sql))
    case 'coupon':
      return wallet.couponOf(sql, ledger, query)
    case 'coupons':
      return ok(wallet.couponsBefore(sql, ledger, query.before, query.limit))
    case 'only':
      return ok(isOnly(sql, query.requestId))
    case 'chained':
      return ok(
        inPage(readChained(sql, query.after, Math.min(PAGE_SIZE, query.upTo - query.after))),
      )
  }
}

function isOnly(sql: SqlStorage, requestId: string): boolean {
  for (const { actor } of entriesAt(sql, Infinity)) {
    if (actor !== null && actor.requestId !== requestId) {
      return false
    }
  }
  const told = readTold(sql, keyText('server', importKey(requestId, '')))
  return told.size === 0 && wallet.sessionsSince(sql).length === 0
}

/** What the API would have answered at `at`, or will if nothing more happens: entries known then, then what is due. */
function balanceAt(
  sql: SqlStorage,
  { start, state }: Ledger,
  at: number,
  program: Program,
  now: number,
): Standing {
  const known = at >= now ? state : fold(entriesAt(sql, at), start)
  const journal = open(known, program, at)
  settle(journal)
  // What is only foreseen has no entry yet.
  return { ...standingOf(journal.state, program, at), seq: known.seq }
}

/** How many entries one answer has, and of what length together (the last may be longer). */
const PAGE_SIZE = 100
const PAGE_LENGTH = 200_000

/** What the projection has not seen. `balance` comes with the last page: it is the fold of all before. */
export interface Unprojected {
  entries: Entry[]
  balance: BalanceRow | null
  /** The member has left: no text of theirs may stay. */
  isErased: boolean
  /** How far real time is ahead of the program's clock: 0 unless that stands still. */
  clockLagMs: number
  /** When the ledger was last put back. */
  history: number
  /** When it came here by a backup. */
  restoredAt: number
}

/** The entries after `seq`, oldest first, as many as the projection takes at once. */
export function pageAfter(sql: SqlStorage, ledger: Ledger, seq: number): Unprojected {
  const { state } = ledger
  const clockLagMs = ledger.committedAt - state.recordedAt
  const entries = inPage(readEntries(sql, seq, PAGE_SIZE))
  const isLast = seq + entries.length >= state.seq
  const isErased = ledger.erasedAt !== null
  // Nothing is due of who has left, by no rules.
  const due = isErased ? { dueAt: null, version: Number.MAX_SAFE_INTEGER } : ledger
  const balance = isLast ? balanceRowOf(state, due) : null
  const { history, restoredAt } = ledger
  return { entries, balance, isErased, clockLagMs, history, restoredAt }
}

/** The first of these entries that fit into one answer. */
export function inPage<T>(entries: readonly T[]): T[] {
  let length = 0
  return entries.filter((entry) => {
    const fits = length < PAGE_LENGTH
    length += JSON.stringify(entry).length
    return fits
  })
}

/** How many changes of the tier are shown: the last ones. */
const TIER_CHANGES = 100
