import fc from 'fast-check'
import { contradictions } from '../../src/program/contradiction'
import type { Program } from '../../src/program/program'
import type { ModelRules } from './model'
import type { ModelReward } from './model-coupon'
import type { ModelWindow } from './model-calendar'
import type { ModelTiers } from './model-tier'
import { DAY_MS, levelOf, NOON, programOf, tiersOf } from './world'

// The rules of walks, for the naive ledger and as a program.

const COUPON_DAYS = 12

const rewards: Record<string, ModelReward> = {
  gift: { points: 10, validDays: COUPON_DAYS },
  coupon: { points: 25, tierPoints: { silver: 20, gold: 30 }, validDays: COUPON_DAYS },
  treat: { points: 5, limit: { most: 2, per: 'month' }, validDays: 40 },
  daily: { points: 3, tierPoints: { gold: 1 }, limit: { most: 1, per: 'day' }, validDays: 1 },
  season: {
    points: 4,
    limit: { most: 3, per: 'ever' },
    startsAt: NOON + 5 * DAY_MS,
    endsAt: NOON + 360 * DAY_MS,
    validDays: COUPON_DAYS,
  },
}

/** The rewards as the program says them. */
const catalogue = Object.fromEntries(
  Object.entries(rewards).map(([id, { startsAt, endsAt, validDays, ...rest }]) => {
    const window = {
      ...(startsAt !== undefined && { startsAt: new Date(startsAt).toISOString() }),
      ...(endsAt !== undefined && { endsAt: new Date(endsAt).toISOString() }),
    }
    const life = validDays === COUPON_DAYS ? {} : { validDays }
    return [id, { name: { en: id }, ...rest, ...window, ...life }]
  }),
)

const activities: ModelRules['activities'] = {
  'check-in': { points: 1, once: 'day', isVisit: true },
  review: { points: 5, once: 'reference', isVisit: false },
  workshop: { points: 3, once: 'reference', isVisit: true },
  birthday: { points: 20, once: 'ever', isVisit: false },
}

/** The rules of a walk, and how many days after the enrolment it begins. */
export type WalkRules = Policy & Pick<ModelRules, Fixed> & { beginsAfter: number }
/** What a new version may change. */
type Policy = Omit<ModelRules, Fixed> & { byReturnWindow: boolean }
type Fixed = 'activities' | 'tiers' | 'rewards'

/** The program by the same rules. */
export function programBy(rules: Omit<WalkRules, 'beginsAfter'>): Program {
  const { clawback, expiry, activeAfterDays, restoreGraceDays, tiers } = rules
  const levels = tiers.levels.map(({ id, from, ...rest }) => levelOf(id, from, rest))
  const byReturnWindow = rules.byReturnWindow && activeAfterDays > 1
  return programOf({
    locales: ['en'],
    clawback,
    expiry,
    ...(byReturnWindow
      ? { pending: { afterReturnWindow: true }, returnWindowDays: activeAfterDays - 1 }
      : { pending: { activeAfterDays } }),
    restoreGraceDays,
    tiers: tiersOf(levels, { ...tiers, levels }),
    rewards: catalogue,
    coupons: { validDays: COUPON_DAYS },
    activities: Object.fromEntries(
      Object.entries(activities).map(([id, rule]) => [id, { ...rule, selfReported: false }]),
    ),
  })
}

/** One of these, an earlier one more often. */
const mostly = <T>(...choices: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    ...choices.map((choice, i) => ({
      weight: Math.ceil((4 * choices.length) / (i + 1)),
      arbitrary: fc.constant(choice),
    })),
  )

const expiry = mostly<ModelRules['expiry']>(
  { kind: 'after', months: 1, to: 'day' },
  { kind: 'inactivity', months: 1, to: 'day' },
  { kind: 'after', months: 2, to: 'day' },
  { kind: 'inactivity', days: 10, to: 'day' },
  { kind: 'inactivity', days: 30, to: 'day' },
  { kind: 'after', days: 10, to: 'day' },
  { kind: 'after', months: 1, to: 'month' },
  { kind: 'after', days: 40, to: 'month' },
  { kind: 'inactivity', months: 1, to: 'month' },
  { kind: 'never' },
)

const window = mostly<ModelWindow>(
  { kind: 'rolling', months: 1 },
  { kind: 'rolling', months: 2 },
  { kind: 'rolling', days: 20 },
  { kind: 'calendar', unit: 'month' },
  { kind: 'anniversary' },
  { kind: 'calendar', unit: 'quarter' },
  { kind: 'rolling', days: 1 },
)

const grace = mostly<ModelTiers['grace']>(
  { months: 0, days: 0, toMonthEnd: false },
  { months: 0, days: 5, toMonthEnd: false },
  { months: 1, days: 0, toMonthEnd: false },
  { months: 0, days: 0, toMonthEnd: true },
  { months: 0, days: 40, toMonthEnd: false },
  { months: 1, days: 3, toMonthEnd: true },
)

const steep = {
  spend: [0, 4_000, 9_000, 14_000],
  points: [0, 40, 90, 140],
  orders: [0, 1, 3, 4],
  visits: [0, 1, 2, 4],
}
const ids = ['bronze', 'silver', 'gold', 'jade']
const factors = [100, 150, 200, 120]

const levelled = fc
  .record({
    basis: mostly<ModelTiers['basis']>('spend', 'points', 'visits', 'orders'),
    window,
    down: mostly<ModelTiers['down']>('qualifying', 'one-step', 'never'),
    grace,
    count: fc.constantFrom(3, 4, 4),
    /** Which level is promised to whom. */
    floors: mostly<[number, number][]>(
      [],
      [[2, 1]],
      [[3, 2]],
      [[1, 1]],
      [
        [2, 1],
        [3, 2],
      ],
      [[1, 0]],
    ),
  })
  .map(({ count, floors, ...rest }): ModelTiers => {
    const levels = ids.slice(0, count).map((id, rank) => {
      const floor = floors.find(([of]) => of === rank)
      return {
        id,
        from: steep[rest.basis][rank]!,
        factor: factors[rank]!,
        ...(floor && { neverBelow: ids[floor[1]]! }),
      }
    })
    return { ...rest, levels }
  })

/** Rules that do not contradict themselves. */
export const rules: fc.Arbitrary<WalkRules> = fc
  .record({
    clawback: mostly<ModelRules['clawback']>('debt', 'clamp'),
    expiry,
    activeAfterDays: mostly(0, 1, 3, 10),
    byReturnWindow: fc.boolean(),
    restoreGraceDays: mostly(0, 3, 20, 1),
    activities: fc.constant(activities),
    rewards: fc.constant(new Map(Object.entries(rewards))),
    tiers: levelled,
    // To the ends of months and years.
    beginsAfter: mostly(0, 20, 51, 325, 327, 355),
  })
  .filter((each) => contradictions(programBy(each)).length === 0)

/** What a new version says. */
export const policies: fc.Arbitrary<Policy> = rules.map(
  ({ clawback, expiry, activeAfterDays, byReturnWindow, restoreGraceDays }) => ({
    clawback,
    expiry,
    activeAfterDays,
    byReturnWindow,
    restoreGraceDays,
  }),
)
