import * as z from 'zod/mini'
import { text } from '../http/scalars'

/** Which program's projection is rebuilt: all programs' without one. */
export const rebuild = z.strictObject({ programId: z.optional(text(64)) })
