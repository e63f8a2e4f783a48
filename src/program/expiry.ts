import { addMonths, dayOf, startOfDay } from './calendar'
import type { Program } from './program'

/** The first instant at which points earned at `ms` are gone: they live to the end of a local day. */
export function expiryOf(program: Program, ms: number): number {
  const lastDay = addMonths(dayOf(ms, program.timeZone), program.rules.expiryMonths)
  return startOfDay(lastDay + 1, program.timeZone)
}
