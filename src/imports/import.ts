import type { Region } from '../ledger/address'
import { instantText } from '../program/calendar'
import { fail, type Refusal } from '../result'
import type { Place } from './records'
import type { Options, RowType } from './schema'

export type Phase =
  | 'uploading'
  | 'reading'
  | 'enrolling'
  | 'finding'
  | 'booking'
  | 'done'
  | 'failed'
  | 'undoing'
  | 'undone'

/** What comes after a phase that has no more to do. */
export const nextPhase: Partial<Record<Phase, Phase>> = {
  reading: 'enrolling',
  enrolling: 'finding',
  finding: 'booking',
  booking: 'done',
  undoing: 'undone',
}

/** What became of rows of one type: money by currency in minor units, and the points that they moved. */
export interface Sum {
  rows: number
  amounts: Record<string, number>
  points: number
}

/** A file on its way into the ledgers, and how far it has come. */
export interface Import {
  programId: string
  id: string
  /** The API key by which it was sent, as entries name it. */
  keyId: string
  /** Of the region from which it came are the members whom it enrols. */
  region: Region
  fingerprint: string
  options: Options
  createdAt: number
  phase: Phase
  /** Why it failed. */
  detail: string | null
  isUndoAsked: boolean
  /** How many bytes came, their running digest (hex), and how many were read. */
  bytes: number
  digest: string
  bytesRead: number
  /** The call that sent the last bytes. */
  turn: string
  place: Place
  /** The last one that a phase has passed. */
  cursor: string
  /** How often in a row a step has failed. */
  attempt: number
  rows: number
  booked: number
  duplicates: number
  failed: number
  /** Members whom it found, and whom it enrolled. */
  members: { known: number; enrolled: number }
  sums: Record<RowType, Sum>
}

const nothing = (): Sum => ({ rows: 0, amounts: {}, points: 0 })

export const beginImport = (
  given: Pick<
    Import,
    'programId' | 'id' | 'keyId' | 'region' | 'fingerprint' | 'options' | 'createdAt' | 'place'
  >,
): Import => ({
  ...given,
  phase: 'uploading',
  detail: null,
  isUndoAsked: false,
  bytes: 0,
  digest: '',
  bytesRead: 0,
  turn: '',
  cursor: '',
  attempt: 0,
  rows: 0,
  booked: 0,
  duplicates: 0,
  failed: 0,
  members: { known: 0, enrolled: 0 },
  sums: { member: nothing(), purchase: nothing(), refund: nothing(), balance: nothing() },
})

/** Sums with one more row in them. */
export function add(sums: Import['sums'], type: RowType, came: Came): Import['sums'] {
  const { rows, amounts, points } = sums[type]
  const { amount, currency } = came
  const sum = {
    rows: rows + 1,
    amounts:
      amount === undefined
        ? amounts
        : { ...amounts, [currency!]: (amounts[currency!] ?? 0) + amount },
    points: points + came.points,
  }
  return { ...sums, [type]: sum }
}

/** What a row came to. */
export interface Came {
  points: number
  amount?: number
  currency?: string
}

/** One member more. */
export const countMember = ({ known, enrolled }: Import['members'], isNew: boolean) =>
  isNew ? { known, enrolled: enrolled + 1 } : { known: known + 1, enrolled }

/** Who sends a part of a file: one call, by any name of its own, and whether it has sent anything before. */
export interface Sender {
  turn: string
  isFirst: boolean
}

const MOST_BYTES = 1_000_000_000

/** Why bytes are not taken from an offset on; null where they are. */
export function refuseBytes(
  { phase, bytes, turn }: Import,
  offset: number,
  length: number,
  by: Sender,
): Refusal | null {
  if (phase !== 'uploading') {
    return fail('already_exists', 'This import takes no more of a file.')
  }
  const follows = offset === bytes || (offset === 0 && by.isFirst)
  // Of two who send at once the one who began last goes on: a file is never of both.
  const isTurn = by.isFirst || by.turn === turn
  if (!follows || !isTurn) {
    return fail('already_exists', `The file has come up to byte ${bytes}. Go on from there.`)
  }
  return offset + length > MOST_BYTES ? fail('payload_too_large', 'A file has at most 1 GB.') : null
}

/** The answer to a key that came with other options, or another file. */
export const reused = fail(
  'idempotency_key_reused',
  'This Idempotency-Key came with another import.',
)

/** What the digest of a file goes on from: it can be read as two things. */
export const firstDigest = ({ type }: Options): string => type ?? ''

/** Whether there is more that happens by itself. */
export const isAtWork = ({ phase, isUndoAsked }: Import): boolean =>
  isUndoAsked || !['uploading', 'done', 'failed', 'undone'].includes(phase)

/** An import as the API shows it. */
export function viewOf(job: Import) {
  const { id, options, phase, createdAt, detail, bytes, bytesRead, sums } = job
  const { rows, booked, duplicates, failed, members } = job
  return {
    id,
    name: options.name ?? null,
    status: job.isUndoAsked ? ('undoing' as const) : phase,
    dryRun: options.dryRun,
    createdAt: instantText(createdAt),
    detail,
    bytes,
    bytesRead,
    rows,
    booked,
    duplicates,
    failed,
    members,
    purchases: sums.purchase,
    refunds: sums.refund,
    balances: sums.balance,
  }
}
