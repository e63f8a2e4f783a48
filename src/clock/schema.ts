import * as z from 'zod'
import { clock } from '../program/schema'

/** The instant to which a test clock moves. */
export const clockMove = z.strictObject({ now: clock })
