import type * as Crypto from 'node:crypto'

let nodeCrypto: typeof Crypto | undefined

/** SHA-256 over all parts, one after the other. Synchronous, as `crypto.subtle` is not. */
export function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  // Loaded with the first hash: it costs a fifth of what a Worker may take to start.
  nodeCrypto ??= process.getBuiltinModule('node:crypto')
  const hash = nodeCrypto.createHash('sha256')
  for (const part of parts) {
    hash.update(part)
  }
  return hash.digest()
}
