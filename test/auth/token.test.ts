import { createHmac } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { publicKeys, signToken, verifyToken } from '../../src/auth/token'
import { forge, holding, newKey, part, taken, type TestKey } from './tokens'

// The checks of RFC 8725 (section 3) that apply to tokens with one issuer and one algorithm.

const NOW = Date.parse('2027-03-01T12:00:00Z')
const SECOND = NOW / 1000
const said = { aud: 'program1', sub: 'member1', jti: 'token1', sid: 'session1', epoch: 3 }
const claims = { iss: 'punchcard', ...said, iat: SECOND, exp: SECOND + 900 }
const header = { alg: 'ES256', typ: 'at+jwt', kid: 'ours' }

let ours: TestKey
let theirs: TestKey
let env: Pick<Env, 'TOKEN_KEYS'>

beforeAll(async () => {
  ours = await newKey('ours')
  theirs = await newKey('theirs')
  env = holding(ours)
})

const sign = (typ: 'at+jwt' | 'card+jwt' = 'at+jwt', bindings = env) =>
  signToken(bindings, typ, said, { ttlSeconds: 900, now: NOW })

const check = (token: string, now = NOW, bindings = env) =>
  verifyToken(bindings, 'at+jwt', token, { now })

const isRefused = async (token: string, now = NOW) => {
  const checked = await check(token, now)
  return !checked.ok && checked.failure.code === 'unauthorized'
}

describe('a token', () => {
  it('says what it was told, by whom, and for how long', async () => {
    const token = await sign()
    expect(taken(token).header).toEqual(header)
    expect(taken(token).payload).toEqual(claims)
    expect(await check(token)).toEqual({ ok: true, value: claims })
  })

  it('is what the same claims make when they are signed by hand', async () => {
    // All below that is refused differs from this in one thing.
    expect(await check(await forge(header, claims, ours))).toEqual({ ok: true, value: claims })
  })

  it('is over at its last second, not after it', async () => {
    const token = await sign()
    const end = NOW + 900_000
    expect((await check(token, end - 1)).ok).toBe(true)
    for (const now of [end, end + 1, end + 86_400_000]) {
      const checked = await check(token, now)
      expect(checked).toMatchObject({ ok: false, failure: { detail: 'The token has expired.' } })
    }
  })

  it('leaves its end to who asks for that, and nothing else', async () => {
    const open = (token: string) => verifyToken(env, 'at+jwt', token, { now: 0 })
    expect((await open(await sign())).ok).toBe(true)
    expect((await open(await forge(header, claims, theirs))).ok).toBe(false)
    expect((await open(await forge({ ...header, typ: 'card+jwt' }, claims, ours))).ok).toBe(false)
    expect((await open(await forge(header, { ...claims, exp: undefined }, ours))).ok).toBe(false)
  })
})

const keyless = { ...header, kid: undefined }

describe('a token whose header is another', () => {
  it.each<[string, object]>([
    ['no algorithm', { ...header, alg: undefined }],
    ['none', { ...header, alg: 'none' }],
    ['None', { ...header, alg: 'None' }],
    ['nOnE', { ...header, alg: 'nOnE' }],
    ['an empty algorithm', { ...header, alg: '' }],
    ['a list of algorithms', { ...header, alg: ['ES256'] }],
    ['another case', { ...header, alg: 'es256' }],
    ['HS256', { ...header, alg: 'HS256' }],
    ['RS256', { ...header, alg: 'RS256' }],
    ['ES384', { ...header, alg: 'ES384' }],
    ['ES256K', { ...header, alg: 'ES256K' }],
    ['EdDSA', { ...header, alg: 'EdDSA' }],
    ['no type', { ...header, typ: undefined }],
    ['JWT', { ...header, typ: 'JWT' }],
    ['the type of a card', { ...header, typ: 'card+jwt' }],
    ['a longer type', { ...header, typ: 'at+jwt2' }],
    ['a list of types', { ...header, typ: ['at+jwt'] }],
    ['no kid', keyless],
    ['an empty kid', { ...header, kid: '' }],
    ['an unknown kid', { ...header, kid: 'nobody' }],
    ['the kid in another case', { ...header, kid: 'OURS' }],
    ['a kid that is a path', { ...header, kid: '../ours' }],
    ['a kid that is SQL', { ...header, kid: "ours' OR '1'='1" }],
    ['a kid of every object', { ...header, kid: '__proto__' }],
    ['a kid that is a list', { ...header, kid: ['ours'] }],
    ['a kid that is null', { ...header, kid: null }],
    ['a critical extension', { ...header, crit: ['exp'], exp: SECOND + 900 }],
    ['an empty list of those', { ...header, crit: [] }],
    ['an unencoded payload', { ...header, crit: ['b64'], b64: false }],
  ])('is refused: %s', async (_, changed) => {
    expect(await isRefused(await forge(changed, claims, ours))).toBe(true)
  })

  it.each(['null', '[]', '"at+jwt"', '{', '', '{"alg":"ES256"}x', '\uFFFE'])(
    'is refused: %j',
    async (text) => {
      expect(await isRefused(await forge(text, claims, ours))).toBe(true)
    },
  )
})

describe('a token whose claims are others', () => {
  it.each<[string, object]>([
    ['no issuer', { iss: undefined }],
    ['another issuer', { iss: 'punchcard2' }],
    ['another case', { iss: 'Punchcard' }],
    ['a list of issuers', { iss: ['punchcard'] }],
    ['no audience', { aud: undefined }],
    ['an empty audience', { aud: '' }],
    ['a list of audiences', { aud: ['program1'] }],
    ['a list with others', { aud: ['program2', 'program1'] }],
    ['a number as audience', { aud: 1 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is an object', { sub: { id: 'member1' } }],
    ['no id', { jti: undefined }],
    ['an id that is a number', { jti: 7 }],
    ['no issue', { iat: undefined }],
    ['an issue that is a text', { iat: '0' }],
    ['no end', { exp: undefined }],
    ['no end, said', { exp: null }],
    ['an end that is a text', { exp: String(SECOND + 900) }],
    ['an end in the past', { exp: SECOND - 1 }],
    ['an end right now', { exp: SECOND }],
    ['an end before all time', { exp: -1 }],
    ['a start in the future', { nbf: SECOND + 1 }],
    ['a start that is a text', { nbf: 'now' }],
  ])('is refused: %s', async (_, changed) => {
    expect(await isRefused(await forge(header, { ...claims, ...changed }, ours))).toBe(true)
  })

  it.each(['null', '[]', '"x"', '1', '{', '', 'x'])('is refused: %j', async (text) => {
    expect(await isRefused(await forge(header, text, ours))).toBe(true)
  })

  it('is taken once its start has come', async () => {
    const token = await forge(header, { ...claims, nbf: SECOND }, ours)
    expect((await check(token)).ok).toBe(true)
  })
})

describe('a token of another key', () => {
  it('is refused under our kid and its own', async () => {
    expect(await isRefused(await forge(header, claims, theirs))).toBe(true)
    expect(await isRefused(await forge({ ...header, kid: 'theirs' }, claims, theirs))).toBe(true)
  })

  it('is refused under the kid of another key that we know', async () => {
    const both = holding(ours, theirs)
    const token = await forge({ ...header, kid: 'theirs' }, claims, ours)
    expect((await check(token, NOW, both)).ok).toBe(false)
  })

  it.each<[string, (jwk: object) => object]>([
    ['jwk', (jwk) => ({ jwk })],
    ['jku', () => ({ jku: 'https://evil.example/jwks.json' })],
    ['x5u', () => ({ x5u: 'https://evil.example/key.pem' })],
    ['x5c', () => ({ x5c: [Buffer.from('a certificate').toString('base64')] })],
  ])('is refused though it brings that along as %s', async (_, brought) => {
    const { d: _private, ...jwk } = theirs
    const extra = brought({ ...jwk, alg: 'ES256', use: 'sig' })
    const forged = [
      { ...header, ...extra },
      { ...header, ...extra, kid: 'theirs' },
      { ...keyless, ...extra },
    ]
    for (const each of forged) {
      expect(await isRefused(await forge(each, claims, theirs))).toBe(true)
    }
    // What it brings is not looked at: with our key it is ours.
    expect((await check(await forge({ ...header, ...extra }, claims, ours))).ok).toBe(true)
  })

  it('is refused where our public key was the secret of an HMAC', async () => {
    const { keys } = await publicKeys(env)
    const { x, y } = keys[0] as TestKey
    const point = Buffer.concat([
      Buffer.from([4]),
      Buffer.from(x, 'base64url'),
      Buffer.from(y, 'base64url'),
    ])
    const spki = Buffer.concat([
      Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
      point,
    ])
    const base64 = spki.toString('base64').replaceAll(/(.{64})/g, '$1\n')
    const pem = `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`
    const secrets = [
      pem,
      pem.trim(),
      spki,
      point,
      JSON.stringify(keys[0]),
      JSON.stringify(keys),
      '',
    ]
    for (const secret of secrets) {
      const text = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`
      const signature = createHmac('sha256', secret).update(text).digest('base64url')
      expect(await isRefused(`${text}.${signature}`)).toBe(true)
    }
  })
})

describe('a token for something else', () => {
  it('is not taken: a card is no access, access is no card', async () => {
    const card = await sign('card+jwt')
    expect(await isRefused(card)).toBe(true)
    expect((await verifyToken(env, 'card+jwt', card, { now: NOW })).ok).toBe(true)
    expect((await verifyToken(env, 'card+jwt', await sign(), { now: NOW })).ok).toBe(false)
  })
})

describe('the keys', () => {
  it('turn over: the one before verifies as long as it is kept, the first signs', async () => {
    const before = await sign()
    const next = await newKey('next')
    const rotated = holding(next, ours)
    const after = await sign('at+jwt', rotated)
    expect(taken(after).header.kid).toBe('next')
    expect((await check(before, NOW, rotated)).ok).toBe(true)
    expect((await check(after, NOW, rotated)).ok).toBe(true)
    const dropped = holding(next)
    expect((await check(before, NOW, dropped)).ok).toBe(false)
    expect((await check(after, NOW, dropped)).ok).toBe(true)
    expect(await isRefused(after)).toBe(true)
  })

  it('are published without their private half, the first that signs first', async () => {
    const next = { ...(await newKey('next')), iat: SECOND, alg: 'ES256', use: 'sig' }
    const { keys } = await publicKeys(holding(next, ours))
    const open = ({ kty, crv, x, y, kid }: TestKey) => ({
      kty,
      crv,
      x,
      y,
      kid,
      alg: 'ES256',
      use: 'sig',
    })
    expect(keys).toEqual([open(next), open(ours)])
    const text = JSON.stringify(keys)
    expect([text.includes(next.d), text.includes(ours.d)]).toEqual([false, false])
  })
})
