import { describe, expect, it } from 'vitest'
import { hasCheckDigit, matchOwners, newCardNumber } from '../../src/members/member'

describe('a card number', () => {
  it('has 13 digits in the range for use within a shop, the last of which checks', () => {
    for (let i = 0; i < 1_000; i++) {
      const card = newCardNumber()
      expect(card).toMatch(/^2\d{12}$/)
      expect(hasCheckDigit(card)).toBe(true)
    }
  })

  // Wikipedia's example of EAN-13, and GS1's.
  it.each(['4006381333931', '6291041500213'])('%s is right', (card) => {
    expect(hasCheckDigit(card)).toBe(true)
  })

  it('is wrong with any one digit changed', () => {
    const card = '4006381333931'
    for (let i = 0; i < card.length; i++) {
      const changed = card.slice(0, i) + ((Number(card[i]) + 1) % 10) + card.slice(i + 1)
      expect(hasCheckDigit(changed)).toBe(false)
    }
  })

  it.each(['', '400638133393', '40063813339310', '400638133393a'])('is not %j', (card) => {
    expect(hasCheckDigit(card)).toBe(false)
  })
})

describe('matchOwners', () => {
  const email = { kind: 'email', memberId: 'one' }
  const phone = { kind: 'phone', memberId: 'one' }

  it('finds nobody for identities that nobody has, or when none is given', () => {
    expect(matchOwners(2, [])).toEqual({ kind: 'nobody' })
    expect(matchOwners(0, [])).toEqual({ kind: 'nobody' })
  })

  it('finds the member who has all of them', () => {
    expect(matchOwners(2, [email, phone])).toEqual({ kind: 'member', memberId: 'one' })
  })

  it('clashes when they are of different members, or some of nobody', () => {
    const other = { ...phone, memberId: 'two' }
    expect(matchOwners(2, [email, other])).toEqual({ kind: 'clash' })
    expect(matchOwners(2, [email])).toEqual({ kind: 'clash' })
  })
})
