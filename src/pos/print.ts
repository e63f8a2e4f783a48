import type { EntryView, Receipt } from '../ledger/receipt'
import { benefitsOf, rewardName, tierName } from '../program/locale'
import { exponent } from '../program/money'
import type { Program } from '../program/program'
import { languageOf } from '../statement/words'
import { type Words, words } from './words'

/** The lines that a till prints under a sale, in a locale of the program. */
export function printOf(program: Program, receipt: Receipt, locale: string): string[] {
  const text = words[languageOf(locale)]
  const { balance, tier, entries } = receipt
  const lapses = balance.nextExpiry
  const lines = [
    program.name,
    ...entries.flatMap((entry) => lineOf(program, entry, receipt, text, locale)),
    text.balance(balance.available),
    ...(balance.pending > 0 ? [text.pending(balance.pending)] : []),
    ...(balance.debt > 0 ? [text.owed(balance.debt)] : []),
    ...(lapses ? [text.lapses(lapses.points, lastDay(program, lapses.at, locale))] : []),
    text.tier(tierName(program, tier.id, locale)),
    ...benefitsOf(program, tier.id, locale).map((benefit) => `· ${benefit}`),
  ]
  if (tier.next) {
    const amount = amountOf(program, tier.next.remaining, text, locale)
    lines.push(text.next(amount, tierName(program, tier.next.id, locale)))
  }
  return lines
}

/** What one entry says on paper. */
function lineOf(
  program: Program,
  entry: EntryView,
  { coupon }: Receipt,
  text: Words,
  locale: string,
): string[] {
  const { kind, points, rewardId, expectedPoints, reversal } = entry
  const name = rewardId === undefined ? '' : rewardName(program, rewardId, locale)
  switch (kind) {
    case 'award':
      return [text.earned(points)]
    case 'redeem':
      return [
        text.spent(-points, name),
        ...(expectedPoints === undefined ? [] : [text.corrected(name, -points, expectedPoints)]),
      ]
    case 'use': {
      const used = coupon ? rewardName(program, coupon.rewardId, locale) : ''
      return [reversal ? text.reopened(used) : text.coupon(used)]
    }
    case 'restore':
      return [text.returned(points)]
    case 'clawback':
      return points < 0 ? [text.taken(-points)] : []
    case 'tier':
      return entry.reason === 'reached'
        ? [text.reached(tierName(program, entry.tier!, locale))]
        : []
    case 'activate':
    case 'hold':
    case 'capture':
    case 'release':
    case 'adjust':
    case 'expire':
    case 'void':
    case 'lapse':
    case 'freeze':
    case 'unfreeze':
    case 'erase':
      return []
  }
}

/** The last day on which points are good that are gone at an instant. */
const lastDay = ({ timeZone }: Program, at: string, locale: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone }).format(Date.parse(at) - 1)

function amountOf(program: Program, remaining: number, text: Words, locale: string): string {
  const { basis } = program.tiers
  if (basis !== 'spend') {
    return text.basis[basis](remaining)
  }
  const { currency } = program
  const digits = exponent(currency)
  const style = {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
  } as const
  return new Intl.NumberFormat(locale, style).format(remaining / 10 ** digits)
}
