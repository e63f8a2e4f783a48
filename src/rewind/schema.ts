import * as z from 'zod/mini'
import { instant, text } from '../http/scalars'

/** Which ledger is put back, and to what it was at which real time. */
export const rewind = z.strictObject({ programId: text(64), memberId: text(64), at: instant })
