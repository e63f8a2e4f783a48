import type { Context } from 'hono'
import type { Caller } from '../auth/caller'
import type { Origin } from '../ledger/address'
import type { Actor } from '../ledger/ledger'
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

/** Where a call comes from, as far as Cloudflare says. */
export const originOf = (c: Context<Api>): Origin | undefined => c.req.raw.cf as Origin | undefined

/** Who asks, as entries name it. */
export function actorOf(c: Context<Api>): Actor {
  const { kind, keyId } = c.get('caller')
  return { kind, keyId, requestId: c.get('requestId') }
}
