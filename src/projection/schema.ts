import * as z from 'zod/mini'
import { digits, page } from '../http/scalars'

/** A page of the change feed: entries after a position, from the start without one. */
export const feed = z.extend(z.omit(page, { cursor: true }), {
  after: z._default(digits(15, 'Use the position of an entry, or nextCursor.'), 0),
})
