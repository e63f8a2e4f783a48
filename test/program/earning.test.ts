import { describe, expect, it } from 'vitest'
import type { ProgramDocument } from '../../src/program/document'
import { type Order, price, type Priced } from '../../src/program/earning'
import { programOf } from '../ledger/world'

const MAX = Number.MAX_SAFE_INTEGER
const program = programOf()
const line = (amount: number, rest: object = {}) => ({ sku: 'sku', quantity: 1, amount, ...rest })

describe('price', () => {
  it.each<[string, Order, Priced]>([
    [
      'lines alone',
      { lines: [line(100), line(50)] },
      { total: 150, net: [100, 50], base: 150, lineBases: [100, 50] },
    ],
    [
      'tax beside the prices that only some lines have: all of it is on the goods',
      { lines: [line(1000, { tax: 100 }), line(1000)], tax: 200, taxIncluded: false },
      { total: 2200, net: [1000, 1000], base: 2200, lineBases: [1152, 1048] },
    ],
    [
      'a total alone',
      { lines: [], total: 1999 },
      { total: 1999, net: [], base: 1999, lineBases: [] },
    ],
    ['nothing', { lines: [], total: 0 }, { total: 0, net: [], base: 0, lineBases: [] }],
    [
      "a line's discount, then the order's in proportion",
      { lines: [line(100, { discount: 40 }), line(30)], discount: 10 },
      { total: 80, net: [53, 27], base: 80, lineBases: [53, 27] },
    ],
    [
      'shipping, which earns nothing',
      { lines: [line(100)], shipping: 20 },
      { total: 120, net: [100], base: 100, lineBases: [100] },
    ],
    [
      'shipping of an order without lines',
      { lines: [], shipping: 20, total: 120 },
      { total: 120, net: [], base: 100, lineBases: [] },
    ],
    [
      'tax in the prices, as charged',
      { lines: [line(5_000, { tax: 800 })], shipping: 1_000, tax: 1_000 },
      { total: 6_000, net: [5_000], base: 5_000, lineBases: [5_000] },
    ],
    [
      'tax beside the prices of lines, as charged',
      { lines: [line(100, { tax: 19 })], taxIncluded: false },
      { total: 119, net: [100], base: 119, lineBases: [119] },
    ],
    [
      "the goods' part of a tax on goods and shipping",
      { lines: [line(100)], shipping: 100, tax: 40, taxIncluded: false, total: 240 },
      { total: 240, net: [100], base: 120, lineBases: [120] },
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
      { total: 1_000, net: [800], base: 600, lineBases: [600] },
    ],
    [
      'all paid with points',
      { lines: [line(800)], payments: [{ method: 'points', amount: 800 }] },
      { total: 800, net: [800], base: 0, lineBases: [0] },
    ],
    [
      'all that numbers hold',
      { lines: [line(MAX)] },
      { total: MAX, net: [MAX], base: MAX, lineBases: [MAX] },
    ],
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
    const by = (taxIncluded: boolean) => ({ earning: { ...program.earning, taxIncluded } })
    expect(price(order, by(false))).toMatchObject({ total: 119, base: 119 })
    expect(price(order, by(true))).toMatchObject({ total: 100, base: 100 })
  })

  it('prorates the discount of 500 lines to the last unit', () => {
    const lines = Array.from({ length: 500 }, (_, i) => line(i + 1))
    const priced = price({ lines, discount: 77_777 }, program)
    expect('net' in priced && priced.net.reduce((a, b) => a + b, 0)).toBe(125_250 - 77_777)
  })
})

type Base = ProgramDocument['earning']['base']

describe('the base', () => {
  const pricedBy = (base: Partial<Base>, order: Order, taxIncluded = true) => {
    const earning = { ...program.earning, taxIncluded, base: { ...program.earning.base, ...base } }
    const priced = price(order, { earning })
    return 'base' in priced ? [priced.base, priced.lineBases] : priced
  }
  const included: Order = {
    lines: [line(3_000, { tax: 500 }), line(2_000, { tax: 300 })],
    shipping: 1_000,
    tax: 1_000,
  }
  const beside: Order = {
    lines: [line(2_500, { tax: 500 }), line(1_700, { tax: 300 })],
    shipping: 800,
    tax: 1_000,
  }
  const withDiscounts: Order = {
    lines: [line(3_000, { discount: 500 }), line(1_500)],
    discount: 1_000,
    shipping: 600,
  }

  it.each<[Partial<Base>, number, number[]]>([
    [{}, 5_000, [3_000, 2_000]],
    [{ tax: 'excluded' }, 4_200, [2_500, 1_700]],
    [{ shipping: 'included' }, 6_000, [3_000, 2_000]],
    [{ shipping: 'included', tax: 'excluded' }, 5_000, [2_500, 1_700]],
  ])('by %j is %i of 6000, be tax in the prices or beside them', (base, expected, lines) => {
    expect(pricedBy(base, included)).toEqual([expected, lines])
    expect(pricedBy(base, beside, false)).toEqual([expected, lines])
  })

  it.each<[Partial<Base>, number, number[]]>([
    [{}, 3_000, [1_875, 1_125]],
    [{ discounts: 'before' }, 4_500, [3_000, 1_500]],
    [{ shipping: 'included' }, 3_600, [1_875, 1_125]],
    [{ discounts: 'before', shipping: 'included' }, 5_100, [3_000, 1_500]],
  ])('by %j is %i of goods for 4500 with discounts of 1500', (base, expected, lines) => {
    expect(pricedBy(base, withDiscounts)).toEqual([expected, lines])
  })

  it('before discounts without the tax that was charged after them', () => {
    const order = { ...withDiscounts, shipping: 0, tax: 480 }
    expect(pricedBy({ discounts: 'before', tax: 'excluded' }, order)).toEqual([
      4_020,
      [2_680, 1_340],
    ])
  })

  it('before discounts of an order without lines adds the discount', () => {
    const order = { lines: [], discount: 500, shipping: 100, total: 2_000 }
    expect(pricedBy({}, order)).toEqual([1_900, []])
    expect(pricedBy({ discounts: 'before' }, order)).toEqual([2_400, []])
    expect(pricedBy({ discounts: 'before', shipping: 'included' }, order)).toEqual([2_500, []])
  })

  it.each<[Partial<Base>, number, number[]]>([
    [{}, 2_500, [1_500, 1_000]],
    [{ tax: 'excluded' }, 2_100, [1_250, 850]],
    [{ shipping: 'included' }, 3_000, [1_500, 1_000]],
    [{ shipping: 'included', tax: 'excluded' }, 2_500, [1_250, 850]],
  ])('by %j is %i where points and gift cards paid half', (base, expected, lines) => {
    const payments = [
      { method: 'points', amount: 1_000 },
      { method: 'gift_card', amount: 2_000 },
      { method: 'cash', amount: 3_000 },
    ]
    expect(pricedBy(base, { ...included, payments })).toEqual([expected, lines])
    expect(pricedBy(base, { ...beside, payments }, false)).toEqual([expected, lines])
  })

  it('before discounts is as much less as points paid of what was charged', () => {
    const payments = [
      { method: 'points', amount: 900 },
      { method: 'card', amount: 2_700 },
    ]
    const order = { ...withDiscounts, payments }
    expect(pricedBy({ discounts: 'before' }, order)).toEqual([3_375, [2_250, 1_125]])
  })

  it('is never below nothing, whatever the tax', () => {
    const order = { lines: [line(100, { tax: 150 })] }
    expect(pricedBy({ tax: 'excluded' }, order)).toEqual([0, [0]])
  })

  it('of the lines adds up to the whole without shipping, whatever the split', () => {
    const lines = Array.from({ length: 7 }, (_, i) => line(i * 13 + 1, { discount: i, tax: i % 3 }))
    const payments = [
      { method: 'points', amount: 50 },
      { method: 'card', amount: 208 },
    ]
    const order = { lines, discount: 1, payments, total: 258 }
    for (const discounts of ['before', 'after'] as const) {
      for (const tax of ['charged', 'excluded'] as const) {
        const [base, parts] = pricedBy({ discounts, tax }, order) as [number, number[]]
        expect(parts.reduce((a, b) => a + b, 0)).toBe(base)
      }
    }
  })
})
