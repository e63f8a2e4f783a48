import type { Caller } from '../auth/caller'
import type { Program } from '../program/program'

/** What every handler finds in its context: `new Hono<Api>()`. */
export interface Api {
  Bindings: Env
  Variables: {
    requestId: string
    caller: Caller
    program: Program
    idempotencyKey: string
    /** The entity tags of If-Match. */
    ifMatch: readonly string[]
  }
}
