import { tierChange } from '../program/tier'
import type { Program } from '../program/program'
import { apply } from './apply'
import type { Entry, Kind, Lot, LotChange, State } from './ledger'

/** What one command is writing: the state so far and the entries that led to it. Lives only inside a decision. */
export interface Journal {
  state: State
  readonly entries: Entry[]
  /** The ledger's own time, milliseconds. */
  readonly now: number
  readonly program: Program
}

/** An entry as a rule writes it: what it leaves out is nothing. */
export type Draft = Partial<Omit<Entry, 'seq' | 'recordedAt'>> & { kind: Kind; occurredAt: number }

/** Opens a journal on a state. `recordedAt` never runs backwards, whatever the clock does. */
export const open = (state: State, program: Program, now: number): Journal => ({
  state,
  entries: [],
  now: Math.max(now, state.recordedAt),
  program,
})

/** Stamps a draft, applies it and keeps it. */
export function write(journal: Journal, draft: Draft): Entry {
  const entry: Entry = {
    points: 0,
    lots: [],
    debt: 0,
    lot: null,
    ref: null,
    endsAt: null,
    tier: null,
    count: null,
    actor: null,
    orderId: null,
    reference: null,
    reason: null,
    ...draft,
    detail: {
      ...draft.detail,
      ...(draft.detail?.earning ? {} : { version: journal.program.version }),
    },
    seq: journal.state.seq + 1,
    recordedAt: journal.now,
  }
  journal.state = apply(journal.state, entry)
  journal.entries.push(entry)
  return entry
}

/**
 * Writes the change of tier, or of its end, that what counts at `at` asks for. `cause` is the entry that brought it
 * about; without one it is time, or `isNew` rules.
 */
export function retier(
  journal: Journal,
  at: number,
  { cause = null, isNew = false }: { cause?: Entry | null; isNew?: boolean } = {},
): void {
  const { program, state } = journal
  const change = tierChange(program, state, at)
  if (change) {
    const { tier, fallsAt, floor, keptUntil, reason } = change
    write(journal, {
      kind: 'tier',
      occurredAt: at,
      tier,
      ref: cause?.seq ?? null,
      actor: cause?.actor ?? null,
      detail: {
        reason: isNew ? 'program' : reason,
        ...(fallsAt !== null && { fallsAt }),
        ...(floor !== null && floor !== state.floor && { floor }),
        ...(keptUntil !== null && { keptUntil }),
      },
    })
  }
}

/** Takes up to `points` from lots in their order. Returns what each gives, and what was not there. */
export function take(
  lots: Iterable<Lot>,
  points: number,
): { given: [seq: number, points: number][]; missing: number } {
  const given: [number, number][] = []
  let missing = points
  for (const lot of lots) {
    if (missing === 0) {
      break
    }
    const share = Math.min(missing, lot.remaining - lot.held)
    if (share > 0) {
      given.push([lot.seq, share])
      missing -= share
    }
  }
  return { given, missing }
}

/** Lots that can be spent now, soonest expiry first. */
export const spendable = ({ state, now }: Journal): Lot[] =>
  state.lots.filter((lot) => isLive(lot, now))

/** Whether points are neither pending nor lapsed: only such are spent, and only such pay debt. */
export const isLive = (lot: Pick<Lot, 'activeAt' | 'expiresAt'>, at: number): boolean =>
  (lot.activeAt === null || lot.activeAt <= at) && lot.expiresAt > at

/** Lot changes that lower what remains. */
export const minus = (given: readonly (readonly [number, number])[]): LotChange[] =>
  given.map(([seq, points]) => [seq, -points] as const)
