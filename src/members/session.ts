import { isSameDigest } from '../auth/key'
import { BASE32, BASE62, randomText } from '../auth/random'
import { signToken } from '../auth/token'
import { changeSessions } from '../ledger/client'
import type { Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import { indexHash } from './contact'

/** What a signed-in member holds: a token for a quarter of an hour, and one to get the next. */
export interface Tokens {
  memberId: string
  accessToken: string
  tokenType: 'Bearer'
  expiresInSeconds: number
  refreshToken: string
}

const TTL_SECONDS = 900
const RANDOM_LENGTH = 22 // 130 bits
const MAC_LENGTH = 22 // 88 bits

/** Names the program, the member and the session, so that it finds its object; then the secret: random, and its MAC. */
const REFRESH = new RegExp(
  `^pcr_([${BASE32}]{8})_([${BASE32}]{15})_([${BASE32}]{16})_([${BASE62}]{${RANDOM_LENGTH + MAC_LENGTH}})$`,
)

const invalid = fail('unauthorized', 'The refresh token is not valid, or was used before.')

/** Signs a member in on one more device. */
export async function startSession(
  env: Env,
  program: Program,
  memberId: string,
): Promise<Result<Tokens>> {
  const id = randomText(BASE32, 16)
  const secret = await newSecret(env, { programId: program.id, memberId, id })
  const epoch = await changeSessions(env, program, memberId, { type: 'open', id, secret })
  return epoch.ok
    ? ok(await tokens(env, program, memberId, { id, secret, epoch: epoch.value }))
    : epoch
}

/** The next tokens of a session. A refresh token works once: the second time ends the session. */
export async function renewSession(
  env: Env,
  program: Program,
  refreshToken: string,
): Promise<Result<Tokens>> {
  const [, programId, memberId = '', id = '', secret = ''] = REFRESH.exec(refreshToken) ?? []
  const session = { programId: program.id, memberId, id }
  // What was made up ends no session: only a token that was ours once can have come twice.
  if (programId !== program.id || !(await isOurs(env, session, secret))) {
    return invalid
  }
  const next = await newSecret(env, session)
  const epoch = await changeSessions(env, program, memberId, { type: 'rotate', id, secret, next })
  if (!epoch.ok) {
    return epoch.failure.code === 'not_found' ? invalid : epoch
  }
  return ok(await tokens(env, program, memberId, { id, secret: next, epoch: epoch.value }))
}

interface Session {
  programId: string
  memberId: string
  id: string
}

async function newSecret(env: Env, session: Session): Promise<string> {
  const random = randomText(BASE62, RANDOM_LENGTH)
  return random + (await macOf(env, session, random))
}

async function isOurs(env: Env, session: Session, secret: string): Promise<boolean> {
  const mac = await macOf(env, session, secret.slice(0, RANDOM_LENGTH))
  return isSameDigest(mac, secret.slice(RANDOM_LENGTH))
}

async function macOf(env: Env, { programId, memberId, id }: Session, random: string) {
  const text = JSON.stringify([memberId, id, random])
  return (await indexHash(env.PROFILE_KEY, programId, 'refresh', text)).slice(0, MAC_LENGTH)
}

async function tokens(
  env: Env,
  { id: aud }: Program,
  sub: string,
  { id: sid, secret, epoch }: { id: string; secret: string; epoch: number },
): Promise<Tokens> {
  const claims = { aud, sub, sid, epoch, jti: randomText(BASE32, 16) }
  const at = { ttlSeconds: TTL_SECONDS, now: Date.now() }
  return {
    memberId: sub,
    accessToken: await signToken(env, 'at+jwt', claims, at),
    tokenType: 'Bearer',
    expiresInSeconds: TTL_SECONDS,
    refreshToken: `pcr_${aud}_${sub}_${sid}_${secret}`,
  }
}
