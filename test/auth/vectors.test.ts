import { importJWK, type JWK, jwtVerify } from 'jose'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { verifyToken } from '../../src/auth/token'
import { holding, newKey, part, taken, type TestKey } from './tokens'

// RFC 7515, appendix A.3: "Example JWS Using ECDSA P-256 SHA-256".
const a3 = {
  jwk: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
  },
  compact: `eyJhbGciOiJFUzI1NiJ9.${[
    'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt',
    'cGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
  ].join('')}.${[
    'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA',
    'pmWQxfKTUJqPP3-Kg6NU1Q',
  ].join('')}`,
  claims: { iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true },
}
const EXP_MS = a3.claims.exp * 1000

interface Vector {
  id: string
  alg?: string
  jwk: JWK
  compact?: string
  expect?: string
  claims?: object
  hmacSecretUsed?: string
}

/** Verifies as `verifyToken` has jose do it, less the type and the claims. */
async function verify({ kty, crv, x, y }: JWK, compact: string, now: number) {
  const key = await importJWK({ kty, crv, x, y }, 'ES256')
  return jwtVerify(compact, key, { algorithms: ['ES256'], currentDate: new Date(now) })
}

/** As jose says that the signature, or what made it, is wrong: nothing else is. */
const broken = {
  code: expect.stringMatching(/^ERR_J(WS_SIGNATURE_VERIFICATION_FAILED|OSE_ALG_NOT_ALLOWED)$/),
}

let ours: TestKey

beforeAll(async () => {
  ours = await newKey('ours')
})

/** A deployment whose key is that of a vector, under any kid, where it can be one of ES256. */
const holdingKeyOf = ({ jwk }: { jwk: JWK }, kid: string) =>
  jwk.crv === 'P-256' ? holding(ours, { ...jwk, kid } as TestKey) : holding({ ...ours, kid })

/** Whether our verifier refuses a vector as what it is for either purpose, as long as it lives. */
async function isRefused(vector: { jwk: JWK; compact: string }): Promise<boolean> {
  const { kid } = taken(`${vector.compact.split('.')[0]}.${part({})}.x`).header
  const env = holdingKeyOf(vector, kid ?? '')
  const checks = (['at+jwt', 'card+jwt'] as const).map((typ) =>
    verifyToken(env, typ, vector.compact, { now: EXP_MS - 1 }),
  )
  return (await Promise.all(checks)).every((checked) => !checked.ok)
}

describe('RFC 7515, A.3', () => {
  it('is verified by what verifies our tokens, until it expires', async () => {
    const { payload } = await verify(a3.jwk, a3.compact, EXP_MS - 1)
    expect(payload).toEqual(a3.claims)
    await expect(verify(a3.jwk, a3.compact, EXP_MS)).rejects.toMatchObject({
      code: 'ERR_JWT_EXPIRED',
    })
  })

  it('is no token of ours though the key were: it has no type, kid nor claims', async () => {
    expect(await isRefused(a3)).toBe(true)
  })

  it('is refused with another payload, and with a signature of zeros', async () => {
    const [head, payload, signature] = a3.compact.split('.') as [string, string, string]
    const eve = part({ ...a3.claims, iss: 'eve' })
    const forged = [
      `${head}.${eve}.${signature}`,
      `${head}.${payload}.${'A'.repeat(86)}`,
      `${part({ alg: 'none' })}.${payload}.`,
    ]
    for (const compact of forged) {
      await expect(verify(a3.jwk, compact, EXP_MS - 1)).rejects.toMatchObject(broken)
      expect(await isRefused({ jwk: a3.jwk, compact })).toBe(true)
    }
  })
})

const file = inject('shared')['vectors/tokens/jws-rfc.json']
const { vectors }: { vectors: Vector[] } = file ? JSON.parse(file) : { vectors: [] }
const signed = vectors.filter((each): each is Vector & { compact: string } => !!each.compact)

describe('the outside vectors (../shared/vectors/tokens)', () => {
  it.skipIf(!file)('are there, with attacks and with what is published', () => {
    const kinds = Map.groupBy(signed, (each) => each.expect)
    expect(kinds.get('reject')!.length).toBeGreaterThan(5)
    expect(kinds.get('signature_ok_but_expired')!.length).toBeGreaterThan(2)
  })

  it.skipIf(!file).each(signed)('no token of ours: $id', async (vector) => {
    expect(await isRefused(vector)).toBe(true)
  })

  const ofCurve = signed.filter(({ jwk }) => jwk.crv === 'P-256')
  const attacks = ofCurve.filter((each) => each.expect === 'reject')

  it.skipIf(!file).each(attacks)(
    'refused by the jose call that verifies ours: $id',
    async (each) => {
      await expect(verify(each.jwk, each.compact, EXP_MS - 1)).rejects.toMatchObject(broken)
    },
  )

  it.skipIf(!file).each(ofCurve.filter((each) => !attacks.includes(each)))(
    'verified by the jose call that verifies ours: $id',
    async ({ jwk, compact, claims }) => {
      expect((await verify(jwk, compact, EXP_MS - 1)).payload).toEqual(claims)
    },
  )

  it.skipIf(!file).each(signed.filter(({ jwk }) => jwk.crv !== 'P-256'))(
    'never by a key of another kind: $id',
    async ({ compact }) => {
      await expect(verify(ours, compact, EXP_MS - 1)).rejects.toMatchObject(broken)
    },
  )
})
