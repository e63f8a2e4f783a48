import { dayText, instantText } from '../program/calendar'
import { NEVER } from '../program/expiry'
import type { Program } from '../program/program'
import type { Entry, Lot } from './ledger'
import { type BalanceView, balanceViewOf } from './receipt'
import type { Ledger } from './store'

/** An entry as the chain has it, times in milliseconds, and its hash (hex). */
export type ChainedEntry = Entry & { hash: string }

/** An open lot; null for points that never lapse. */
export type StatedLot = Omit<Lot, 'expiresAt'> & { expiresAt: number | null }

/** What a statement says before its entries: all that is needed to check them, and what they must come to. */
export interface Statement {
  format: 'punchcard-statement-1'
  programId: string
  memberId: string
  currency: string
  timeZone: string
  at: string
  enrolledOn: string
  /** Base64: hides in the chain what links to a person. */
  salt: string
  balance: BalanceView
  /** Open lots in the order in which they are spent; times in milliseconds. */
  lots: readonly StatedLot[]
  /** The last entry, and its hash (hex). */
  seq: number
  head: string
}

/** A settled ledger's statement. */
export function statementOf(ledger: Ledger, program: Program, now: number): Statement {
  const { programId, memberId, salt, head, state, start } = ledger
  return {
    format: 'punchcard-statement-1',
    programId,
    memberId,
    currency: program.currency,
    timeZone: program.timeZone,
    at: instantText(now),
    enrolledOn: dayText(start.enrolledOn),
    salt,
    balance: balanceViewOf(state),
    lots: state.lots.map(({ expiresAt, ...lot }) => ({
      ...lot,
      expiresAt: expiresAt === NEVER ? null : expiresAt,
    })),
    seq: state.seq,
    head: Buffer.from(head, 'base64').toString('hex'),
  }
}
