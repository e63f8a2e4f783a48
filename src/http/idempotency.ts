import type { MiddlewareHandler } from 'hono'
import { sha256 } from '../hash'
import { canonical } from '../json'
import { fail, ok, type Result } from '../result'
import type { Api } from './context'
import { problem } from './problem'

const MAX_LENGTH = 255

// RFC 8941: a quoted string, then parameters, which mean nothing here.
const QUOTED =
  /^"((?:[ !#-[\]-~]|\\["\\])*)"(?: *; *[a-z*][\w.*-]*(?:=(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*$/
// A comma would be two header lines that were joined.
const BARE = /^[!#-+\--~]+$/

/** Requires an Idempotency-Key and leaves its value in the context. */
export const idempotencyKey = (): MiddlewareHandler<Api> => async (c, next) => {
  const key = parseIdempotencyKey(c.req.header('Idempotency-Key'))
  if (!key.ok) {
    return problem(c, key.failure)
  }
  c.set('idempotencyKey', key.value)
  await next()
}

/** The key in a header: printable ASCII, bare or as the quoted string of the IETF draft; both name the same key. */
export function parseIdempotencyKey(header: string | undefined): Result<string> {
  const raw = header?.trim() ?? ''
  const key = BARE.test(raw) ? raw : QUOTED.exec(raw)?.[1]?.replaceAll(/\\(.)/g, '$1')
  if (raw === '' || key === '') {
    return fail('idempotency_key_missing', 'Send an Idempotency-Key; a fresh UUID is good.')
  }
  if (key === undefined) {
    return fail('validation_failed', 'Idempotency-Key must be one key of printable ASCII.')
  }
  if (key.length > MAX_LENGTH) {
    return fail('validation_failed', `Idempotency-Key has more than ${MAX_LENGTH} characters.`)
  }
  return ok(key)
}

/** SHA-256 (hex) of what a call asks for: method, the path as it was called, and the validated body. */
export const fingerprint = (method: string, path: string, body: unknown): string =>
  sha256(canonical([method, path, body])).toString('hex')
