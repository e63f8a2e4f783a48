import { addMonths, type Day, dayOf, startOfDay } from './calendar'
import type { Program, Tier } from './program'

/** What one local day added to the figures that tiers count: spend in minor units, points, orders. */
export type DayCount = readonly [day: Day, spend: number, points: number, orders: number]

/** The first day on which what happened on `day` no longer counts. */
const exitOf = (program: Program, day: Day): Day => addMonths(day, program.rules.tierMonths)

/** Whether `day` still counts on `today`; the calendar is asked only near the window's end. */
function counts(program: Program, day: Day, today: Day): boolean {
  const age = today - day
  if (age < program.rules.tierMonths * 28) {
    return true
  }
  return age <= program.rules.tierMonths * 31 && exitOf(program, day) > today
}

/** What was spent in the window that ends at `now`. */
export function spendAt(program: Program, days: readonly DayCount[], now: number): number {
  const today = dayOf(now, program.timeZone)
  let spend = 0
  for (const [day, amount] of days) {
    if (counts(program, day, today)) {
      spend += amount
    }
  }
  return spend
}

const tierFor = (program: Program, spend: number): Tier =>
  program.rules.tiers.findLast((tier) => tier.from <= spend) ?? program.rules.tiers[0]

/** The tier that the days before and of `now` qualify for. */
export const tierAt = (program: Program, days: readonly DayCount[], now: number): Tier =>
  tierFor(program, spendAt(program, days, now))

/** The tier of that id; one that the program no longer has reads as the lowest. */
export const tierOf = (program: Program, id: string): Tier =>
  program.rules.tiers.find((tier) => tier.id === id) ?? program.rules.tiers[0]

/** The tier above, and what is still to be spent for it; null at the top. */
export function nextTier(program: Program, id: string, days: readonly DayCount[], now: number) {
  const { tiers } = program.rules
  const next = tiers[tiers.indexOf(tierOf(program, id)) + 1]
  if (!next) {
    return null
  }
  return { id: next.id, remaining: Math.max(0, next.from - spendAt(program, days, now)) }
}

/** The instant at which a member of tier `id` falls if nothing more is bought, or Infinity. */
export function tierFallsAt(program: Program, id: string, days: readonly DayCount[], now: number) {
  const held = tierOf(program, id)
  if (held === program.rules.tiers[0]) {
    return Infinity
  }
  const today = dayOf(now, program.timeZone)
  const counting = days.filter(([day]) => counts(program, day, today))
  let spend = counting.reduce((sum, [, amount]) => sum + amount, 0)
  for (const [day, amount] of counting) {
    spend -= amount
    if (spend < held.from) {
      return startOfDay(exitOf(program, day), program.timeZone)
    }
  }
  return spend < held.from ? now : Infinity
}
