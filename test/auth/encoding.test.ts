import { beforeAll, describe, expect, it } from 'vitest'
import { signToken, verifyToken } from '../../src/auth/token'
import { holding, newKey, part } from './tokens'

// What can be done to the text of a token without its key.

const NOW = Date.parse('2027-03-01T12:00:00Z')
const said = { aud: 'program1', sub: 'member1', jti: 'token1' }
const N = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

let env: Pick<Env, 'TOKEN_KEYS'>
let head: string
let payload: string
let signature: string

beforeAll(async () => {
  env = holding(await newKey('ours'))
  do {
    const token = await signToken(env, 'at+jwt', said, { ttlSeconds: 900, now: NOW })
    ;[head, payload, signature] = token.split('.') as [string, string, string]
    // One that looks different in the other base 64.
  } while (!/[-_]/.test(signature))
})

const check = (token: string) => verifyToken(env, 'at+jwt', token, { now: NOW })

/** The text with its last digit so changed that the bits beyond the last byte are not zero. */
const loosely = (text: string): string => {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + digits[digits.indexOf(text.at(-1)!) ^ 1]!
}

const bytesOf = (number: bigint) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex')

/** A signature as ASN.1 has it. */
const der = (raw: Buffer): Buffer => {
  const integer = (bytes: Buffer) => {
    const short = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
    const value = short[0]! > 127 ? Buffer.concat([Buffer.from([0]), short]) : short
    return Buffer.concat([Buffer.from([2, value.length]), value])
  }
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  return Buffer.concat([Buffer.from([0x30, both.length]), both])
}

describe('the text of a token', () => {
  it('is good as it is', async () => {
    expect((await check(`${head}.${payload}.${signature}`)).ok).toBe(true)
  })

  it.each<[string, () => string]>([
    ['nothing', () => ''],
    ['two dots', () => '..'],
    ['no signature', () => `${head}.${payload}`],
    ['an empty signature', () => `${head}.${payload}.`],
    ['an empty payload', () => `${head}..${signature}`],
    ['an empty header', () => `.${payload}.${signature}`],
    ['a fourth part', () => `${head}.${payload}.${signature}.${signature}`],
    ['five parts, as if it were encrypted', () => `${head}.${payload}.${signature}.a.b`],
    ['the JSON form', () => JSON.stringify({ protected: head, payload, signature })],
    ['a blank before', () => ` ${head}.${payload}.${signature}`],
    ['a blank after', () => `${head}.${payload}.${signature} `],
    ['a line break after', () => `${head}.${payload}.${signature}\n`],
    ['a line break inside', () => `${head}.\n${payload}.${signature}`],
    ['padding of the header', () => `${head}=.${payload}.${signature}`],
    ['padding of the signature', () => `${head}.${payload}.${signature}==`],
    ['a NUL', () => `${head}.${payload}.${signature}\0`],
    [
      'the other base 64',
      () => `${head}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`,
    ],
    ['loose bits in the payload', () => `${head}.${loosely(payload)}.${signature}`],
    ['loose bits in the header', () => `${loosely(head)}.${payload}.${signature}`],
    ['the payload of another', () => `${head}.${part({ ...said, sub: 'x' })}.${signature}`],
    ['none', () => `${part({ alg: 'none', typ: 'at+jwt', kid: 'ours' })}.${payload}.`],
    [
      'none with a signature',
      () => `${part({ alg: 'none', typ: 'at+jwt', kid: 'ours' })}.${payload}.${signature}`,
    ],
  ])('is refused with %s', async (_, make) => {
    expect(await check(make())).toMatchObject({ ok: false, failure: { code: 'unauthorized' } })
  })

  it.each<[string, (raw: Buffer) => Buffer]>([
    ['zeros', () => Buffer.alloc(64)],
    ['ones', () => Buffer.alloc(64, 0xff)],
    ['r of zero', (raw) => Buffer.concat([Buffer.alloc(32), raw.subarray(32)])],
    ['s of zero', (raw) => Buffer.concat([raw.subarray(0, 32), Buffer.alloc(32)])],
    ['r and s beyond the order', () => Buffer.concat([bytesOf(N + 1n), bytesOf(N + 1n)])],
    ['ASN.1', der],
    ['a byte less', (raw) => raw.subarray(0, 63)],
    ['a byte more', (raw) => Buffer.concat([raw, Buffer.from([0])])],
    ['r and s changed round', (raw) => Buffer.concat([raw.subarray(32), raw.subarray(0, 32)])],
    ['one bit changed', (raw) => Buffer.concat([Buffer.from([raw[0]! ^ 1]), raw.subarray(1)])],
    ['twice the signature', (raw) => Buffer.concat([raw, raw])],
  ])('is refused with a signature of %s', async (_, change) => {
    const changed = change(Buffer.from(signature, 'base64url')).toString('base64url')
    expect((await check(`${head}.${payload}.${changed}`)).ok).toBe(false)
  })

  it('has brothers that are as good, of the same jti: no list may go by the text', async () => {
    const raw = Buffer.from(signature, 'base64url')
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`)
    // ECDSA takes n − s for s.
    const other = Buffer.concat([raw.subarray(0, 32), bytesOf(N - s)]).toString('base64url')
    for (const brother of [other, loosely(signature)]) {
      const checked = await check(`${head}.${payload}.${brother}`)
      expect(checked.ok ? checked.value.jti : 'token1').toBe('token1')
      expect(checked.ok).toBe(true)
    }
  })

  it('is refused when it is long, and quickly', async () => {
    const long = 'A'.repeat(2_000_000)
    const forged = [`${long}.${long}.${long}`, `${head}.${payload}.${long}`, '.'.repeat(2_000_000)]
    for (const token of forged) {
      expect((await check(token)).ok).toBe(false)
    }
  })

  it('is refused when its header nests deeply', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect((await check(`${part(deep)}.${payload}.${signature}`)).ok).toBe(false)
  })
})
