import { describe, expect, it } from 'vitest'
import { crc32, digest, isSameDigest, lives, mintKey, newId, parseKey } from '../../src/auth/key'
import { BASE32, BASE62, randomText } from '../../src/auth/random'

const parts = { mode: 'test', kind: 'pos', programId: 'abcd2345', keyId: 'wxyz6789' } as const

describe('mintKey', () => {
  it('says mode, kind, program and id, and ends with 160 random bits and a checksum', () => {
    expect(mintKey(parts)).toMatch(/^pc_test_pos_abcd2345_wxyz6789_[0-9A-Za-z]{33}$/)
  })

  it('never gives the same key twice', () => {
    const keys = Array.from({ length: 1_000 }, () => mintKey(parts))
    expect(new Set(keys).size).toBe(1_000)
  })
})

describe('crc32', () => {
  it('gives the check value of CRC-32/ISO-HDLC', () => {
    expect(crc32('123456789')).toBe(0xcbf43926)
  })
})

describe('parseKey', () => {
  const key = mintKey(parts)

  it('reads what mintKey wrote', () => {
    expect(parseKey(key)).toEqual(parts)
    const other = { mode: 'live', kind: 'publishable', programId: newId(), keyId: newId() } as const
    expect(parseKey(mintKey(other))).toEqual(other)
  })

  it('refuses a key with any one character changed', () => {
    for (let i = 0; i < key.length; i++) {
      const changed = key.slice(0, i) + (key[i] === 'a' ? 'b' : 'a') + key.slice(i + 1)
      expect(parseKey(changed)).toBe(null)
    }
  })

  it('refuses two characters swapped, and a key cut or lengthened', () => {
    const at = key.length - 12
    const swapped = key.slice(0, at) + key[at + 1] + key[at] + key.slice(at + 2)
    expect(parseKey(swapped)).toEqual(key === swapped ? parts : null)
    for (const text of [key.slice(0, -1), `${key}0`, ` ${key}`, `${key}\n`, '']) {
      expect(parseKey(text)).toBe(null)
    }
  })
})

describe('isSameDigest', () => {
  it('is true for equal texts alone', () => {
    expect(isSameDigest(digest('a'), digest('a'))).toBe(true)
    expect(isSameDigest(digest('a'), digest('b'))).toBe(false)
  })
})

describe('lives', () => {
  it.each([
    [true, { expiresAt: null, revokedAt: null }],
    [true, { expiresAt: 1_001, revokedAt: null }],
    [false, { expiresAt: 1_000, revokedAt: null }],
    [false, { expiresAt: null, revokedAt: 1_000 }],
    [false, { expiresAt: 2_000, revokedAt: 500 }],
  ])('is %j at 1,000 for %j', (expected, key) => {
    expect(lives(key, 1_000)).toBe(expected)
  })
})

describe('randomText', () => {
  it.each([BASE32, BASE62])('draws every character of %s as often as any other', (alphabet) => {
    const drawn = randomText(alphabet, alphabet.length * 1_000)
    for (const character of alphabet) {
      const times = drawn.split(character).length - 1
      // Five standard deviations around 1,000.
      expect(Math.abs(times - 1_000)).toBeLessThan(160)
    }
  })
})
