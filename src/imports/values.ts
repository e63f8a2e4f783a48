import { dayOf, instantText, localInstant, startOfDay } from '../program/calendar'
import { exponent, isCurrency } from '../program/money'
import { fail, type Fault, type Result } from '../result'

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

/** What an amount is told that is none: decimals are taken where the call says so. */
const NOT_MINOR =
  'Amounts are whole minor units (12900) unless the import says amounts=major (129.00).'

/** A row as it was checked; a refusal says how amounts are written where one is of no such form. */
export function explainAmounts<T>(
  checked: Result<T>,
  { amounts }: Pick<Reading, 'amounts'>,
): Result<T> {
  if (checked.ok || amounts === 'major') {
    return checked
  }
  const { code, detail, errors = [] } = checked.failure
  const told = errors.map((each) => (isNoAmount(each) ? { ...each, detail: NOT_MINOR } : each))
  const [first] = told
  return fail(code, first && told.length === 1 ? `${first.pointer}: ${first.detail}` : detail, told)
}

const isNoAmount = ({ pointer, detail }: Fault): boolean =>
  readers[pointer.split('/').at(-1)!] === amount &&
  /^Invalid input: expected .*, received (string|number)$/.test(detail)

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
