import { check } from '../http/validate'
import type { Command } from '../ledger/decide'
import { readPhoneOf } from '../members/contact'
import type { Enrolment } from '../members/schema'
import type { Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import { identity, identityFields, type Options, rows, type RowType, types } from './schema'
import { explainAmounts, readValues } from './values'

/** What identifies whom a row is about. */
export interface Who {
  kind: (typeof identityFields)[number]
  value: string
}

/** A row of a file, understood. */
export interface Row {
  type: RowType
  who: Who
  /** Its place among the rows of its member: when it happened, in milliseconds; the last where it says no time. */
  at: number
  /** Whom it enrols, if nobody is known by that. */
  person: Enrolment | null
  /** What the member's ledger is asked; null for a member's row. */
  command: Command | null
}

/** By what a row is read; `name` stands in for an order or a refund that has none. */
export interface Reading {
  options: Options
  format: 'csv' | 'ndjson'
  program: Program
  name: string
}

type Fields = Record<string, unknown>

const LAST = Number.MAX_SAFE_INTEGER

/** What a row may say of a person whom it enrols. */
const personal = ['name', 'birthday', 'locale']

/** What a row of each type says beside that; a CSV file's other columns mean nothing to it. */
const fieldsOf: Record<RowType, readonly string[]> = {
  member: [...personal, 'storeId'],
  purchase: [
    'orderId',
    'occurredAt',
    'currency',
    'total',
    'shipping',
    'discount',
    'tax',
    'taxIncluded',
    'storeId',
    'terminalId',
  ],
  refund: ['refundId', 'orderId', 'currency', 'amount', 'occurredAt'],
  balance: ['points', 'expiresAt', 'reason'],
}

/** Every name that a column may have, or be given. */
export const fieldNames: ReadonlySet<string> = new Set([
  'type',
  ...identityFields,
  ...Object.values(fieldsOf).flat(),
])

const NEW_MEMBER =
  'A member needs an externalId, an email or a phone, and gets memberId and cardNumber here.'

/** Understands one record, or says which of its fields is wrong. */
export function readRow(record: Fields, reading: Reading): Result<Row> {
  const { options, program } = reading
  const { type: given = options.type, ...fields } = renamed(record, options)
  const type = types.find((each) => each === given)
  if (type === undefined) {
    return fail('validation_failed', `A row needs a type: ${types.join(', ')}.`)
  }
  const checked = check(identity, only(fields, identityFields))
  const whose = checked.ok ? readPhoneOf(checked.value, program.country) : checked
  if (!whose.ok) {
    return whose
  }
  const kind = identityFields.find((field) => whose.value[field] !== undefined)
  if (kind === undefined) {
    return fail('validation_failed', `Say whose it is: ${identityFields.join(', ')}.`)
  }
  const { memberId, cardNumber, ...contacts } = whose.value
  const isMember = memberId !== undefined || cardNumber !== undefined
  if (type === 'member' && (isMember || Object.keys(contacts).length === 0)) {
    return fail('validation_failed', NEW_MEMBER)
  }
  const enrols = type === 'member' || (options.enrol && !isMember)
  const own = ownOf(type, fields, reading)
  const about = { ...(type === 'member' ? own : only(fields, fieldsOf.member)), ...contacts }
  const person = enrols ? check(rows.member, about) : ok(null)
  const command = type === 'member' ? ok(null) : commandOf(type, own, reading)
  if (!person.ok || !command.ok) {
    return person.ok ? (command as Result<never>) : person
  }
  const who = { kind, value: whose.value[kind]! }
  return ok({
    type,
    who,
    at: momentOf(command.value),
    person: person.value,
    command: command.value,
  })
}

/** The fields of a record by our names; a column that was given one loses its own. */
function renamed(fields: Fields, { column }: Options): Fields {
  const used = new Set(Object.values(column))
  const own = Object.entries(fields).filter(([name]) => !used.has(name))
  const given = Object.entries(column).map(([field, name]) => [field, fields[name]] as const)
  return Object.fromEntries([...own, ...given.filter(([, value]) => value !== undefined)])
}

const only = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))

/** What a row says beside whose it is. A field of NDJSON that is not known is left for the schema to refuse. */
function ownOf(type: RowType, fields: Fields, { options, format }: Reading): Fields {
  if (format === 'csv') {
    return only(fields, fieldsOf[type])
  }
  const ofPerson = options.enrol && type !== 'member' ? personal : []
  const others: readonly string[] = [...identityFields, ...ofPerson]
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !others.includes(name)))
}

function commandOf(
  type: Exclude<RowType, 'member'>,
  fields: Fields,
  { options, program, name }: Reading,
): Result<Command> {
  const { currency = program.currency } = fields
  const values = readValues(fields, { ...options, currency, timeZone: program.timeZone })
  if (type === 'purchase') {
    const checked = check(rows.purchase, { orderId: name, ...values, currency })
    const request = explainAmounts(checked, options)
    return request.ok ? ok({ type, request: request.value }) : request
  }
  if (type === 'refund') {
    // By what the amounts were read, or what is said, is the order's to be.
    const isRead = options.amounts === 'major' && JSON.stringify(fields).includes('"amount":')
    const told = isRead && { currency }
    const checked = check(rows.refund, { refundId: name, ...values, ...told })
    const request = explainAmounts(checked, options)
    return request.ok ? ok({ type, request: request.value }) : request
  }
  const request = check(rows.balance, values)
  return request.ok
    ? ok({ type: 'adjust', request: { ...request.value, allowDebt: false } })
    : request
}

const momentOf = (command: Command | null): number =>
  command !== null && 'request' in command && 'occurredAt' in command.request
    ? (command.request.occurredAt ?? LAST)
    : LAST
