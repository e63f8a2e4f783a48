import { describe, expect, it } from 'vitest'
import { document } from '../../src/program/document'
import { defaultDocument } from '../../src/program/program'
import { faultsOf, level, parsed, rule, tiers, valid } from './valid'

const { gift } = valid.rewards
const reward = (changes: object) => ({ rewards: { gift: { ...gift, ...changes } } })
const at = (path: string) => `#/rewards/gift/${path}`
const full = {
  ...valid,
  ...reward({
    tierPoints: { silver: 1_000_000_000 },
    limit: { most: 1_000, per: 'ever' },
    startsAt: '2027-03-01T00:00:00.000Z',
    endsAt: '2027-04-01T00:00:00+08:00',
    validDays: 3_650,
  }),
}

describe('the default document', () => {
  it.each([
    ['CNY', 2],
    ['JPY', 0],
    ['KWD', 3],
  ])('of a program in %s is valid, and unchanged by parsing', (currency, exponent) => {
    const beginning = { name: 'Demo', currency, timeZone: 'Asia/Shanghai', country: 'CN' }
    const standard = defaultDocument(beginning, exponent)
    expect(document.parse(standard)).toEqual(standard)
    expect(document.parse(JSON.parse(JSON.stringify(standard)))).toEqual(standard)
  })
})

describe('a document', () => {
  it('is kept as it was sent, with what was left out filled in', () => {
    const { restoreGraceDays: _, ...sent } = valid
    expect(parsed()).toMatchObject(valid)
    expect(document.parse(sent)).toEqual({ ...parsed(), restoreGraceDays: 0 })
    expect(document.parse(parsed())).toEqual(parsed())
    expect(parsed(full)).toMatchObject(full)
  })

  it('takes its defaults where it says only what it must', () => {
    const { name, currency, timeZone, locales, clawback, expiry } = valid
    const earning = {
      taxIncluded: true,
      rounding: 'floor',
      rules: [{ id: 'a', points: 1, per: 1 }],
    }
    const { grace: _, ...rest } = valid.tiers
    const least = { name, currency, timeZone, locales, clawback, expiry, earning, tiers: rest }
    expect(document.parse(least)).toMatchObject({
      currencies: {},
      country: null,
      origins: [],
      stores: [],
      earning: {
        base: { discounts: 'after', tax: 'charged', shipping: 'excluded' },
        rules: [{ wholeSteps: false, isOff: false }],
      },
      activities: {},
      returnWindowDays: 0,
      pending: { activeAfterDays: 0 },
      expiry: { to: 'day' },
      restoreGraceDays: 0,
      tiers: {
        grace: { months: 0, days: 0, toMonthEnd: false },
        levels: [{ factor: 100, benefits: [] }, {}, {}],
      },
      rewards: {},
      coupons: { validDays: 90 },
      adjustments: { maxPoints: null, keys: {} },
    })
  })

  it.each<[string, object]>([
    ['29 February as a fixed date', { expiry: { kind: 'after', to: ['02-29'] } }],
    ['an origin with a port', { origins: ['http://localhost:8787'] }],
    ['the largest factor', level(1, { factor: 10_000 })],
    ['the smallest factor', level(1, { factor: 1 })],
    ['a small rate', { currencies: { USD: { rate: '0.000000001' } } }],
    ['a zone with three parts', { timeZone: 'America/Argentina/Buenos_Aires' }],
    ['UTC', { timeZone: 'UTC' }],
    ['a locale with a script', { locales: ['en', 'zh-Hant-TW', 'zh-CN'] }],
    ['a reward with all that it may say', full],
    ['a reward once a day, for a day', reward({ limit: { most: 1, per: 'day' }, validDays: 1 })],
    ['no earning rule', { earning: { ...valid.earning, rules: [] } }],
  ])('may have %s', (_, changes) => {
    expect(faultsOf(changes)).toEqual([])
  })

  it.each<[string, object, string]>([
    ['no name', { name: '' }, '#/name'],
    ['no currency that there is', { currency: 'XXX' }, '#/currency'],
    ['a currency in lower case', { currency: 'cny' }, '#/currency'],
    ['an unknown other currency', { currencies: { XTS: { rate: '1' } } }, '#/currencies/XTS'],
    ['a rate that is a number', { currencies: { USD: { rate: 7.12 } } }, '#/currencies/USD/rate'],
    ['a negative rate', { currencies: { USD: { rate: '-7' } } }, '#/currencies/USD/rate'],
    ['a rate with an exponent', { currencies: { USD: { rate: '1e3' } } }, '#/currencies/USD/rate'],
    ['a zone that is nowhere', { timeZone: 'Mars/Olympus' }, '#/timeZone'],
    ['an offset for a zone', { timeZone: '+08:00' }, '#/timeZone'],
    [
      'a store in a zone that is nowhere',
      { stores: [{ id: 'a', name: 'A', timeZone: 'X/Y' }] },
      '#/stores/0/timeZone',
    ],
    ['a country that is none', { country: 'ZZ' }, '#/country'],
    ['no locale', { locales: [] }, '#/locales'],
    ['a locale that is none', { locales: ['english_GB'] }, '#/locales/0'],
    ['a locale that is not written so', { locales: ['en', 'zh-cn'] }, '#/locales/1'],
    ['an origin with a path', { origins: ['https://shop.example/tea'] }, '#/origins/0'],
    ['an origin with a slash', { origins: ['https://shop.example/'] }, '#/origins/0'],
    ['an origin that is a name', { origins: ['shop.example'] }, '#/origins/0'],
    ['an origin of a file', { origins: ['file://'] }, '#/origins/0'],
    ['any origin', { origins: ['*'] }, '#/origins/0'],
    ['a step of 0', rule({ per: 0 }), '#/earning/rules/0/per'],
    ['a rule of 0 points', rule({ points: 0 }), '#/earning/rules/0/points'],
    ['a rule of half a point', rule({ points: 0.5 }), '#/earning/rules/0/points'],
    ['a rule with an id in capitals', rule({ id: 'Tea' }), '#/earning/rules/0/id'],
    ['a rule for no category', rule({ categories: [] }), '#/earning/rules/0/categories'],
    ['a rule for an unknown channel', rule({ channels: ['fax'] }), '#/earning/rules/0/channels/0'],
    [
      'a rule from a day without a time',
      rule({ startsAt: '2027-05-21' }),
      '#/earning/rules/0/startsAt',
    ],
    [
      'a rule from a time without a zone',
      rule({ startsAt: '2027-05-21T00:00:00' }),
      '#/earning/rules/0/startsAt',
    ],
    [
      'a rounding that is none',
      { earning: { ...valid.earning, rounding: 'up' } },
      '#/earning/rounding',
    ],
    [
      'an activity of 0 points',
      { activities: { a: { points: 0, once: 'day' } } },
      '#/activities/a/points',
    ],
    [
      'an activity twice a day',
      { activities: { a: { points: 1, once: 'hour' } } },
      '#/activities/a/once',
    ],
    ['a return window of half a day', { returnWindowDays: 0.5 }, '#/returnWindowDays'],
    [
      'points that wait for two things',
      { pending: { activeAfterDays: 1, afterReturnWindow: true } },
      '#/pending',
    ],
    ['a life that is none', { expiry: { kind: 'soon' } }, '#/expiry/kind'],
    ['a life of no months', { expiry: { kind: 'after', months: 0 } }, '#/expiry/months'],
    ['30 February as a fixed date', { expiry: { kind: 'after', to: ['02-30'] } }, '#/expiry/to/0'],
    ['13-01 as a fixed date', { expiry: { kind: 'after', to: ['13-01'] } }, '#/expiry/to/0'],
    ['1-1 as a fixed date', { expiry: { kind: 'after', to: ['1-1'] } }, '#/expiry/to/0'],
    ['no fixed date', { expiry: { kind: 'after', to: [] } }, '#/expiry/to'],
    ['no tier', tiers({ levels: [] }), '#/tiers/levels'],
    ['a factor of 0', level(1, { factor: 0 }), '#/tiers/levels/1/factor'],
    ['a factor over 100', level(1, { factor: 10_001 }), '#/tiers/levels/1/factor'],
    ['a factor of a fraction', level(1, { factor: 1.5 }), '#/tiers/levels/1/factor'],
    ['a tier from below 0', level(0, { from: -1 }), '#/tiers/levels/0/from'],
    [
      'a window of 25 months',
      tiers({ window: { kind: 'rolling', months: 25 } }),
      '#/tiers/window/months',
    ],
    [
      'a window of 731 days',
      tiers({ window: { kind: 'rolling', days: 731 } }),
      '#/tiers/window/days',
    ],
    [
      'a reward for nothing',
      { rewards: { gift: { name: { en: 'Gift' }, points: 0 } } },
      '#/rewards/gift/points',
    ],
    ['a reward with an id in capitals', { rewards: { Gift: gift } }, '#/rewards/Gift'],
    [
      'a reward for nothing in a tier',
      reward({ tierPoints: { silver: 0 } }),
      at('tierPoints/silver'),
    ],
    [
      'a reward with a limit of nothing',
      reward({ limit: { most: 0, per: 'day' } }),
      at('limit/most'),
    ],
    [
      'a reward with a limit of more than is kept',
      reward({ limit: { most: 1_001, per: 'day' } }),
      at('limit/most'),
    ],
    [
      'a reward with a limit by the week',
      reward({ limit: { most: 1, per: 'week' } }),
      at('limit/per'),
    ],
    ['a reward with half a limit', reward({ limit: { most: 1 } }), at('limit/per')],
    ['a reward from a day without a time', reward({ startsAt: '2027-05-21' }), at('startsAt')],
    [
      'a reward up to a time without a zone',
      reward({ endsAt: '2027-05-21T00:00:00' }),
      at('endsAt'),
    ],
    ['a reward up to a day that is none', reward({ endsAt: '2027-02-29T00:00:00Z' }), at('endsAt')],
    ['a coupon for no day', reward({ validDays: 0 }), at('validDays')],
    ['a coupon for more than ten years', reward({ validDays: 3_651 }), at('validDays')],
    ['an unknown field of a reward', reward({ stock: 5 }), '#/rewards/gift'],
    ['an unknown field of a limit', reward({ limit: { most: 1, per: 'day', of: 1 } }), at('limit')],
    ['coupons for no day', { coupons: { validDays: 0 } }, '#/coupons/validDays'],
    ['adjustments by 0 points', { adjustments: { maxPoints: 0 } }, '#/adjustments/maxPoints'],
    ['a field that there is not', { colour: 'red' }, '#/'],
    ['an unknown field of a tier', level(1, { colour: 'red' }), '#/tiers/levels/1'],
    ['an unknown field of a rule', rule({ once: 'day' }), '#/earning/rules/0'],
    [
      'a life of days for points that never lapse',
      { expiry: { kind: 'never', days: 1 } },
      '#/expiry',
    ],
  ])('may not have %s', (_, changes, pointer) => {
    expect(faultsOf(changes)).toContain(pointer)
  })
})

describe('a document without a tier', () => {
  it.each(['spend', 'points', 'orders', 'visits'])('has that one fault, by %s', (basis) => {
    expect(faultsOf(tiers({ levels: [], basis }))).toEqual(['#/tiers/levels'])
  })
})

/** Every place in a document, as the keys that lead to it. */
function placesIn(value: unknown, path: string[] = []): string[][] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [path, ...inside.flatMap(([key, each]) => placesIn(each, [...path, key]))]
}

const put = (target: unknown, [key, ...rest]: string[], value: unknown): unknown => {
  if (key === undefined) {
    return value
  }
  const copy: Record<string, unknown> = Array.isArray(target)
    ? (Array.from(target) as never)
    : { ...(target as object) }
  copy[key] = put(copy[key], rest, value)
  return copy
}

describe('whatever stands in a document', () => {
  const wrong = [null, undefined, '', 'x', -1, 0, 0.5, 1e15, true, [], [null], {}, { x: 1 }]

  it.each(placesIn(full).map((path) => [path.join('/'), path] as const))(
    'at %s, it is taken or refused, and nothing is thrown',
    (_, path) => {
      const thrown = wrong.filter((value) => {
        try {
          document.safeParse(put(full, path, value))
          return false
        } catch {
          return true
        }
      })
      expect(thrown).toEqual([])
    },
  )
})
