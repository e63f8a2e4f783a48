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
import { verifyToken } from './token'

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
  const load = () => findKey(database(c.env, { programId }), programId, keyId)
  const [key, program] = await Promise.all([
    keys.get(slot(programId, keyId), load, (work) => c.executionCtx.waitUntil(work)),
    programOf(c, programId),
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
    member: null,
  }
  return { caller, program }
}

/** Which member holds this token, and the program that it was made for; whether the session still is its ledger knows. */
export async function identifyMember(c: Context<Api>, token: string): Promise<Identity | null> {
  const claims = await verifyToken(c.env, 'at+jwt', token, { now: Date.now() })
  if (!claims.ok) {
    return null
  }
  const { aud: programId, sub: id, sid, epoch } = claims.value
  const program = await programOf(c, programId)
  if (program === null || typeof sid !== 'string' || typeof epoch !== 'number') {
    return null
  }
  const caller: Caller = {
    kind: 'member',
    keyId: sid,
    keyKind: null,
    programId,
    scopes: new Set(['me']),
    member: { id, session: { id: sid, epoch } },
  }
  return { caller, program }
}

const programOf = (c: Context<Api>, programId: string): Promise<Program | null> =>
  programs.get(
    programId,
    () => findProgram(database(c.env, { programId }), programId),
    (work) => c.executionCtx.waitUntil(work),
  )

/** Makes this isolate ask again for a key that it has changed. */
export const forgetKey = (programId: string, keyId: string): void =>
  keys.forget(slot(programId, keyId))

/** Makes this isolate ask again for a program that it has changed. */
export const forgetProgram = (programId: string): void => programs.forget(programId)

/** Whether this is the deployment's root key. */
export const isRootKey = (env: Env, token: string): boolean =>
  Boolean(env.ROOT_KEY) && isSameDigest(digest(env.ROOT_KEY), digest(token))

const slot = (programId: string, keyId: string): string => `${programId}:${keyId}`
