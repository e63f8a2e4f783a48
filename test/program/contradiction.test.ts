import { describe, expect, it } from 'vitest'
import { contradictions } from '../../src/program/contradiction'
import { faultsOf, level, parsed, rule, tiers, valid } from './valid'

const window = (changes: object) => tiers({ window: changes })

const reward = (changes: object) => ({
  rewards: { gift: { ...valid.rewards.gift, ...changes } },
})

const visits = (from: number, over: object) => ({
  tiers: {
    ...level(2, { from }).tiers,
    basis: 'visits',
    window: over,
  },
})

describe('a document without contradictions', () => {
  it('is valid as it stands', () => {
    expect(faultsOf({})).toEqual([])
  })

  it.each<[string, object]>([
    ['a store of a rule that the program has', rule({ stores: ['web', 'bund'] })],
    ['fixed dates alone', { expiry: { kind: 'after', to: ['06-30', '12-31'] } }],
    ['the end of the month alone', { expiry: { kind: 'after', to: 'month' } }],
    ['the end of the quarter alone', { expiry: { kind: 'after', to: 'quarter' } }],
    ['the end of the year alone', { expiry: { kind: 'after', to: 'year' } }],
    ['days up to the end of the year', { expiry: { kind: 'after', days: 1, to: 'year' } }],
    ['months to the day', { expiry: { kind: 'after', months: 1 } }],
    ['days to the day', { expiry: { kind: 'after', days: 1 } }],
    [
      'inactivity of months up to the end of the quarter',
      { expiry: { kind: 'inactivity', months: 1, to: 'quarter' } },
    ],
    ['fixed dates and a least life', { expiry: { kind: 'after', months: 3, to: ['03-31'] } }],
    ['inactivity that outlasts pending by a day', { expiry: { kind: 'inactivity', days: 15 } }],
    [
      'no return window where nothing waits for it',
      { pending: { activeAfterDays: 3 }, returnWindowDays: 0 },
    ],
    ['a tier that never falls below itself', level(1, { neverBelow: 'silver' })],
    ['as many visits as a window has days', visits(201, { kind: 'rolling', days: 201 })],
    ['a visit on each day of a leap year', visits(366, { kind: 'calendar', unit: 'year' })],
    ['a price in each tier', reward({ tierPoints: { bronze: 50, silver: 40, gold: 30 } })],
    [
      'a reward that ends later in its zone, though its text is earlier',
      reward({ startsAt: '2027-03-01T08:00:00+08:00', endsAt: '2027-03-01T00:00:01Z' }),
    ],
    ['a reward that only ends', reward({ endsAt: '1999-01-01T00:00:00Z' })],
    ['a tier that never falls, without grace', tiers({ down: 'never', grace: {} })],
    ['a key that may move as much as all', { adjustments: { maxPoints: 10, keys: { key: 10 } } }],
    [
      'a tier by points where only activities earn',
      {
        ...tiers({ basis: 'points' }),
        earning: { ...valid.earning, rules: [] },
        activities: { review: { points: 5, once: 'reference' } },
      },
    ],
    [
      'one tier, by points, where nothing earns',
      {
        tiers: { ...valid.tiers, basis: 'points', levels: valid.tiers.levels.slice(0, 1) },
        earning: { ...valid.earning, rules: [] },
        activities: {},
      },
    ],
  ])('is one with %s', (_, changes) => {
    expect(faultsOf(changes)).toEqual([])
  })
})

describe('a contradiction is found where it is:', () => {
  it.each<[string, object, string[]]>([
    [
      'a rate of the home currency',
      { ...rule({ per: 100 }), currencies: { CNY: { rate: '1' } } },
      ['#/currencies/CNY'],
    ],
    ['a rate of zero', { currencies: { USD: { rate: '0' } } }, ['#/currencies/USD/rate']],
    ['a rate of 0.000', { currencies: { USD: { rate: '0.000' } } }, ['#/currencies/USD/rate']],
    [
      'two stores of one id',
      { stores: [...valid.stores, { id: 'bund', name: 'Another' }] },
      ['#/stores/2/id'],
    ],
    ['a locale listed twice', { locales: ['en', 'zh-CN', 'en'] }, ['#/locales/2']],
    ['an origin listed twice', { origins: ['http://a', 'http://a'] }, ['#/origins/1']],
    ['two rules of one id', rule({ id: 'tea' }), ['#/earning/rules/1/id']],
    [
      'a rule for a store that there is not',
      rule({ stores: ['web', 'moon'] }),
      ['#/earning/rules/0/stores/1'],
    ],
    ['no step for a currency', rule({ per: { CNY: 100 } }), ['#/earning/rules/0/per/USD']],
    ['no step for the home currency', rule({ per: { USD: 15 } }), ['#/earning/rules/0/per/CNY']],
    [
      'a step for another currency',
      rule({ per: { CNY: 1, USD: 1, EUR: 1 } }),
      ['#/earning/rules/0/per/EUR'],
    ],
    [
      'waiting for a return window that there is not',
      { returnWindowDays: 0 },
      ['#/pending/afterReturnWindow'],
    ],
    ['a life of neither months nor days', { expiry: { kind: 'after' } }, ['#/expiry']],
    [
      'a life to the day of neither months nor days',
      { expiry: { kind: 'after', to: 'day' } },
      ['#/expiry'],
    ],
    [
      'the end of the year after months and days',
      { expiry: { kind: 'after', months: 1, days: 1, to: 'year' } },
      ['#/expiry'],
    ],
    ['a life of months and days', { expiry: { kind: 'after', months: 1, days: 1 } }, ['#/expiry']],
    [
      'fixed dates after months and days',
      { expiry: { kind: 'after', months: 1, days: 1, to: ['12-31'] } },
      ['#/expiry'],
    ],
    ['inactivity of no length', { expiry: { kind: 'inactivity' } }, ['#/expiry']],
    [
      'inactivity of no length up to the end of the month',
      { expiry: { kind: 'inactivity', to: 'month' } },
      ['#/expiry'],
    ],
    [
      'inactivity of months and days',
      { expiry: { kind: 'inactivity', months: 1, days: 1 } },
      ['#/expiry'],
    ],
    [
      'inactivity of no length up to a fixed date',
      { expiry: { kind: 'inactivity', to: ['12-31'] } },
      ['#/expiry/to'],
    ],
    [
      'inactivity up to a fixed date',
      { expiry: { kind: 'inactivity', months: 6, to: ['12-31'] } },
      ['#/expiry/to'],
    ],
    [
      'inactivity that ends as points wake',
      { expiry: { kind: 'inactivity', days: 14 } },
      ['#/expiry'],
    ],
    [
      'inactivity of a month that is shorter than pending in February',
      { expiry: { kind: 'inactivity', months: 1 }, pending: { activeAfterDays: 29 } },
      ['#/expiry'],
    ],
    [
      'two tiers of one id',
      level(2, { id: 'bronze', neverBelow: 'bronze' }),
      ['#/tiers/levels/2/id'],
    ],
    ['a first tier not from 0', level(0, { from: 1 }), ['#/tiers/levels/0/from']],
    ['a tier below the one before', level(2, { from: 199 }), ['#/tiers/levels/2/from']],
    ['two tiers from one figure', level(2, { from: 200 }), ['#/tiers/levels/2/from']],
    ['a floor above the tier', level(1, { neverBelow: 'gold' }), ['#/tiers/levels/1/neverBelow']],
    ['a floor that is no tier', level(1, { neverBelow: 'tin' }), ['#/tiers/levels/1/neverBelow']],
    ['a rolling window of no length', window({ kind: 'rolling' }), ['#/tiers/window']],
    [
      'a rolling window of months and days',
      window({ kind: 'rolling', months: 1, days: 1 }),
      ['#/tiers/window'],
    ],
    ['grace for who never falls', tiers({ down: 'never' }), ['#/tiers/grace']],
    [
      'days of grace for who never falls',
      tiers({ down: 'never', grace: { days: 1 } }),
      ['#/tiers/grace'],
    ],
    [
      'more visits than any twelve months have',
      visits(367, { kind: 'rolling', months: 12 }),
      ['#/tiers/levels/2/from'],
    ],
    [
      'more visits than 90 days have',
      visits(201, { kind: 'rolling', days: 90 }),
      ['#/tiers/levels/1/from', '#/tiers/levels/2/from'],
    ],
    [
      'more visits than a month can have',
      visits(201, { kind: 'calendar', unit: 'month' }),
      ['#/tiers/levels/1/from', '#/tiers/levels/2/from'],
    ],
    [
      'more visits than six months can have',
      visits(201, { kind: 'rolling', months: 6 }),
      ['#/tiers/levels/1/from', '#/tiers/levels/2/from'],
    ],
    [
      'more visits than a year can have',
      visits(367, { kind: 'anniversary' }),
      ['#/tiers/levels/2/from'],
    ],
    [
      'tiers by points where nothing earns',
      {
        ...tiers({ basis: 'points' }),
        earning: { ...valid.earning, rules: [] },
        activities: {},
      },
      ['#/tiers/levels/1/from', '#/tiers/levels/2/from'],
    ],
    [
      'tiers by points where all rules are off and an activity counts once ever',
      {
        ...tiers({ basis: 'points' }),
        earning: {
          ...valid.earning,
          rules: valid.earning.rules.map((rule) => ({ ...rule, isOff: true })),
        },
        activities: { profile: { points: 5, once: 'ever' } },
      },
      ['#/tiers/levels/1/from', '#/tiers/levels/2/from'],
    ],
    [
      'a key that may adjust less than others, which may adjust by any number',
      { adjustments: { maxPoints: null, keys: { key: 1 } } },
      ['#/adjustments/keys/key'],
    ],
    [
      'a name without the first locale',
      level(1, { name: { 'zh-CN': '白银' } }),
      ['#/tiers/levels/1/name/en'],
    ],
    [
      'a name in a locale that the program has not',
      level(1, { name: { en: 'Silver', fr: 'Argent' } }),
      ['#/tiers/levels/1/name/fr'],
    ],
    [
      'a benefit without the first locale',
      level(1, { benefits: [{ en: 'Tea' }, { 'zh-CN': '茶' }] }),
      ['#/tiers/levels/1/benefits/1/en'],
    ],
    [
      'a reward without the first locale',
      { rewards: { gift: { name: {}, points: 1 } } },
      ['#/rewards/gift/name/en'],
    ],
    [
      'a price in a tier that there is not',
      reward({ tierPoints: { silver: 40, jade: 1 } }),
      ['#/rewards/gift/tierPoints/jade'],
    ],
    [
      'a reward that ends before it begins',
      reward({ startsAt: '2027-03-02T00:00:00Z', endsAt: '2027-03-01T00:00:00Z' }),
      ['#/rewards/gift/endsAt'],
    ],
    [
      'a reward that ends as it begins, in two zones',
      reward({ startsAt: '2027-03-01T00:00:00Z', endsAt: '2027-03-01T08:00:00+08:00' }),
      ['#/rewards/gift/endsAt'],
    ],
    [
      'a reward in a locale that the program has not',
      reward({ name: { en: 'Gift', fr: 'Cadeau' } }),
      ['#/rewards/gift/name/fr'],
    ],
    [
      'a key that may move less than all keys',
      { adjustments: { maxPoints: 10, keys: { one: 9, two: 11 } } },
      ['#/adjustments/keys/one'],
    ],
  ])('%s', (_, changes, paths) => {
    expect(faultsOf(changes)).toEqual(paths)
  })

  it('nowhere, and nothing is thrown, in a document without a tier: that is a fault of its shape', () => {
    const { tiers: all, ...rest } = parsed()
    for (const basis of ['spend', 'points', 'orders', 'visits'] as const) {
      expect(contradictions({ ...rest, tiers: { ...all, basis, levels: [] } })).toEqual([])
    }
  })

  it('all of them at once, each with its path', () => {
    const faults = faultsOf({ returnWindowDays: 0, ...level(2, { from: 0, id: 'silver' }) })
    expect(faults).toEqual([
      '#/pending/afterReturnWindow',
      '#/tiers/levels/2/id',
      '#/tiers/levels/2/from',
    ])
  })
})
