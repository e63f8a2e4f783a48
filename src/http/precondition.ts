import type { MiddlewareHandler } from 'hono'
import type { Api } from './context'
import { problem } from './problem'

// RFC 9110, section 13.1.1: a list of entity tags, or any.
const TAG = /(W\/)?"[\x21\x23-\x7e]*"/g
const LIST = new RegExp(`^(\\*|${TAG.source}(\\s*,\\s*${TAG.source})*)$`)

/** Requires If-Match, so that nobody overwrites what he has not seen, and leaves its tags in the context. */
export const ifMatch = (): MiddlewareHandler<Api> => async (c, next) => {
  const header = c.req.header('If-Match')?.trim()
  if (header === undefined) {
    const detail = 'Send If-Match with the ETag of the version that you have changed.'
    return problem(c, { code: 'precondition_required', detail })
  }
  if (!LIST.test(header)) {
    const detail = 'If-Match must be an ETag such as "3".'
    return problem(c, { code: 'validation_failed', detail })
  }
  c.set('ifMatch', header === '*' ? ['*'] : header.match(TAG)!)
  await next()
}

/** The strong entity tag of a version. */
export const etag = (version: number): string => `"${version}"`

/** Whether tags, or any, name a version; weak ones name none. */
export const names = (tags: readonly string[], version: number): boolean =>
  tags.includes('*') || tags.includes(etag(version))
