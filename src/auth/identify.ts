import type { Context } from 'hono'
import { createCache } from '../db/cache'
import { database } from '../db/client'
import type { Api } from '../http/context'
import type { Program } from '../program/program'
import { findProgram } from '../program/store'
import type { Caller } from './caller'
import { digest, isSameDigest, lives, parseKey } from './key'
import { grant } from './scopes'
import { findKey, type StoredKey } from './store'

export interface Identity {
  caller: Caller
  program: Program
}

const keys = createCache<StoredKey>()
const programs = createCache<Program>()

/** Who holds this API key, and the program that it opens; null when it does not live, by real time. */
export async function identify(c: Context<Api>, token: string): Promise<Identity | null> {
  const parts = parseKey(token)
  if (parts === null) {
    return null
  }
  const { programId, keyId } = parts
  const db = () => database(c.env, { programId })
  const later = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  const [key, program] = await Promise.all([
    keys.get(slot(programId, keyId), () => findKey(db(), programId, keyId), later),
    programs.get(programId, () => findProgram(db(), programId), later),
  ])
  if (key === null || program === null) {
    return null
  }
  if (!isSameDigest(key.hash, digest(token)) || !lives(key, Date.now())) {
    return null
  }
  const { kind: keyKind, scopes } = key
  const caller: Caller = {
    kind: 'server',
    keyId,
    keyKind,
    programId,
    scopes: grant(keyKind, scopes),
  }
  return { caller, program }
}

/** Makes this isolate ask again for a key that it has changed. */
export const forgetKey = (programId: string, keyId: string): void =>
  keys.forget(slot(programId, keyId))

/** Makes this isolate ask again for a program that it has changed. */
export const forgetProgram = (programId: string): void => programs.forget(programId)

/** Whether this is the deployment's root key. */
export const isRootKey = (env: Env, token: string): boolean =>
  Boolean(env.ROOT_KEY) && isSameDigest(digest(env.ROOT_KEY), digest(token))

const slot = (programId: string, keyId: string): string => `${programId}:${keyId}`
