import { describe, expect, it } from 'vitest'
import type { EarningRule, ProgramDocument } from '../../src/program/document'
import { earn, price, type Priced, type Sale, takes, toHome } from '../../src/program/earning'
import { at, earningOf, NOON, programOf, ruleOf } from '../ledger/world'

const MAX = Number.MAX_SAFE_INTEGER
const line = (sku: string, amount: number, category?: string) => ({
  sku,
  quantity: 1,
  amount,
  category,
})
const saleOf = (rest: Partial<Sale> = {}): Sale => ({
  lines: [line('POT-1', 1_000), line('TEA-1', 2_000, 'tea'), line('BUN-1', 400, 'bakery')],
  currency: 'CNY',
  channel: 'pos',
  ...rest,
})
const totalOf = (total: number, rest: Partial<Sale> = {}) => saleOf({ lines: [], total, ...rest })

/** What a sale earns by a rule, at a time. */
function earned(
  rule: EarningRule,
  sale = saleOf(),
  rest: Partial<ProgramDocument> = {},
  ms = NOON,
) {
  const program = programOf({ earning: earningOf([rule]), ...rest })
  return earn(sale, price(sale, program) as Priced, 100, program, ms)[0]
}

describe('what a purchase earns', () => {
  it('is each rule rounded, then their sum times the factor once more, and says how', () => {
    const rules = [ruleOf(1, 100, { id: 'a' }), ruleOf(1, 200, { id: 'b' })]
    const program = {
      ...programOf({ earning: earningOf(rules, { rounding: 'ceil' }) }),
      version: 7,
    }
    const sale = totalOf(1_999)
    expect(earn(sale, price(sale, program) as Priced, 150, program, NOON)).toEqual([
      45,
      {
        version: 7,
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
    expect(earned(ruleOf(3, 3), totalOf(MAX))).toBe(MAX)
  })

  it.each([
    ['floor', 2],
    ['half-up', 3],
    ['ceil', 3],
  ] as const)('is rounded %s: 2.5 is %i', (rounding, points) => {
    expect(
      earned(ruleOf(1, 100), totalOf(250), { earning: earningOf([ruleOf(1, 100)], { rounding }) }),
    ).toBe(points)
  })

  it.each<[number, number, number, number]>([
    [10, 200, 700, 30],
    [10, 200, 199, 0],
    [10, 200, 800, 40],
    [3, 1_000, 2_999, 6],
  ])('of whole steps alone, %i for %i, is for %i: %i', (points, per, total, expected) => {
    for (const rounding of ['floor', 'half-up', 'ceil'] as const) {
      const rule = ruleOf(points, per, { wholeSteps: true })
      expect(earned(rule, totalOf(total), { earning: earningOf([rule], { rounding }) })).toBe(
        expected,
      )
    }
  })

  it('without whole steps counts parts of a step', () => {
    expect(earned(ruleOf(10, 200), totalOf(700))).toBe(35)
  })
})

describe('a rule', () => {
  it.each<[string, Partial<EarningRule>, number]>([
    ['for everything', {}, 34],
    ['for a category', { categories: ['tea'] }, 20],
    ['for two categories', { categories: ['bakery', 'tea'] }, 24],
    ['for a SKU', { skus: ['POT-1'] }, 10],
    ['for a category or a SKU', { categories: ['bakery'], skus: ['POT-1'] }, 14],
    ['for a line that is both, once', { categories: ['tea'], skus: ['TEA-1'] }, 20],
    ['for what was not bought', { categories: ['coffee'], skus: ['tea'] }, 0],
    ['for the channel', { channels: ['web', 'pos'] }, 34],
    ['for another channel', { channels: ['web'] }, 0],
    ['for the store', { stores: ['web', 'bund'] }, 34],
    ['for another store', { stores: ['web'] }, 0],
    ['for a category in another store', { categories: ['tea'], stores: ['web'] }, 0],
    ['that is off', { isOff: true }, 0],
  ])('%s earns its part', (_, rest, points) => {
    expect(earned(ruleOf(1, 100, rest), saleOf({ storeId: 'bund' }))).toBe(points)
  })

  it('for a store earns nothing where no store is named', () => {
    expect(earned(ruleOf(1, 100, { stores: ['bund'] }))).toBe(0)
  })

  it('for a category earns nothing of an order without lines', () => {
    expect(earned(ruleOf(1, 100, { categories: ['tea'] }), totalOf(5_000))).toBe(0)
  })

  it("for a category earns on its lines' part of discounts, and of what points paid", () => {
    const rule = ruleOf(1, 1, { categories: ['tea'] })
    const payments = [
      { method: 'points', amount: 1_530 },
      { method: 'card', amount: 1_530 },
    ]
    expect(earned(rule, saleOf({ discount: 340 }))).toBe(1_800)
    expect(earned(rule, saleOf({ discount: 340, payments }))).toBe(900)
    expect(earned(rule, saleOf({ shipping: 500 }))).toBe(2_000)
  })

  it('for a category never earns on shipping, though it is in the base', () => {
    const base = { discounts: 'after', tax: 'charged', shipping: 'included' } as const
    const sale = saleOf({ shipping: 600 })
    const by = (rest: Partial<EarningRule>) =>
      earned(ruleOf(1, 100), sale, { earning: earningOf([ruleOf(1, 100, rest)], { base }) })
    expect([by({}), by({ categories: ['tea'] })]).toEqual([40, 20])
  })

  it.each([
    ['2026-03-01T00:00:00+08:00', 34],
    ['2026-03-10T12:00:00+08:00', 34],
    ['2026-03-10T04:00:00Z', 34],
    ['2026-03-10T12:00:01+08:00', 0],
  ])('from %s on earns %i for what was bought at noon', (startsAt, points) => {
    expect(earned(ruleOf(1, 100, { startsAt }))).toBe(points)
  })

  it('adds to others that match', () => {
    const rules = [
      ruleOf(1, 100, { id: 'all' }),
      ruleOf(1, 100, { id: 'tea', categories: ['tea'] }),
      ruleOf(9, 100, { id: 'off', isOff: true }),
      ruleOf(5, 100, { id: 'web', channels: ['web'] }),
    ]
    const program = programOf({ earning: earningOf(rules) })
    const [points, earning] = earn(saleOf(), price(saleOf(), program) as Priced, 100, program, NOON)
    expect(points).toBe(54)
    expect(earning.rules).toEqual([
      ['all', 34],
      ['tea', 20],
    ])
  })

  it('looks at when it was bought, not at when it is told', () => {
    const rule = ruleOf(1, 100, { startsAt: '2026-03-01T00:00:00+08:00' })
    expect(earned(rule, saleOf(), {}, at('2026-02-28T23:59:59+08:00'))).toBe(0)
  })
})

describe('another currency', () => {
  const currencies = { USD: { rate: '7.12' }, JPY: { rate: '0.0475' }, KWD: { rate: '23.5' } }
  const dollars = (total: number) => totalOf(total, { currency: 'USD' })

  it('is taken where the program lists it', () => {
    const program = programOf({ currencies })
    expect(['CNY', 'USD', 'EUR', 'constructor'].map((code) => takes(program, code))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it.each<[string, number, number]>([
    ['CNY', 1_234, 1_234],
    ['USD', 1_000, 7_120],
    ['USD', 1, 7],
    ['USD', 7, 50],
    ['JPY', 1_000, 4_750],
    ['JPY', 1, 5],
    ['KWD', 1_000, 2_350],
    ['KWD', 1, 2],
    ['KWD', 0, 0],
  ])('of %s, %i minor units are at its rate %i fen, half-up', (currency, amount, fen) => {
    expect(toHome(amount, currency, programOf({ currencies }))).toBe(fen)
  })

  it.each<[string, string, number, number]>([
    ['JPY', '149.5', 1_001, 1_496],
    ['KWD', '0.307', 1_000, 3_070],
    ['KWD', '0.307', 1, 3],
  ])('is worth in %s, at %s a dollar, for %i cents: %i', (home, rate, cents, minor) => {
    const program = programOf({ currency: home, currencies: { USD: { rate } } })
    expect(toHome(cents, 'USD', program)).toBe(minor)
  })

  it('earns by its own step where a rule has one', () => {
    const rule = ruleOf(1, { CNY: 100, USD: 15 })
    const per = { currencies: { USD: { rate: '7.12' } } }
    expect(earned(rule, dollars(1_000), per)).toBe(66)
    expect(earned(rule, totalOf(1_000), per)).toBe(10)
  })

  it('earns by its rate where a rule has the step of the home currency alone', () => {
    expect(earned(ruleOf(1, 100), dollars(1_000), { currencies })).toBe(71)
    const yen = totalOf(1_000, { currency: 'JPY' })
    expect(earned(ruleOf(1, 100), yen, { currencies })).toBe(47)
    const whole = ruleOf(10, 5_000, { wholeSteps: true })
    expect(earned(whole, dollars(1_000), { currencies })).toBe(10)
  })

  it('converts the part of it that a rule looks at', () => {
    const rule = ruleOf(1, 100, { categories: ['tea'] })
    expect(earned(rule, saleOf({ currency: 'USD' }), { currencies })).toBe(142)
  })
})
