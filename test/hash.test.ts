import { describe, expect, it } from 'vitest'
import { sha256 } from '../src/hash'

describe('sha256', () => {
  // FIPS 180-2, appendix B.1.
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

  it('is that of the standard, in one part or several', () => {
    expect(sha256('abc').toString('hex')).toBe(abc)
    expect(sha256('a', new Uint8Array([0x62]), 'c').toString('hex')).toBe(abc)
  })
})
