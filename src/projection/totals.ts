import type { Figure } from './projection'

/** What members earned, spent and lost in a span, each net of what undid it. */
export type Sums = Record<Figure, number>

/** A month's sums, and what was owed to all members together at its end: the liability, in points. */
export type Month = Sums & { month: string; outstanding: number }

const none: Sums = { issued: 0, redeemed: 0, lapsed: 0, clawedBack: 0 }

/** Adds up rows that are sorted by month. What was taken is shown as a positive number. */
export function sumUp(rows: readonly { month: string; figure: Figure; points: number }[]) {
  const months: Month[] = []
  const all = { ...none }
  let outstanding = 0
  for (const { month, figure, points } of rows) {
    if (months.at(-1)?.month !== month) {
      months.push({ month, ...none, outstanding })
    }
    const open = months.at(-1)!
    const amount = figure === 'issued' ? points : 0 - points
    open[figure] += amount
    all[figure] += amount
    outstanding += points
    open.outstanding = outstanding
  }
  return { ...all, outstanding, months }
}
