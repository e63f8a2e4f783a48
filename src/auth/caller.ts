import type { KeyKind } from './key'
import type { Scope } from './scopes'

/** Who calls with an API key; the root key is no caller of a program. */
export interface Caller {
  kind: 'server'
  keyId: string
  keyKind: KeyKind
  programId: string
  scopes: ReadonlySet<Scope>
}
