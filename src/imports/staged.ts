import type { Command } from '../ledger/decide'
import type { Failure } from '../result'

// Instead of a member, behind what no id begins with.
/** Nobody is known by that. */
export const NOBODY = '!nobody'
/** What it says of a person belongs to several. */
export const CLASH = '!clash'

/** A person whom a row may enrol: under which id, sealed. */
export interface Person {
  who: string
  number: number
  /** Whether the row is about the person alone. */
  isRow: boolean
  id: string
  sealed: string
}

/** A row that waits to be booked: by which identity, and its place among that member's. */
export interface StagedRow {
  who: string
  at: number
  number: number
  command: Command
}

/** A row that could not be taken, and why. */
export interface Fault extends Failure {
  row: number
}

/** A member whom an import touches; in which language who is new is written to. */
export interface Touched {
  id: string
  isNew: boolean
  locale: string | null
}
