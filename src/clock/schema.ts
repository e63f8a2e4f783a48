import * as z from 'zod/mini'
import { clock } from '../program/schema'

/** The instant to which a test clock moves. */
export const clockMove = z.strictObject({ now: clock })
