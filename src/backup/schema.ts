import * as z from 'zod/mini'
import { text } from '../http/scalars'

/** Where a backup goes on; its places are longer than those of a list. */
export const place = z.strictObject({ cursor: z.optional(text(4096)) })
