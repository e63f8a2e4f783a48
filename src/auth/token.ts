import { importJWK, type JWK, jwtVerify, type JWTPayload, SignJWT } from 'jose'
import { fail, ok, type Result } from '../result'

// Tokens by the checks of RFC 8725: one algorithm, a type and a set of claims for each purpose, keys by `kid` alone.

const ALG = 'ES256'
const ISSUER = 'punchcard'
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** What a token is for: no token of one type is taken for one of the other. */
export type TokenType = 'at+jwt' | 'card+jwt'

/** The claims that every token has; times in seconds. */
export interface Claims {
  /** The program. */
  aud: string
  /** The member. */
  sub: string
  /** Names the token. */
  jti: string
  iat: number
  exp: number
  [claim: string]: unknown
}

type PrivateKey = Record<'kty' | 'crv' | 'x' | 'y' | 'd' | 'kid', string>

interface Keys {
  kid: string
  signing: CryptoKey
  verifying: ReadonlyMap<string, CryptoKey>
  /** What may be published. */
  jwks: { keys: JWK[] }
}

let opened: { secret: string; keys: Promise<Keys> } | null = null

/** The keys of the secret TOKEN_KEYS, a JWK set of private P-256 keys: the first signs, all verify. */
function keysOf({ TOKEN_KEYS: secret }: Pick<Env, 'TOKEN_KEYS'>): Promise<Keys> {
  if (opened?.secret !== secret) {
    opened = { secret, keys: open(secret) }
  }
  return opened.keys
}

async function open(secret: string): Promise<Keys> {
  const { keys } = JSON.parse(secret) as { keys: PrivateKey[] }
  const published = keys.map(({ kty, crv, x, y, kid }) => {
    return { kty, crv, x, y, kid, alg: ALG, use: 'sig' }
  })
  const verifying = await Promise.all(
    published.map(async (key) => [key.kid, (await importJWK(key, ALG)) as CryptoKey] as const),
  )
  const { kty, crv, x, y, d, kid } = keys[0]!
  const signing = (await importJWK({ kty, crv, x, y, d }, ALG)) as CryptoKey
  return { kid, signing, verifying: new Map(verifying), jwks: { keys: published } }
}

/** The public keys as a JWK set (RFC 7517): tokens of the last keys are known as long as they live. */
export const publicKeys = async (env: Pick<Env, 'TOKEN_KEYS'>): Promise<{ keys: JWK[] }> =>
  (await keysOf(env)).jwks

/** Signs a token that lives for `ttlSeconds` from `now`, real milliseconds. */
export async function signToken(
  env: Pick<Env, 'TOKEN_KEYS'>,
  typ: TokenType,
  claims: Omit<Claims, 'iat' | 'exp'>,
  { ttlSeconds, now }: { ttlSeconds: number; now: number },
): Promise<string> {
  const { kid, signing } = await keysOf(env)
  const iat = Math.floor(now / 1000)
  return new SignJWT({ iss: ISSUER, ...claims, iat, exp: iat + ttlSeconds })
    .setProtectedHeader({ alg: ALG, typ, kid })
    .sign(signing)
}

const invalid = (detail: string) => fail('unauthorized', detail)

/**
 * What a token says that was signed here as one of this type and lives at `now`, real milliseconds: at 0 nothing has
 * expired, and its end is the caller's to look at.
 */
export async function verifyToken(
  env: Pick<Env, 'TOKEN_KEYS'>,
  typ: TokenType,
  token: string,
  { now }: { now: number },
): Promise<Result<Claims>> {
  if (!COMPACT.test(token)) {
    return invalid('This is no token.')
  }
  const { verifying } = await keysOf(env)
  try {
    const { payload } = await jwtVerify(token, ({ kid = '' }) => keyIn(verifying, kid), {
      algorithms: [ALG],
      typ,
      issuer: ISSUER,
      requiredClaims: ['aud', 'sub', 'jti', 'iat', 'exp'],
      currentDate: new Date(now),
    })
    return isOurs(payload) ? ok(payload) : invalid('The token lacks a claim.')
  } catch (error) {
    const isOver = (error as { code?: string }).code === 'ERR_JWT_EXPIRED'
    return invalid(isOver ? 'The token has expired.' : 'The token is not valid.')
  }
}

function keyIn(keys: ReadonlyMap<string, CryptoKey>, kid: string): CryptoKey {
  const key = keys.get(kid)
  if (key === undefined) {
    throw new Error('No such key')
  }
  return key
}

const isOurs = (payload: JWTPayload): payload is Claims =>
  [payload.aud, payload.sub, payload.jti].every(
    (claim) => typeof claim === 'string' && claim !== '',
  )
