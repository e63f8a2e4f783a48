import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Api } from '../http/context'
import { isLimited } from '../http/limit'
import { problem } from '../http/problem'
import { identify, identifyMember, isRootKey, type Identity } from './identify'
import { access, type Access } from './scopes'

type Holder = Identity | 'root'

/** Lets a call pass if its credential may use the route that it matched, and says whose call it is. */
export const authorize = (): MiddlewareHandler<Api> => async (c, next) => {
  const route = routeOf(c)
  const rule = (access as Record<string, Access>)[route ?? '']
  if (rule === 'open') {
    return next()
  }
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
  if (token === undefined) {
    return problem(c, { code: 'unauthorized', detail: 'Send Authorization: Bearer <key>.' })
  }
  const holder =
    (await (token.includes('.') ? identifyMember(c, token) : identify(c, token))) ??
    (isRootKey(c.env, token) ? 'root' : null)
  if (holder === null) {
    return problem(c, { code: 'unauthorized', detail: 'It is not valid, or not any more.' })
  }
  if (await isLimited(c.env.RATE_LIMITER, limitOf(holder))) {
    return problem(c, { code: 'too_many_requests', detail: 'This key calls too often. Slow down.' })
  }
  if (route === null) {
    return c.notFound()
  }
  if (!isAllowed(holder, rule)) {
    return problem(c, { code: 'forbidden', detail: `It may not ${route}.` })
  }
  if (holder !== 'root') {
    c.set('caller', holder.caller)
    c.set('program', holder.program)
  }
  return next()
}

/** A route without a rule is for nobody. */
function isAllowed(holder: Holder, rule: Access | undefined): boolean {
  if (rule === undefined || rule === 'open') {
    return false
  }
  if (rule === 'root' || holder === 'root') {
    return rule === holder
  }
  return holder.caller.scopes.has(rule)
}

/** Method and pattern of the handler that will answer; null when there is none. */
function routeOf(c: Context<Api>): string | null {
  const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')
  return route ? `${route.method} ${route.path}` : null
}

/** What is counted: the calls of one key of a program. */
const limitOf = (holder: Holder): string =>
  holder === 'root' ? holder : `${holder.program.id}:${holder.caller.keyId}`
