import type { SessionRef } from '../ledger/session'
import type { KeyKind } from './key'
import type { Scope } from './scopes'

/** A member who calls, and the session by which. */
export interface SignedIn {
  id: string
  session: SessionRef
}

/** Who calls, with an API key or as a member; the root key is no caller of a program. */
export interface Caller {
  kind: 'server' | 'member'
  /** The key, or the session. */
  keyId: string
  /** Null for a member. */
  keyKind: KeyKind | null
  programId: string
  scopes: ReadonlySet<Scope>
  /** Null for a key. */
  member: SignedIn | null
}
