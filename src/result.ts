/** Every way in which Punchcard refuses a request. `http/problem.ts` gives each its status. */
export type Code =
  | 'malformed_json'
  | 'validation_failed'
  | 'idempotency_key_missing'
  | 'unauthorized'
  | 'code_refused'
  | 'forbidden'
  | 'not_found'
  | 'insufficient_points'
  | 'hold_ended'
  | 'coupon_ended'
  | 'member_frozen'
  | 'card_refused'
  | 'already_exists'
  | 'limit_reached'
  | 'member_gone'
  | 'precondition_failed'
  | 'precondition_required'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'idempotency_key_reused'
  | 'too_many_requests'
  | 'not_supported'
  | 'unavailable'

/** One fault of a request body: a JSON pointer (RFC 6901) and a sentence. */
export interface Fault {
  pointer: string
  detail: string
}

/** A refusal: a stable code, a sentence that a developer can act on, and the faults of the body, if any. */
export interface Failure {
  code: Code
  detail: string
  errors?: Fault[]
  /** When it is worth trying again. */
  retryAfterSeconds?: number
}

/** What was asked for, or why not. Failures are values: they cross RPC, exceptions do not. */
export type Result<T> = { ok: true; value: T } | Refusal
export interface Refusal {
  ok: false
  failure: Failure
}

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })

export const fail = (code: Code, detail: string, errors?: Fault[]): Refusal => ({
  ok: false,
  failure: errors ? { code, detail, errors } : { code, detail },
})

/** Thrown where there is no answer now; its message is meant for who asked. */
export class Unavailable extends Error {}
