import { mulDiv, prorate } from './arithmetic'
import type { EarningRule, ProgramDocument, Rounding } from './document'
import { convert } from './money'
import type { Program } from './program'

/** A line of an order as the till sends it: minor units for the whole line. */
export interface OrderLine {
  lineId?: string | undefined
  sku: string
  category?: string | undefined
  quantity: number
  amount: number
  discount?: number | undefined
  tax?: number | undefined
}

/** One of the payments of an order: `points` and `gift_card` earn nothing. */
export interface Payment {
  method: string
  amount: number
}

/** The money of an order, in minor units. */
export interface Order {
  lines: readonly OrderLine[]
  shipping?: number | undefined
  discount?: number | undefined
  tax?: number | undefined
  taxIncluded?: boolean | undefined
  total?: number | undefined
  payments?: readonly Payment[] | undefined
}

/** What an order comes to: `total` is what was charged, `net` each line after discounts, `base` what earns. */
export interface Priced {
  total: number
  net: number[]
  base: number
  /** Each line's part of the base, for rules that look at lines. */
  lineBases: number[]
}

/** Where and what was bought, as rules ask. */
export interface Sale extends Order {
  currency: string
  channel: string
  storeId?: string | undefined
}

/** Why an order does not add up: a JSON pointer and a sentence. */
export interface Misfit {
  pointer: string
  detail: string
}

/** How points came out of an amount, kept with the award for ever. */
export interface Earning {
  version: number
  base: number
  /** Hundredths. */
  factor: number
  rounding: Rounding
  rules: readonly (readonly [id: string, points: number])[]
}

const WITHOUT_EARNING = new Set(['points', 'gift_card'])

const sum = (amounts: readonly number[]): number => amounts.reduce((a, b) => a + b, 0)

/** What of the payments earns nothing. */
export const unearning = (payments: readonly Payment[]): number =>
  sum(payments.filter(({ method }) => WITHOUT_EARNING.has(method)).map(({ amount }) => amount))

/** What an order says, read as one would add it up. */
interface Sums {
  /** Lines after their own discounts. */
  gross: number[]
  discount: number
  shipping: number
  tax: number
  /** The lines' own tax. */
  lineTax: number
  taxIncluded: boolean
  /** What is charged beside the goods. */
  extra: number
  /** What lines come to; undefined without lines. */
  known: number | undefined
}

function addUp(order: Order, program: Pick<ProgramDocument, 'earning'>): Sums {
  const { lines, discount = 0, shipping = 0 } = order
  const gross = lines.map((line) => line.amount - (line.discount ?? 0))
  const lineTax = sum(lines.map((line) => line.tax ?? 0))
  const tax = order.tax ?? lineTax
  const taxIncluded = order.taxIncluded ?? program.earning.taxIncluded
  const extra = shipping + (taxIncluded ? 0 : tax)
  const known = lines.length > 0 ? sum(gross) - discount + extra : undefined
  return { gross, discount, shipping, tax, lineTax, taxIncluded, extra, known }
}

/** Why an order does not add up, or null. */
function misfitOf(order: Order, sums: Sums): Misfit | null {
  const { gross, tax, lineTax, extra, known } = sums
  const dearest = gross.findIndex((amount) => amount < 0)
  if (dearest >= 0) {
    return { pointer: `#/lines/${dearest}/discount`, detail: 'A discount is larger than its line.' }
  }
  if (lineTax > tax) {
    return { pointer: '#/tax', detail: `The lines alone have ${lineTax} of tax.` }
  }
  const total = order.total ?? known
  if (total === undefined) {
    return { pointer: '#/total', detail: 'An order without lines needs its total.' }
  }
  if (known === undefined ? total < extra : known < extra) {
    return { pointer: '#/discount', detail: 'Discounts, shipping and tax leave less than nothing.' }
  }
  if (known !== undefined && total !== known) {
    return { pointer: '#/total', detail: `Lines, discounts, shipping and tax add up to ${known}.` }
  }
  if (![sum(gross), total, lineTax].every(Number.isSafeInteger)) {
    return { pointer: '#/lines', detail: 'The order is larger than 2^53 − 1 minor units.' }
  }
  const payments = order.payments ?? []
  const paid = sum(payments.map((payment) => payment.amount))
  if (payments.length > 0 && paid !== total) {
    const detail = `The payments add up to ${paid}, the order to ${total}.`
    return { pointer: '#/payments', detail }
  }
  return null
}

/**
 * Prices an order by design §6.5: discounts prorated, then the base that the program names, less the part that was
 * paid with points or gift cards.
 */
export function price(order: Order, program: Pick<ProgramDocument, 'earning'>): Priced | Misfit {
  const sums = addUp(order, program)
  const misfit = misfitOf(order, sums)
  if (misfit) {
    return misfit
  }
  const { gross, discount, shipping, tax, lineTax, taxIncluded, extra } = sums
  const total = order.total ?? sums.known!
  const goods = total - extra
  const discounts = prorate(discount, gross)
  const net = gross.map((amount, i) => amount - discounts[i]!)
  const { base } = program.earning
  // Tax is on goods and shipping alike; tell the goods' part apart where lines do not.
  const split = lineTax > 0 ? lineTax : mulDiv(tax, goods, Math.max(1, goods + shipping))
  const goodsTax = shipping === 0 ? tax : split
  // Tax that counts and is not in the prices comes on top; tax that does not count and is in them goes.
  const sign = Number(base.tax === 'charged') - Number(taxIncluded)
  const taxed = (amount: number, its: number) => Math.max(0, amount + sign * its)
  const isBefore = base.discounts === 'before'
  const before = order.lines.map((line) => line.amount)
  const listed = isBefore ? goods + discount + sum(before) - sum(gross) : goods
  const ofGoods = taxed(listed, goodsTax)
  const ofShipping = base.shipping === 'included' ? taxed(shipping, tax - goodsTax) : 0
  const earning = (amount: number) =>
    total === 0 ? amount : mulDiv(amount, total - unearning(order.payments ?? []), total)
  const weights = order.lines.map((line, i) => taxed((isBefore ? before : net)[i]!, line.tax ?? 0))
  return {
    total,
    net,
    base: earning(ofGoods + ofShipping),
    lineBases: prorate(earning(ofGoods), weights),
  }
}

/**
 * Points for a priced sale at a tier's factor, for what was bought at `at` (milliseconds): each rule rounded, their
 * sum times the factor rounded once more.
 */
export function earn(
  sale: Sale,
  priced: Priced,
  factor: number,
  program: Program,
  at: number,
): [number, Earning] {
  const { rounding } = program.earning
  const rules = program.earning.rules
    .filter((rule) => applies(rule, sale, at))
    .map((rule) => [rule.id, pointsOf(rule, sale, priced, program)] as const)
  const points = mulDiv(sum(rules.map(([, earned]) => earned)), factor, 100, rounding)
  return [points, { version: program.version, base: priced.base, factor, rounding, rules }]
}

function applies(rule: EarningRule, { channel, storeId = '' }: Sale, at: number): boolean {
  const { isOff, startsAt, channels, stores } = rule
  return (
    !isOff &&
    (startsAt === undefined || Date.parse(startsAt) <= at) &&
    (channels === undefined || channels.some((each) => each === channel)) &&
    (stores === undefined || stores.includes(storeId))
  )
}

function pointsOf(rule: EarningRule, sale: Sale, priced: Priced, program: Program): number {
  const { categories, skus, points, per, wholeSteps } = rule
  const isWhole = categories === undefined && skus === undefined
  const matching = sale.lines.map(
    ({ sku, category = '' }) => categories?.includes(category) || skus?.includes(sku),
  )
  const base = isWhole ? priced.base : sum(priced.lineBases.filter((_, i) => matching[i]))
  const step = typeof per === 'number' ? per : per[sale.currency]!
  const amount = typeof per === 'number' ? toHome(base, sale.currency, program) : base
  return wholeSteps
    ? mulDiv(mulDiv(amount, 1, step), points, 1)
    : mulDiv(amount, points, step, program.earning.rounding)
}

/** Whether a purchase may be in that currency. */
export const takes = (program: ProgramDocument, currency: string): boolean =>
  currency === program.currency || Object.hasOwn(program.currencies, currency)

/** An amount in the program's home currency, at its fixed rate. */
export function toHome(amount: number, currency: string, program: ProgramDocument): number {
  const { rate } = program.currencies[currency] ?? {}
  return rate === undefined
    ? amount
    : convert(amount, { rate, from: currency, to: program.currency })
}
