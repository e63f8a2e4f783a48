import * as z from 'zod/mini'
import { list, text, whole } from '../http/scalars'
import { contradictions } from './contradiction'
import { country, currency, timeZone } from './schema'

// The program document. It is kept as it was sent, with defaults filled in: nothing is transformed here.

const id = z
  .string()
  .check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'Not a short id: a-z, 0-9 and hyphens, at most 32.'))
const locale = z
  .string()
  .check(z.maxLength(35), z.refine(isLocale, 'Not a BCP 47 language tag such as zh-CN.'))
/** A text by locale; it has the program's first locale at least. */
const localized = z.record(locale, text(200))
const points = whole(1, 1_000_000_000)
/** Minor units of a currency that are one step. */
const step = whole(1, 1_000_000_000_000)
const dayOfYear = z.string().check(z.refine(isDayOfYear, 'Not a date in the year such as 12-31.'))
const origin = z.string().check(z.refine(isOrigin, 'Not an origin such as https://shop.example.'))
const flag = z._default(z.boolean(), false)
const instantOf = z.iso.datetime({ offset: true, error: 'Not an RFC 3339 time.' })

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag
  } catch {
    return false
  }
}

function isDayOfYear(date: string): boolean {
  // In a leap year, so that 02-29 is one.
  const day = new Date(`2024-${date}T00:00:00Z`)
  return (
    /^\d\d-\d\d$/.test(date) &&
    !Number.isNaN(day.getTime()) &&
    day.getUTCDate() === Number(date.slice(3))
  )
}

function isOrigin(origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).origin === origin && /^https?:/.test(origin)
}

const store = z.strictObject({
  id: text(64),
  name: text(100),
  region: z.optional(text(64)),
  timeZone: z.optional(timeZone),
})

/** `points` for every `per` of what matches: minor units of the home currency, or of each currency by its code. */
const earningRule = z.strictObject({
  id,
  points,
  per: z.union([step, z.record(currency, step)]),
  /** Only full steps earn. */
  wholeSteps: flag,
  isOff: flag,
  /** Earns nothing for what was bought before. */
  startsAt: z.optional(instantOf),
  categories: z.optional(list(text(128), 200, 1)),
  skus: z.optional(list(text(128), 1_000, 1)),
  channels: z.optional(list(z.enum(['pos', 'web', 'app', 'webhook', 'import']), 5, 1)),
  stores: z.optional(list(text(64), 1_000, 1)),
})

const earning = z.strictObject({
  base: z.prefault(
    z.strictObject({
      discounts: z._default(z.enum(['after', 'before']), 'after'),
      tax: z._default(z.enum(['charged', 'excluded']), 'charged'),
      shipping: z._default(z.enum(['excluded', 'included']), 'excluded'),
    }),
    {},
  ),
  /** Whether prices have tax in them where a purchase does not say. */
  taxIncluded: z.boolean(),
  rounding: z.enum(['floor', 'half-up', 'ceil']),
  rules: list(earningRule, 100),
})

/** What a member may do besides buying; `once` a day, once a reference, or once ever. */
const activity = z.strictObject({
  points,
  once: z.enum(['day', 'reference', 'ever']),
  /** The member may report it himself. */
  selfReported: flag,
  /** Its day counts as a visit, as a purchase's does. */
  isVisit: flag,
})

const months = z.optional(whole(1, 1_200))
const days = z.optional(whole(1, 36_500))
/** Up to the end of that day, or of its month, quarter or year. */
const end = z.enum(['day', 'month', 'quarter', 'year'])
/** Or of the next of these dates. */
const endOrDate = z.union([end, list(dayOfYear, 24, 1)])

const expiry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('never') }),
  z.strictObject({ kind: z.literal('after'), months, days, to: z._default(endOrDate, 'day') }),
  z.strictObject({ kind: z.literal('inactivity'), months, days, to: z._default(end, 'day') }),
])

const pending = z.union([
  z.strictObject({ activeAfterDays: whole(0, 365) }),
  z.strictObject({ afterReturnWindow: z.literal(true) }),
])

const level = z.strictObject({
  id,
  name: localized,
  /** What is to be reached in the window: home minor units, points, orders or visits. */
  from: whole(0),
  /** Hundredths: 150 multiplies what is earned by 1.5. */
  factor: z._default(whole(1, 10_000), 100),
  benefits: z._default(list(localized, 20), []),
  /** Who was here never falls below that tier. */
  neverBelow: z.optional(id),
})

const tiers = z.strictObject({
  basis: z.enum(['spend', 'points', 'orders', 'visits']),
  window: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('rolling'),
      months: z.optional(whole(1, 24)),
      days: z.optional(whole(1, 730)),
    }),
    z.strictObject({ kind: z.literal('calendar'), unit: z.enum(['month', 'quarter', 'year']) }),
    z.strictObject({ kind: z.literal('anniversary') }),
  ]),
  down: z.enum(['never', 'one-step', 'qualifying']),
  /** How long a tier is kept that is no longer reached. */
  grace: z.prefault(
    z.strictObject({
      months: z._default(whole(0, 24), 0),
      days: z._default(whole(0, 730), 0),
      toMonthEnd: flag,
    }),
    {},
  ),
  /** Lowest first. */
  levels: list(level, 20, 1),
})

const rate = z.string().check(z.regex(/^\d{1,9}(\.\d{1,9})?$/, 'Not a decimal such as "7.12".'))

const reward = z.strictObject({
  name: localized,
  points,
  /** What it costs in a tier instead. */
  tierPoints: z.optional(z.record(id, points)),
  /** How often one member may have it. */
  limit: z.optional(
    z.strictObject({ most: whole(1, 1_000), per: z.enum(['day', 'month', 'year', 'ever']) }),
  ),
  /** From when, and up to when, it can be redeemed. */
  startsAt: z.optional(instantOf),
  endsAt: z.optional(instantOf),
  /** How long its coupon can be used; else as all. */
  validDays: z.optional(whole(1, 3_650)),
})

const fields = z.strictObject({
  name: text(100),
  currency,
  /** Other currencies: what one unit of them is worth in the home currency. */
  currencies: z._default(z.record(currency, z.strictObject({ rate })), {}),
  timeZone,
  /** How a phone number without a country code is read. */
  country: z._default(z.nullable(country), null),
  /** The first is the one to fall back on. */
  locales: list(locale, 20, 1),
  origins: z._default(list(origin, 50), []),
  stores: z._default(list(store, 1_000), []),
  earning,
  activities: z._default(z.record(id, activity), {}),
  returnWindowDays: z._default(whole(0, 365), 0),
  pending: z._default(pending, { activeAfterDays: 0 }),
  expiry,
  /** Points taken back beyond what is there: owed, or dropped. */
  clawback: z.enum(['debt', 'clamp']),
  /** How long points live that come back to a lot that has lapsed. */
  restoreGraceDays: z._default(whole(0, 365), 0),
  tiers,
  rewards: z._default(z.record(id, reward), {}),
  coupons: z._default(z.strictObject({ validDays: whole(1, 3_650) }), { validDays: 90 }),
  /** Most points that one adjustment may move, null for any; keys by id may have more. */
  adjustments: z.prefault(
    z.strictObject({
      maxPoints: z._default(z.nullable(points), null),
      keys: z._default(z.record(z.string().check(z.maxLength(32)), points), {}),
    }),
    {},
  ),
})

/** The rules of a program, as its owner writes them. Amounts are minor units of its home currency. */
export type ProgramDocument = z.infer<typeof fields>

/** A document that does not contradict itself. */
export const document = fields.check(({ value, issues }) => {
  // What is not well-formed has no meaning to contradict.
  for (const { path, message } of issues.length > 0 ? [] : contradictions(value)) {
    issues.push({ code: 'custom', input: value, path, message })
  }
})

export type EarningRule = ProgramDocument['earning']['rules'][number]
export type Rounding = ProgramDocument['earning']['rounding']
export type Expiry = ProgramDocument['expiry']
export type Tiers = ProgramDocument['tiers']
export type Tier = Tiers['levels'][number]

/** A span that ends with a local day: after months or days, up to the end of something. */
export interface Life {
  months?: number | undefined
  days?: number | undefined
  to: 'day' | 'month' | 'quarter' | 'year' | readonly string[]
}
