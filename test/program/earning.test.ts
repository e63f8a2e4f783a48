import { describe, expect, it } from 'vitest'
import { earn, type Order, price } from '../../src/program/earning'
import { NOON, programOf } from '../ledger/world'

const MAX = Number.MAX_SAFE_INTEGER
const program = programOf()
const line = (amount: number, rest: object = {}) => ({ sku: 'sku', quantity: 1, amount, ...rest })

describe('price', () => {
  it.each<[string, Order, { total: number; net: number[]; base: number }]>([
    ['lines alone', { lines: [line(100), line(50)] }, { total: 150, net: [100, 50], base: 150 }],
    [
      'tax beside the prices that only some lines have: all of it is on the goods',
      { lines: [line(1000, { tax: 100 }), line(1000)], tax: 200, taxIncluded: false },
      { total: 2200, net: [1000, 1000], base: 2200 },
    ],
    ['a total alone', { lines: [], total: 1999 }, { total: 1999, net: [], base: 1999 }],
    ['nothing', { lines: [], total: 0 }, { total: 0, net: [], base: 0 }],
    [
      "a line's discount, then the order's in proportion",
      { lines: [line(100, { discount: 40 }), line(30)], discount: 10 },
      { total: 80, net: [53, 27], base: 80 },
    ],
    [
      'shipping, which earns nothing',
      { lines: [line(100)], shipping: 20 },
      { total: 120, net: [100], base: 100 },
    ],
    [
      'shipping of an order without lines',
      { lines: [], shipping: 20, total: 120 },
      { total: 120, net: [], base: 100 },
    ],
    [
      'tax in the prices, as charged',
      { lines: [line(5_000, { tax: 800 })], shipping: 1_000, tax: 1_000 },
      { total: 6_000, net: [5_000], base: 5_000 },
    ],
    [
      'tax beside the prices of lines, as charged',
      { lines: [line(100, { tax: 19 })], taxIncluded: false },
      { total: 119, net: [100], base: 119 },
    ],
    [
      "the goods' part of a tax on goods and shipping",
      { lines: [line(100)], shipping: 100, tax: 40, taxIncluded: false, total: 240 },
      { total: 240, net: [100], base: 120 },
    ],
    [
      'a part paid with points and gift cards',
      {
        lines: [line(800)],
        shipping: 200,
        payments: [
          { method: 'points', amount: 100 },
          { method: 'gift_card', amount: 150 },
          { method: 'card', amount: 750 },
        ],
      },
      { total: 1_000, net: [800], base: 600 },
    ],
    [
      'all paid with points',
      { lines: [line(800)], payments: [{ method: 'points', amount: 800 }] },
      { total: 800, net: [800], base: 0 },
    ],
    ['all that numbers hold', { lines: [line(MAX)] }, { total: MAX, net: [MAX], base: MAX }],
  ])('reads %s', (_, order, expected) => {
    expect(price(order, program)).toEqual(expected)
  })

  it.each<[string, Order, string]>([
    ['no lines and no total', { lines: [] }, '#/total'],
    ['a total that does not add up', { lines: [line(100)], total: 99 }, '#/total'],
    [
      'a total that leaves tax out',
      { lines: [line(100)], tax: 5, taxIncluded: false, total: 100 },
      '#/total',
    ],
    [
      'a discount beyond its line',
      { lines: [line(1), line(9, { discount: 10 })] },
      '#/lines/1/discount',
    ],
    ['a discount beyond the order', { lines: [line(9)], discount: 10, shipping: 5 }, '#/discount'],
    ['shipping beyond the total', { lines: [], shipping: 10, total: 9 }, '#/discount'],
    ['lines with more tax than the order', { lines: [line(9, { tax: 2 })], tax: 1 }, '#/tax'],
    [
      'payments that do not add up',
      { lines: [line(9)], payments: [{ method: 'card', amount: 8 }] },
      '#/payments',
    ],
    ['more than numbers hold', { lines: [line(MAX), line(1)] }, '#/lines'],
    [
      'more than numbers hold, discounted',
      { lines: [line(MAX), line(MAX)], discount: MAX },
      '#/lines',
    ],
    ['more than numbers hold with shipping', { lines: [line(MAX)], shipping: MAX }, '#/lines'],
  ])('refuses %s', (_, order, pointer) => {
    expect(price(order, program)).toMatchObject({ pointer })
  })

  it('takes the program at its word where the order does not say whether tax is included', () => {
    const order = { lines: [line(100, { tax: 19 })] }
    expect(price(order, programOf({ taxIncluded: false }))).toMatchObject({ total: 119, base: 119 })
    expect(price(order, programOf({ taxIncluded: true }))).toMatchObject({ total: 100, base: 100 })
  })

  it('prorates the discount of 500 lines to the last unit', () => {
    const lines = Array.from({ length: 500 }, (_, i) => line(i + 1))
    const priced = price({ lines, discount: 77_777 }, program)
    expect('net' in priced && priced.net.reduce((a, b) => a + b, 0)).toBe(125_250 - 77_777)
  })
})

describe('earn', () => {
  it('rounds each rule, then their sum times the factor once more, and says how', () => {
    const earning = [
      { id: 'a', points: 1, per: 100 },
      { id: 'b', points: 1, per: 200 },
    ]
    expect(earn(1_999, 150, programOf({ earning, rounding: 'ceil' }), NOON)).toEqual([
      45,
      {
        version: 1,
        base: 1_999,
        factor: 150,
        rounding: 'ceil',
        rules: [
          ['a', 20],
          ['b', 10],
        ],
      },
    ])
  })

  it('is exact for the largest base', () => {
    const earning = [{ id: 'a', points: 3, per: 3 }]
    expect(earn(MAX, 100, programOf({ earning }), NOON)[0]).toBe(MAX)
  })
})
