import type { MiddlewareHandler } from 'hono'
import type { Api } from './context'
import { problem } from './problem'

const ALLOWED = {
  'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
  'Access-Control-Allow-Headers':
    'Authorization, Content-Type, Idempotency-Key, If-None-Match, Accept-Language',
  'Access-Control-Max-Age': '7200',
}
const EXPOSED = 'ETag, Idempotent-Replayed, Retry-After, X-Request-Id'

/**
 * Lets pages of the program's `origins` call, by CORS. A preflight has no credential and so no program: it is always
 * allowed, the call itself is not. Answers to who is nobody's may be read by anybody.
 */
export const cors = (): MiddlewareHandler<Api> => async (c, next) => {
  const origin = c.req.header('Origin')
  c.header('Vary', 'Origin')
  if (origin !== undefined && c.req.method === 'OPTIONS') {
    return c.body(null, 204, { ...ALLOWED, 'Access-Control-Allow-Origin': origin })
  }
  await next()
  if (origin !== undefined && isWelcome(c.get('program'), origin, c.req.url)) {
    c.header('Access-Control-Allow-Origin', origin)
    c.header('Access-Control-Expose-Headers', EXPOSED)
  }
}

/** Refuses a call from a page that is none of the program's, before it does anything. */
export const origins = (): MiddlewareHandler<Api> => async (c, next) => {
  const origin = c.req.header('Origin')
  if (origin !== undefined && !isWelcome(c.get('program'), origin, c.req.url)) {
    return problem(c, { code: 'forbidden', detail: `${origin} is none of the program's origins.` })
  }
  return next()
}

const isWelcome = (program: { origins: string[] } | undefined, origin: string, url: string) =>
  program === undefined || program.origins.includes(origin) || new URL(url).origin === origin
