import { sha256 } from '../hash'
import type { ProgramDocument } from '../program/document'
import { unearning } from '../program/earning'
import { type Code, fail, type Failure, type Result } from '../result'
import type { Command } from './decide'
import type { Actor } from './ledger'
import type { Receipt } from './receipt'
import type { Told } from './rules'
import type { SessionRef } from './session'
import type { Purchase } from './schema'

/**
 * Why a ledger has no answer: it was never made, it has obeyed a newer version of the program than it is told now,
 * nobody has told it what that version says, or its member was erased.
 */
export type Unready = 'unknown' | 'stale' | 'unread' | 'gone'

/** A command as it crosses RPC: what is asked, by whom, and under which Idempotency-Key. */
export interface Call {
  command: Command
  actor: Actor
  idempotencyKey: string
  /** SHA-256 (hex) of method, path and validated body. */
  fingerprint: string
  program: Told
  /** The session by which a member calls. */
  session?: SessionRef | undefined
}

/** What a command answers; `replayed` when it had been answered before and nothing was written. */
export interface Reply {
  result: Result<Receipt>
  replayed: boolean
  /** The member's language, if one is known. */
  locale: string | null
}

/** What is kept of a SHA-256: enough to tell a request from another one with its key, or about its order. */
const FINGERPRINT_BYTES = 12
const CONTENT_BYTES = 8

/** An idempotency key as it is remembered: the fingerprint of what was asked with it. */
export interface Key {
  /** See `keyText`. */
  key: string
  fingerprint: Uint8Array
  /** Digest of the command itself, compared when another key asks for the same thing. */
  content: Uint8Array
}

export const keyReused = fail(
  'idempotency_key_reused',
  'This Idempotency-Key came with another request.',
)

export const bookedOtherwise: Failure = {
  code: 'already_exists',
  detail: 'It was booked before with other content; a refund or an adjustment corrects it.',
}

/** The refusal of all that is asked of who has left. */
export const gone: Failure = { code: 'member_gone', detail: 'The member was erased.' }

export const signedOut = fail('unauthorized', 'This session is over. Sign in again.')

const remembered = new Set<Code>([
  'insufficient_points',
  'hold_ended',
  'coupon_ended',
  'member_frozen',
  'card_refused',
  'already_exists',
  'limit_reached',
])

/** Whether a key that met this refusal meets it again: those of status 409, which the ledger decides. */
export const isRemembered = ({ code }: Failure): boolean => remembered.has(code)

/** A key as it is told from others: by the initial of the kind of caller. A new API key changes nothing. */
export const keyText = (kind: Actor['kind'], idempotencyKey: string): string =>
  `${kind.charAt(0)}:${idempotencyKey}`

/** Whether a kept digest is that of what is asked; the first ledgers kept more bytes. */
export const isDigestOf = (kept: Uint8Array, asked: Uint8Array): boolean =>
  Buffer.from(kept).subarray(0, asked.length).equals(asked)

/** The key of a call, as it is remembered. What a sale leaves out is what the program says. */
export const keyOf = (
  { command, actor, idempotencyKey, fingerprint }: Omit<Call, 'program'>,
  program: Pick<ProgramDocument, 'earning'>,
): Key => ({
  key: keyText(actor.kind, idempotencyKey),
  fingerprint: Buffer.from(fingerprint, 'hex').subarray(0, FINGERPRINT_BYTES),
  content: sha256(contentOf(command, program.earning)).subarray(0, CONTENT_BYTES),
})

/** What a command says of its subject, in one way: a till and a webhook that report one order say the same. */
function contentOf(command: Command, earning: ProgramDocument['earning']): string {
  if (command.type === 'purchase' || command.type === 'sale') {
    const { taxIncluded = earning.taxIncluded } = command.request
    return JSON.stringify(saleOf({ ...command.request, taxIncluded }))
  }
  if (command.type === 'refund') {
    const { occurredAt: _at, channel: _channel, currency: _currency, ...request } = command.request
    return JSON.stringify({ ...command, request })
  }
  return JSON.stringify(command.type === 'reverseRefund' ? command.refundId : command)
}

/** A sale without who reported it, where and when, and without what only says a default. */
function saleOf({ lines, total, taxIncluded, payments = [], ...sale }: Purchase) {
  const { orderId, currency, shipping = 0, discount = 0 } = sale
  const tax = sale.tax ?? lines.reduce((sum, line) => sum + (line.tax ?? 0), 0)
  return [
    orderId,
    currency,
    shipping,
    discount,
    tax,
    tax > 0 ? taxIncluded : null,
    // Where there are lines, the total adds nothing.
    lines.length > 0 ? null : total,
    unearning(payments),
    lines.map((line, i) => [
      line.lineId ?? String(i + 1),
      line.sku,
      line.category,
      line.quantity,
      line.amount,
      line.discount ?? 0,
      line.tax ?? 0,
    ]),
  ]
}
