import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulDiv, prorate } from '../../src/program/arithmetic'

const MAX = Number.MAX_SAFE_INTEGER

describe('mulDiv', () => {
  it.each([
    [19, 150, 100, 28, 29, 29],
    [10, 5, 10, 5, 5, 5],
    [1, 1, 3, 0, 0, 1],
    [2, 1, 3, 0, 1, 1],
    [1, 1, 2, 0, 1, 1],
    [0, 7, 9, 0, 0, 0],
    [MAX, MAX, MAX, MAX, MAX, MAX],
    [MAX, MAX - 1, MAX, MAX - 1, MAX - 1, MAX - 1],
  ])('%i × %i ÷ %i is %i, %i or %i by floor, half-up and ceil', (a, b, c, floor, half, ceil) => {
    expect(mulDiv(a, b, c)).toBe(floor)
    expect(mulDiv(a, b, c, 'half-up')).toBe(half)
    expect(mulDiv(a, b, c, 'ceil')).toBe(ceil)
  })
})

describe('prorate', () => {
  it.each([
    [100, [1, 1, 1], [34, 33, 33]],
    [10, [1, 2, 3], [2, 3, 5]],
    [1, [5, 5], [1, 0]],
    [0, [1, 2], [0, 0]],
    [3, [0, 3], [0, 3]],
    [5, [0, 0], [0, 0]],
    [5, [], []],
    [MAX, [MAX, 0], [MAX, 0]],
  ])('splits %i by %j into %j', (amount, weights, shares) => {
    expect(prorate(amount, weights)).toEqual(shares)
  })

  it('adds up, and no share is beyond its weight or off by one or more', () => {
    const weights = fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (all, part) => {
        const sum = all.reduce((a, b) => a + b, 0)
        const amount = Math.floor(sum * part)
        const shares = prorate(amount, all)
        expect(shares.reduce((a, b) => a + b, 0)).toBe(amount)
        shares.forEach((share, i) => {
          expect(share).toBeLessThanOrEqual(all[i]!)
          expect(Math.abs(share - (amount * all[i]!) / (sum || 1))).toBeLessThan(1)
        })
      }),
    )
  })
})
