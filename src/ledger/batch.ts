import type { Program } from '../program/program'
import { ok, type Result } from '../result'
import type { Book } from './book'
import { type Call, keyText } from './call'
import { execute } from './execute'
import type { Entry } from './ledger'
import { readKey } from './replay'

/** A command among others that reach a ledger together; the session of a member has no part in it. */
export type BatchCall = Omit<Call, 'program' | 'session'>

/**
 * How a batch is decided: for whom the ledger is made first, and whether nothing is written. The projection is not told:
 * who sends batches brings it up to date, and the alarm sees to it.
 */
export interface BatchHow {
  enrolling?: { memberId: string; locale: string | null } | undefined
  isRehearsal?: boolean
}

/** What a command of a batch came to: points, what a purchase cost, and whether an earlier request had booked the same. */
export type Booked = Result<Moved & { isDuplicate: boolean }>

/** Decides commands one after the other, each by what the ones before it left. */
export const executeAll = (book: Book, calls: readonly BatchCall[], program: Program): Booked[] =>
  calls.map((call) => {
    const { result, replayed } = execute(book, call, program)
    if (!result.ok) {
      return result
    }
    const { entries } = result.value
    const key = keyText(call.actor.kind, call.idempotencyKey)
    const last = entries.at(-1)?.seq
    const isDuplicate = replayed && last !== undefined && readKey(book.sql, last) !== key
    return ok({ ...movedBy(entries), isDuplicate })
  })

/** Points, the total of a purchase in minor units of its currency or null, and how many entries say so. */
export interface Moved {
  points: number
  total: number | null
  count: number
}

/** What a command moved; what fell due by itself has no actor. */
export function movedBy(entries: readonly Entry[]): Moved {
  const asked = entries.filter(({ actor }) => actor !== null)
  const points = asked.reduce((sum, entry) => sum + entry.points, 0)
  return { points, total: asked[0]?.detail.total ?? null, count: entries.length }
}
