import * as z from 'zod'
import { page, text } from '../http/scalars'

/** A page of the change feed: entries after a position, from the start without one. */
export const feed = page.omit({ cursor: true }).extend({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'Use the position of an entry, or nextCursor.')
    .transform(Number)
    .default(0),
})

/** Where to go on with a rebuild; from the start without a cursor. */
export const rebuild = z.strictObject({ cursor: text(512).optional() })
