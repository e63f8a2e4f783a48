import { document, type ProgramDocument } from '../../src/program/document'

/** A document that says something of everything, as its owner would send it. */
export const valid = {
  name: 'Tea house',
  currency: 'CNY',
  currencies: { USD: { rate: '7.12' } },
  timeZone: 'Asia/Shanghai',
  country: 'CN',
  locales: ['en', 'zh-CN'],
  origins: ['https://shop.example'],
  stores: [
    { id: 'bund', name: 'The Bund', region: 'Shanghai', timeZone: 'Asia/Shanghai' },
    { id: 'web', name: 'Online' },
  ],
  earning: {
    base: { discounts: 'after', tax: 'charged', shipping: 'excluded' },
    taxIncluded: true,
    rounding: 'floor',
    rules: [
      { id: 'purchase', points: 1, per: { CNY: 100, USD: 15 } },
      {
        id: 'tea',
        points: 1,
        per: 100,
        wholeSteps: true,
        isOff: false,
        startsAt: '2027-05-21T00:00:00+08:00',
        categories: ['tea'],
        skus: ['POT-1'],
        channels: ['pos', 'web'],
        stores: ['bund'],
      },
    ],
  },
  activities: { 'check-in': { points: 1, once: 'day', selfReported: true, isVisit: true } },
  returnWindowDays: 14,
  pending: { afterReturnWindow: true },
  expiry: { kind: 'after', months: 12, to: 'day' },
  clawback: 'debt',
  restoreGraceDays: 7,
  tiers: {
    basis: 'spend',
    window: { kind: 'rolling', months: 12 },
    down: 'qualifying',
    grace: { months: 0, days: 0, toMonthEnd: true },
    levels: [
      { id: 'bronze', name: { en: 'Bronze', 'zh-CN': '青铜' }, from: 0 },
      { id: 'silver', name: { en: 'Silver' }, from: 200, factor: 150, benefits: [{ en: 'Tea' }] },
      { id: 'gold', name: { en: 'Gold' }, from: 1_000, neverBelow: 'silver' },
    ],
  },
  rewards: { gift: { name: { en: 'A small gift' }, points: 50 } },
  coupons: { validDays: 90 },
  adjustments: { maxPoints: 1_000, keys: { wq5dca40: 100_000 } },
}

/** The tiers of the valid document with some of it changed. */
export const tiers = (changes: object) => ({ tiers: { ...valid.tiers, ...changes } })

/** Its levels with some of one changed. */
export const level = (i: number, changes: object) =>
  tiers({
    levels: valid.tiers.levels.map((each, j) => (i === j ? { ...each, ...changes } : each)),
  })

/** Its first earning rule with some of it changed. */
export const rule = (changes: object) => {
  const [first, ...rest] = valid.earning.rules
  return { earning: { ...valid.earning, rules: [{ ...first, ...changes }, ...rest] } }
}

/** The JSON pointers of what is wrong with the valid document when some of it is changed. */
export const faultsOf = (changes: object): string[] =>
  document
    .safeParse({ ...valid, ...changes })
    .error?.issues.map(({ path }) => `#/${path.join('/')}`) ?? []

/** The valid document as the program keeps it when some of it is changed. */
export const parsed = (changes: object = {}): ProgramDocument =>
  document.parse({ ...valid, ...changes })
