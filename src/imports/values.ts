import { dayOf, instantText, localInstant, startOfDay } from '../program/calendar'
import { exponent, isCurrency } from '../program/money'

/** By what the values of a row are read. */
export interface Reading {
  /** Whether amounts are whole minor units or decimals of the major one. */
  amounts: 'minor' | 'major'
  currency: unknown
  timeZone: string
}

type Fields = Record<string, unknown>
type Read = (value: unknown, reading: Reading) => unknown

const DAY = /^\d{4}-\d\d-\d\d$/

/**
 * The values of a row as the API takes them: texts become numbers, decimals minor units, local times instants of the
 * program's zone. What cannot be read stays as it is, for the schema to refuse.
 */
export const readValues = (fields: Fields, reading: Reading): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      Object.hasOwn(readers, name) ? readers[name]!(value, reading) : value,
    ]),
  )

const whole: Read = (value) =>
  typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value

/** Money; a decimal may have as many digits as its currency, zeros beyond. */
const amount: Read = (value, reading) => {
  const { amounts, currency } = reading
  if (amounts === 'minor' || typeof currency !== 'string' || !isCurrency(currency)) {
    return whole(value, reading)
  }
  const [, units, decimals = ''] = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(String(value)) ?? []
  const digits = exponent(currency)
  return units === undefined || /[1-9]/.test(decimals.slice(digits))
    ? value
    : Number(units + decimals.slice(0, digits).padEnd(digits, '0'))
}

const truth: Read = (value) => (value === 'true' || value === 'false' ? value === 'true' : value)

const time: Read = (value, { timeZone }) => {
  const at = typeof value === 'string' ? localInstant(value, timeZone) : null
  return at === null ? value : instantText(at)
}

/** What ends on a day can be used on it: until the next begins. */
const end: Read = (value, reading) => {
  const { timeZone } = reading
  const at = typeof value === 'string' && DAY.test(value) ? localInstant(value, timeZone) : null
  return at === null
    ? time(value, reading)
    : instantText(startOfDay(dayOf(at, timeZone) + 1, timeZone))
}

const each: Read = (value, reading) =>
  Array.isArray(value)
    ? value.map((one: unknown) =>
        one !== null && typeof one === 'object' ? readValues(one as Fields, reading) : one,
      )
    : value

const readers: Record<string, Read> = {
  total: amount,
  shipping: amount,
  discount: amount,
  tax: amount,
  amount,
  points: whole,
  taxIncluded: truth,
  occurredAt: time,
  expiresAt: end,
  lines: each,
  payments: each,
}
