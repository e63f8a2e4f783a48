import * as z from 'zod'
import { text } from '../http/scalars'
import { contradictions } from './contradiction'
import { country, currency, timeZone } from './schema'

// The program document. It is kept as it was sent, with defaults filled in: nothing is transformed here. Its shapes are
// functions because making them all takes a third of what a Worker may take to start.

const id = () =>
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'Not a short id: a-z, 0-9 and hyphens, at most 32.')
const locale = () => z.string().max(35).refine(isLocale, 'Not a BCP 47 language tag such as zh-CN.')
/** A text by locale; it has the program's first locale at least. */
const localized = () => z.record(locale(), text(200))
const points = () => z.int().min(1).max(1_000_000_000)
/** Minor units of a currency that are one step. */
const step = () => z.int().min(1).max(1_000_000_000_000)
const dayOfYear = () => z.string().refine(isDayOfYear, 'Not a date in the year such as 12-31.')

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

const store = () =>
  z.strictObject({
    id: text(64),
    name: text(100),
    region: text(64).optional(),
    timeZone: timeZone.optional(),
  })

/** `points` for every `per` of what matches: minor units of the home currency, or of each currency by its code. */
const earningRule = () =>
  z.strictObject({
    id: id(),
    points: points(),
    per: z.union([step(), z.record(currency, step())]),
    /** Only full steps earn. */
    wholeSteps: z.boolean().default(false),
    isOff: z.boolean().default(false),
    /** Earns nothing for what was bought before. */
    startsAt: z.iso.datetime({ offset: true, error: 'Not an RFC 3339 time.' }).optional(),
    categories: z.array(text(128)).min(1).max(200).optional(),
    skus: z.array(text(128)).min(1).max(1_000).optional(),
    channels: z
      .array(z.enum(['pos', 'web', 'app', 'webhook', 'import']))
      .min(1)
      .optional(),
    stores: z.array(text(64)).min(1).max(1_000).optional(),
  })

const earning = () =>
  z.strictObject({
    base: z
      .strictObject({
        discounts: z.enum(['after', 'before']).default('after'),
        tax: z.enum(['charged', 'excluded']).default('charged'),
        shipping: z.enum(['excluded', 'included']).default('excluded'),
      })
      .prefault({}),
    /** Whether prices have tax in them where a purchase does not say. */
    taxIncluded: z.boolean(),
    rounding: z.enum(['floor', 'half-up', 'ceil']),
    rules: z.array(earningRule()).max(100),
  })

/** What a member may do besides buying; `once` a day, once a reference, or once ever. */
const activity = () =>
  z.strictObject({
    points: points(),
    once: z.enum(['day', 'reference', 'ever']),
    /** The member may report it himself. */
    selfReported: z.boolean().default(false),
    /** Its day counts as a visit, as a purchase's does. */
    isVisit: z.boolean().default(false),
  })

const months = () => z.int().min(1).max(1_200)
const days = () => z.int().min(1).max(36_500)

const life = () => ({
  months: months().optional(),
  days: days().optional(),
  /** Up to the end of that day, of its month, quarter or year, or of the next of these dates. */
  to: z
    .union([z.enum(['day', 'month', 'quarter', 'year']), z.array(dayOfYear()).min(1).max(24)])
    .default('day'),
})

const expiry = () =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('never') }),
    z.strictObject({ kind: z.literal('after'), ...life() }),
    z.strictObject({ kind: z.literal('inactivity'), ...life() }),
  ])

const pending = () =>
  z.union([
    z.strictObject({ activeAfterDays: z.int().min(0).max(365) }),
    z.strictObject({ afterReturnWindow: z.literal(true) }),
  ])

const level = () =>
  z.strictObject({
    id: id(),
    name: localized(),
    /** What is to be reached in the window: home minor units, points, orders or visits. */
    from: z.int().min(0),
    /** Hundredths: 150 multiplies what is earned by 1.5. */
    factor: z.int().min(1).max(10_000).default(100),
    benefits: z.array(localized()).max(20).default([]),
    /** Who was here never falls below that tier. */
    neverBelow: id().optional(),
  })

const tiers = () =>
  z.strictObject({
    basis: z.enum(['spend', 'points', 'orders', 'visits']),
    window: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('rolling'),
        months: z.int().min(1).max(24).optional(),
        days: z.int().min(1).max(730).optional(),
      }),
      z.strictObject({ kind: z.literal('calendar'), unit: z.enum(['month', 'quarter', 'year']) }),
      z.strictObject({ kind: z.literal('anniversary') }),
    ]),
    down: z.enum(['never', 'one-step', 'qualifying']),
    /** How long a tier is kept that is no longer reached. */
    grace: z
      .strictObject({
        months: z.int().min(0).max(24).default(0),
        days: z.int().min(0).max(730).default(0),
        toMonthEnd: z.boolean().default(false),
      })
      .prefault({}),
    /** Lowest first. */
    levels: z.array(level()).min(1).max(20),
  })

const reward = () => z.strictObject({ name: localized(), points: points() })

const fields = () =>
  z.strictObject({
    name: text(100),
    currency,
    /** Other currencies: what one unit of them is worth in the home currency. */
    currencies: z
      .record(currency, z.strictObject({ rate: z.string().regex(/^\d{1,9}(\.\d{1,9})?$/) }))
      .default({}),
    timeZone,
    /** How a phone number without a country code is read. */
    country: country.nullable().default(null),
    /** The first is the one to fall back on. */
    locales: z.array(locale()).min(1).max(20),
    origins: z
      .array(z.string().refine(isOrigin, 'Not an origin such as https://shop.example.'))
      .max(50)
      .default([]),
    stores: z.array(store()).max(1_000).default([]),
    earning: earning(),
    activities: z.record(id(), activity()).default({}),
    returnWindowDays: z.int().min(0).max(365).default(0),
    pending: pending().default({ activeAfterDays: 0 }),
    expiry: expiry(),
    /** Points taken back beyond what is there: owed, or dropped. */
    clawback: z.enum(['debt', 'clamp']),
    /** How long points live that come back to a lot that has lapsed. */
    restoreGraceDays: z.int().min(0).max(365).default(0),
    tiers: tiers(),
    rewards: z.record(id(), reward()).default({}),
    coupons: z.strictObject({ validDays: z.int().min(1).max(3_650) }).default({ validDays: 90 }),
    /** Most points that one adjustment may move, null for any; keys by id may have more. */
    adjustments: z
      .strictObject({
        maxPoints: points().nullable().default(null),
        keys: z.record(z.string().max(32), points()).default({}),
      })
      .prefault({}),
  })
/** The rules of a program, as its owner writes them. Amounts are minor units of its home currency. */
export type ProgramDocument = z.infer<ReturnType<typeof fields>>

/** A document that does not contradict itself. */
export const document = z.lazy(() =>
  fields().check(({ value, issues }) => {
    // What is not well-formed has no meaning to contradict.
    for (const { path, message } of issues.length > 0 ? [] : contradictions(value)) {
      issues.push({ code: 'custom', input: value, path, message })
    }
  }),
)

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
