import { describe, expect, inject, it } from 'vitest'
import { exponent, isCurrency } from '../../src/program/money'

describe('exponent', () => {
  it.each([
    ['CNY', 2],
    ['HUF', 2],
    ['IDR', 2],
    ['MGA', 2],
    ['MRU', 2],
    ['JPY', 0],
    ['ISK', 0],
    ['UGX', 0],
    ['KWD', 3],
    ['CLF', 4],
  ])('follows ISO 4217 for %s, whatever Intl says', (currency, digits) => {
    expect(exponent(currency)).toBe(digits)
  })

  it('throws for what is no currency', () => {
    expect(() => exponent('EURO')).toThrow(RangeError)
  })
})

describe('isCurrency', () => {
  it.each(['eur', 'XXX', 'XTS', 'XAU', 'ABC', 'EURO', '', 'toString'])('refuses %j', (code) => {
    expect(isCurrency(code)).toBe(false)
  })
})

const vectors = inject('shared')['vectors/money/currency-exponents.json']

describe('the outside table of exponents (../shared/vectors)', () => {
  it.skipIf(!vectors)('agrees on every currency', () => {
    const { rows }: { rows: { currency: string; iso4217: number }[] } = JSON.parse(vectors!)
    // MRO became MRU in 2018.
    const current = rows.filter(({ currency }) => currency !== 'MRO')
    expect(current.length).toBeGreaterThan(10)
    expect(current.map(({ currency }) => [currency, exponent(currency)])).toEqual(
      current.map(({ currency, iso4217 }) => [currency, iso4217]),
    )
  })
})
