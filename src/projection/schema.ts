import * as z from 'zod/mini'
import { digits, page, text } from '../http/scalars'

/** A page of the change feed: entries after a position, from the start without one. */
export const feed = z.extend(z.omit(page, { cursor: true }), {
  after: z._default(digits(15, 'Use the position of an entry, or nextCursor.'), 0),
})

/** Where to go on with a rebuild; from the start without a cursor. */
export const rebuild = z.strictObject({ cursor: z.optional(text(512)) })
