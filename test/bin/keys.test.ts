import { expect, describe, it } from 'vitest'
import { newKeys, rotated, type TokenKey } from '../../bin/token-keys'
import { publicKeys, signToken, verifyToken } from '../../src/auth/token'

const NOW = Date.parse('2027-03-01T12:00:00Z')
const said = { aud: 'program1', sub: 'member1', jti: 'token1' }

const keysIn = (secret: string): TokenKey[] => JSON.parse(secret).keys
const kidsIn = (secret: string) => keysIn(secret).map(({ kid }) => kid)
const sign = (secret: string) =>
  signToken({ TOKEN_KEYS: secret }, 'at+jwt', said, { ttlSeconds: 900, now: NOW })
const isGood = async (secret: string, token: string) =>
  (await verifyToken({ TOKEN_KEYS: secret }, 'at+jwt', token, { now: NOW })).ok

describe('newKeys', () => {
  it('are the private P-256 key that signs and the next, with names, others each time', () => {
    const keys = keysIn(newKeys())
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(key).toEqual({
        kty: 'EC',
        crv: 'P-256',
        x: expect.stringMatching(/^[\w-]{43}$/),
        y: expect.stringMatching(/^[\w-]{43}$/),
        d: expect.stringMatching(/^[\w-]{43}$/),
        alg: 'ES256',
        use: 'sig',
        kid: expect.stringMatching(/^[\w-]{8}$/),
      })
    }
    const all = [...keys, ...keysIn(newKeys())]
    expect(new Set(all.map(({ kid }) => kid)).size).toBe(4)
    expect(new Set(all.map(({ d }) => d)).size).toBe(4)
  })
})

describe('rotated', () => {
  it('lets a key sign that was published before, and knows those that signed', async () => {
    const first = newKeys()
    const second = rotated(first)
    const [signing, next] = kidsIn(first)
    expect(kidsIn(second)).toEqual([next, expect.any(String), signing])
    const [old, fresh] = [await sign(first), await sign(second)]
    // Where the new secret has not arrived yet, and where it has.
    expect(await isGood(first, fresh)).toBe(true)
    expect(await isGood(second, old)).toBe(true)
  })

  it('loses no token when it is done twice before anything is deployed', async () => {
    const first = newKeys()
    const old = await sign(first)
    expect(await isGood(rotated(rotated(first)), old)).toBe(true)
    expect(await isGood(rotated(rotated(rotated(first))), old)).toBe(false)
  })

  it('keeps four keys, however often', () => {
    let secret = newKeys()
    for (let i = 0; i < 8; i++) {
      secret = rotated(secret)
    }
    expect(new Set(kidsIn(secret)).size).toBe(4)
  })

  it('reads a secret of one key', () => {
    const [key] = keysIn(newKeys())
    const secret = rotated(JSON.stringify({ keys: [key] }))
    expect(kidsIn(secret)).toEqual([expect.any(String), expect.any(String), key!.kid])
  })

  it('shows all of them to who verifies, and of none the private half', async () => {
    const secret = rotated(newKeys())
    const { keys } = await publicKeys({ TOKEN_KEYS: secret })
    expect(keys.map(({ kid }) => kid)).toEqual(kidsIn(secret))
    expect(keys.flatMap(Object.keys).filter((name) => name === 'd')).toEqual([])
    for (const { d } of keysIn(secret)) {
      expect(JSON.stringify(keys)).not.toContain(d)
    }
  })
})
