import { mulDiv, prorate } from './arithmetic'
import type { Program, Rounding } from './program'

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

/** Prices an order by design §6.5: discounts prorated, tax as charged, shipping and points or gift cards left out. */
export function price(order: Order, program: Program): Priced | Misfit {
  const gross = order.lines.map((line) => line.amount - (line.discount ?? 0))
  const dearest = gross.findIndex((amount) => amount < 0)
  if (dearest >= 0) {
    return { pointer: `#/lines/${dearest}/discount`, detail: 'A discount is larger than its line.' }
  }
  const subtotal = sum(gross)
  const discount = order.discount ?? 0
  const shipping = order.shipping ?? 0
  const lineTax = sum(order.lines.map((line) => line.tax ?? 0))
  const tax = order.tax ?? lineTax
  const taxIncluded = order.taxIncluded ?? program.rules.taxIncluded
  if (lineTax > tax) {
    return { pointer: '#/tax', detail: `The lines alone have ${lineTax} of tax.` }
  }
  const extra = shipping + (taxIncluded ? 0 : tax)
  const known = order.lines.length > 0 ? subtotal - discount + extra : undefined
  const total = order.total ?? known
  if (total === undefined) {
    return { pointer: '#/total', detail: 'An order without lines needs its total.' }
  }
  if (known === undefined ? total < extra : subtotal < discount) {
    return { pointer: '#/discount', detail: 'Discounts, shipping and tax leave less than nothing.' }
  }
  if (known !== undefined && total !== known) {
    return { pointer: '#/total', detail: `Lines, discounts, shipping and tax add up to ${known}.` }
  }
  if (![subtotal, total, lineTax].every(Number.isSafeInteger)) {
    return { pointer: '#/lines', detail: 'The order is larger than 2^53 − 1 minor units.' }
  }
  const payments = order.payments ?? []
  const paid = sum(payments.map((payment) => payment.amount))
  if (payments.length > 0 && paid !== total) {
    const detail = `The payments add up to ${paid}, the order to ${total}.`
    return { pointer: '#/payments', detail }
  }
  const goods = total - extra
  const discounts = prorate(discount, gross)
  // Tax beside the prices is charged on goods and shipping alike; tell the goods' part apart where lines do not.
  const split = lineTax > 0 ? lineTax : mulDiv(tax, goods, Math.max(1, goods + shipping))
  const goodsTax = shipping === 0 ? tax : split
  const charged = goods + (taxIncluded ? 0 : goodsTax)
  return {
    total,
    net: gross.map((amount, i) => amount - discounts[i]!),
    base: total === 0 ? 0 : mulDiv(charged, total - unearning(payments), total),
  }
}

/**
 * Points for an earning base at a tier's factor, for what was bought at `at` (milliseconds): each rule rounded, their
 * sum times the factor rounded once more.
 */
export function earn(
  base: number,
  factor: number,
  program: Program,
  at: number,
): [number, Earning] {
  const { earning, rounding } = program.rules
  const rules = earning
    .filter(({ isOff, startsAt = -Infinity }) => !isOff && startsAt <= at)
    .map((rule) => [rule.id, mulDiv(base, rule.points, rule.per, rounding)] as const)
  const points = mulDiv(sum(rules.map(([, earned]) => earned)), factor, 100, rounding)
  return [points, { version: program.version, base, factor, rounding, rules }]
}
