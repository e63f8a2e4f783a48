import * as z from 'zod'
import { page } from '../http/scalars'

/** A page of the change feed: entries after a position, from the start without one. */
export const feed = page.omit({ cursor: true }).extend({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'Use the position of an entry, or nextCursor.')
    .transform(Number)
    .default(0),
})
