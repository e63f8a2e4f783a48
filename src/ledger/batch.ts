import type { Program } from '../program/program'
import { ok, type Result } from '../result'
import type { Book } from './book'
import type { Call } from './call'
import { execute } from './execute'

/** A command among others that reach a ledger together; the session of a member has no part in it. */
export type BatchCall = Omit<Call, 'program' | 'session'>

/** What a command of a batch came to: the points that it moved, and whether an earlier request had booked the same. */
export type Booked = Result<{ points: number; isDuplicate: boolean }>

/** Decides commands one after the other, each by what the ones before it left. */
export const executeAll = (book: Book, calls: readonly BatchCall[], program: Program): Booked[] =>
  calls.map((call) => {
    const { result } = execute(book, call, program)
    if (!result.ok) {
      return result
    }
    // What fell due by itself has no actor.
    const asked = result.value.entries.filter(({ actor }) => actor !== null)
    const points = asked.reduce((sum, entry) => sum + entry.points, 0)
    const isDuplicate = asked.some(({ actor }) => actor!.requestId !== call.actor.requestId)
    return ok({ points, isDuplicate })
  })
