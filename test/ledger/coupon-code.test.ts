import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BASE32, randomText } from '../../src/auth/random'
import { newMemberId, type Region } from '../../src/ledger/address'
import { codeOf, isSecretOf, readCode } from '../../src/ledger/coupon-code'

const newKey = () => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')

// Always the same: one wrong code in a thousand passes its check characters.
const memberId = 'mp0123456789abc'
const couponKey = 'AAECAwQFBgcICQoLDA0ODw=='
const code = codeOf(memberId, couponKey, 7)
const plain = code.replaceAll('-', '').toLowerCase()

/** Whether a text opens the coupon. */
const opens = (text: string): boolean => {
  const read = readCode(text)
  return read?.memberId === memberId && read.seq === 7 && isSecretOf(couponKey, read)
}

describe('a coupon code', () => {
  it('says whose it is and of which redemption, whatever its number', () => {
    const regions = fc.constantFrom<Region>('wnam', 'apac', 'weur', 'afr', 'me', 'oc', 'sam')
    const seqs = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.maxSafeNat())
    fc.assert(
      fc.property(regions, seqs, (region, seq) => {
        const [id, key] = [newMemberId(region), newKey()]
        const read = readCode(codeOf(id, key, seq))!
        expect(read).toMatchObject({ memberId: id, seq })
        expect(isSecretOf(key, read)).toBe(true)
        expect(isSecretOf(newKey(), read)).toBe(false)
        expect(isSecretOf(key, { ...read, seq: seq + 1 })).toBe(false)
      }),
    )
  })

  it('is written in groups of four capitals, and short', () => {
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{1,4}$/)
    expect(codeOf(memberId, couponKey, 999).length).toBeLessThanOrEqual(43)
  })

  it.each<[string, (text: string) => string]>([
    ['in small letters', (text) => text.toLowerCase()],
    ['without its hyphens', (text) => text.replaceAll('-', '')],
    ['with blanks for them', (text) => text.replaceAll('-', ' ')],
    ['with blanks around it', (text) => `\t ${text}\n`],
    ['with o for 0', (text) => text.replaceAll('0', 'o')],
    ['with O for 0', (text) => text.replaceAll('0', 'O')],
    ['with l for 1', (text) => text.replaceAll('1', 'l')],
    ['with I for 1', (text) => text.replaceAll('1', 'I')],
  ])('is read %s', (_, write) => {
    for (let seq = 1; seq <= 50; seq++) {
      const id = `mp${randomText('01' + BASE32, 13)}`
      const text = codeOf(id, couponKey, seq)
      expect(readCode(write(text))).toEqual(readCode(text))
      expect(readCode(text)).toMatchObject({ memberId: id, seq })
    }
  })

  it('tells nothing of the next: secrets of one key share no more than chance', () => {
    const secrets = Array.from(
      { length: 500 },
      (_, i) => readCode(codeOf(memberId, couponKey, i + 1))!.secret,
    )
    expect(new Set(secrets).size).toBe(500)
    expect(new Set(secrets.map((secret) => secret.slice(0, 8))).size).toBe(500)
    // 80 bits: each of the 32 characters comes about as often as each other, at each place.
    for (let place = 0; place < 16; place++) {
      const counts = new Map<string, number>()
      secrets.forEach((secret) => counts.set(secret[place]!, (counts.get(secret[place]!) ?? 0) + 1))
      expect(counts.size).toBe(32)
      expect(Math.max(...counts.values())).toBeLessThan(500 / 8)
    }
  })
})

describe('what is not the code', () => {
  it('is any with one wrong character: it opens nothing', () => {
    for (let place = 0; place < plain.length; place++) {
      for (const other of BASE32 + 'u') {
        const typed = plain.slice(0, place) + other + plain.slice(place + 1)
        expect([typed, opens(typed)]).toEqual([typed, typed === plain])
      }
    }
  })

  it('is any with one character more or less, or with two exchanged', () => {
    for (let place = 0; place < plain.length; place++) {
      const [before, after] = [plain.slice(0, place), plain.slice(place + 1)]
      const [one, next = ''] = plain.slice(place)
      const typed = [before + after, `${before}0${one}${after}`, before + one + one + after]
      const exchanged = before + next + one + after.slice(1)
      const all = exchanged === plain ? typed : [...typed, exchanged]
      expect(all.filter(opens)).toEqual([])
    }
  })

  it('is mostly told by the check characters alone, so that a typing error asks nobody', () => {
    const typed = Array.from(plain).flatMap((right, place) =>
      Array.from(BASE32)
        .filter((other) => other !== right)
        .map((other) => plain.slice(0, place) + other + plain.slice(place + 1)),
    )
    const passed = typed.filter((text) => readCode(text) !== null)
    expect(passed.length / typed.length).toBeLessThan(0.01)
  })

  it.each([
    '',
    ' ',
    '-',
    '0',
    plain.slice(0, 32),
    `${plain}00`,
    plain.replace(/.$/, 'u'),
    plain.replace(/^./, 'é'),
    `${plain}%00`,
    plain.repeat(2),
    '0'.repeat(10_000),
    '💥'.repeat(20),
  ])('is %j', (text) => {
    expect(readCode(text)).toBe(null)
  })

  it('is one whose number no ledger has', () => {
    const unit = fc.constantFrom(...Array.from(BASE32))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        const read = readCode(text)
        expect(read === null || Number.isSafeInteger(read.seq)).toBe(true)
        expect(read !== null && isSecretOf(couponKey, read)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })
})
