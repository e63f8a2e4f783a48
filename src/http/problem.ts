import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Code, type Failure, Unavailable } from '../result'
import type { Api } from './context'

type Status = readonly [status: ContentfulStatusCode, title: string, retryAfterSeconds?: number]

const statuses: Record<Code, Status> = {
  malformed_json: [400, 'The body is not JSON'],
  validation_failed: [400, 'The request is not valid'],
  idempotency_key_missing: [400, 'The Idempotency-Key is missing'],
  unauthorized: [401, 'The credential is missing or not valid'],
  code_refused: [401, 'The code is not right'],
  forbidden: [403, 'The credential may not do this'],
  not_found: [404, 'Not found'],
  insufficient_points: [409, 'Not enough points'],
  hold_ended: [409, 'The hold has ended'],
  coupon_ended: [409, 'The coupon cannot be used any more'],
  member_frozen: [409, 'The member is frozen'],
  card_refused: [409, 'The card must be shown again'],
  already_exists: [409, 'It exists already'],
  limit_reached: [409, 'A limit is reached'],
  member_gone: [410, 'The member was erased'],
  precondition_failed: [412, 'It has changed in the meantime'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body is not declared as what is read'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for something else'],
  precondition_required: [428, 'A precondition is missing'],
  too_many_requests: [429, 'Too many requests', 10],
  not_supported: [501, 'Not supported here'],
  unavailable: [503, 'Not available now', 1],
}

/** Answers a failure as an RFC 9457 problem, with the status of its code. */
export function problem(c: Context<Api>, failure: Failure): Response {
  const { code, detail, errors } = failure
  const [status, title, soonSeconds] = statuses[code]
  const { retryAfterSeconds = soonSeconds } = failure
  if (retryAfterSeconds !== undefined) {
    c.header('Retry-After', String(retryAfterSeconds))
  }
  if (code === 'unauthorized') {
    c.header('WWW-Authenticate', 'Bearer')
  }
  return answer(c, status, { type: `/docs/problems#${code}`, title, status, detail, code, errors })
}

/** Answers what no handler answered: a path that does not exist. */
export const notFound = (c: Context<Api>): Response =>
  problem(c, { code: 'not_found', detail: `There is no ${c.req.method} ${c.req.path}.` })

/** Answers what a handler threw: 503 when storage was away, else a 500 that says nothing of the inside. */
export function onError(error: Error, c: Context<Api>): Response {
  const chain = chainOf(error)
  // Not drizzle's own message: it quotes the bound values, which must not be logged.
  const { name, message, stack } = chain.at(-1)!
  const requestId = c.get('requestId')
  const { method, path } = c.req
  console.error(JSON.stringify({ requestId, method, path, name, message, stack }))
  if (error instanceof Unavailable) {
    return problem(c, { code: 'unavailable', detail: error.message })
  }
  if (isAway(chain)) {
    return problem(c, { code: 'unavailable', detail: 'Storage cannot be reached. Send it again.' })
  }
  return answer(c, 500, {
    type: '/docs/problems#internal_error',
    title: 'Internal Server Error',
    status: 500,
    detail: 'This is our fault. Tell us the requestId.',
    code: 'internal_error',
  })
}

const answer = (c: Context<Api>, status: ContentfulStatusCode, body: object): Response =>
  c.body(
    JSON.stringify({
      ...body,
      instance: new URL(c.req.url).pathname,
      requestId: c.get('requestId'),
    }),
    status,
    {
      'Content-Type': 'application/problem+json',
    },
  )

/** An error and what caused it, the innermost last. */
const chainOf = (error: Error): Error[] =>
  error.cause instanceof Error ? [error, ...chainOf(error.cause)] : [error]

// As D1, libSQL, their transport and drizzle begin their messages.
const STORAGE =
  /^(D1_|SERVER_ERROR|HRANA_|SQLITE_BUSY|Failed query|Failed to get session|Network connection lost|The operation was aborted|internal error)/
const REFUSED = /SQLITE_(CONSTRAINT|ERROR)/

/** Whether D1 or an object could not be reached, as opposed to having refused what it was asked. */
function isAway(chain: (Error & { retryable?: boolean; overloaded?: boolean })[]): boolean {
  const failed = chain.some(
    ({ retryable, overloaded, message }) => retryable || overloaded || STORAGE.test(message),
  )
  return failed && !chain.some((each) => each instanceof TypeError || REFUSED.test(each.message))
}
