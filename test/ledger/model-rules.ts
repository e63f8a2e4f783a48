import fc from 'fast-check'
import { contradictions } from '../../src/program/contradiction'
import type { Program } from '../../src/program/program'
import type { ModelRules } from './model'
import type { ModelWindow } from './model-calendar'
import type { ModelTiers } from './model-tier'
import { levelOf, programOf, tiersOf } from './world'

// The rules of walks, for the naive ledger and as a program.

const rewards = {
  gift: { name: { en: 'Gift' }, points: 10 },
  coupon: { name: { en: 'Coupon' }, points: 25 },
}
export const prices = new Map(Object.entries(rewards).map(([id, { points }]) => [id, points]))

const activities: ModelRules['activities'] = {
  'check-in': { points: 1, once: 'day', isVisit: true },
  review: { points: 5, once: 'reference', isVisit: false },
  workshop: { points: 3, once: 'reference', isVisit: true },
  birthday: { points: 20, once: 'ever', isVisit: false },
}

/** The rules of a walk, and how many days after the enrolment it begins. */
export type WalkRules = Policy & Pick<ModelRules, 'activities' | 'tiers'> & { beginsAfter: number }
/** What a new version may change. */
type Policy = Omit<ModelRules, 'activities' | 'tiers'> & { byReturnWindow: boolean }

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
    rewards,
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
