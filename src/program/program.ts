import type { ProgramDocument } from './document'

/** One loyalty scheme as every domain sees it: what it is for ever, and the version of its rules. */
export interface Program extends ProgramDocument {
  id: string
  mode: 'live' | 'test'
  version: number
  /** When this version was published, by the program's clock, in milliseconds. */
  publishedAt: number
  /** The instant at which a test program stands, in milliseconds; null runs on real time. */
  clockMs: number | null
}

/** What a new program is told; its owner changes the rest later. */
export interface Beginning {
  name: string
  currency: string
  timeZone: string
  country?: string | null | undefined
}

/** The rules that every new program starts with; `exponent` is that of its currency (2: one point for 100 minor units). */
export function defaultDocument(beginning: Beginning, exponent: number): ProgramDocument {
  const major = 10 ** exponent
  const { name, currency, timeZone, country = null } = beginning
  return {
    name,
    currency,
    currencies: {},
    timeZone,
    country,
    locales: ['en', 'zh-CN'],
    origins: [],
    stores: [],
    earning: {
      base: { discounts: 'after', tax: 'charged', shipping: 'excluded' },
      taxIncluded: true,
      rounding: 'floor',
      rules: [{ id: 'purchase', points: 1, per: major, wholeSteps: false, isOff: false }],
    },
    activities: {
      'check-in': { points: 1, once: 'day', selfReported: true, isVisit: true },
      review: { points: 5, once: 'reference', selfReported: false, isVisit: false },
    },
    returnWindowDays: 0,
    pending: { activeAfterDays: 0 },
    expiry: { kind: 'after', months: 12, to: 'day' },
    clawback: 'debt',
    restoreGraceDays: 0,
    tiers: {
      basis: 'spend',
      window: { kind: 'rolling', months: 12 },
      down: 'qualifying',
      grace: { months: 0, days: 0, toMonthEnd: false },
      levels: [
        tier('bronze', 'Bronze', '青铜', 0),
        tier('silver', 'Silver', '白银', 2_000 * major),
        tier('gold', 'Gold', '黄金', 10_000 * major),
      ],
    },
    rewards: {
      gift: { name: { en: 'A small gift', 'zh-CN': '小礼品' }, points: 50 },
      coupon: { name: { en: '10 off', 'zh-CN': '10元优惠券' }, points: 100 },
      item: { name: { en: 'A full-price item', 'zh-CN': '正价商品一件' }, points: 200 },
    },
    coupons: { validDays: 90 },
    adjustments: { maxPoints: null, keys: {} },
  }
}

const tier = (id: string, en: string, zh: string, from: number) => ({
  id,
  name: { en, 'zh-CN': zh },
  from,
  factor: 100,
  benefits: [],
})

/** The instant at which a program stands: a test program's clock, else real time. */
export const nowIn = (program: Pick<Program, 'clockMs'>): number => program.clockMs ?? Date.now()
