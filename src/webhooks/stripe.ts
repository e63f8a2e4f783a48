import * as z from 'zod/mini'
import { text } from '../http/scalars'
import { orderId } from '../ledger/schema'
import { exponent, isCurrency } from '../program/money'
import { fail, ok, type Result } from '../result'
import type { About, Delivery, Fact, Payer, Provider, ProviderEvent } from './provider'

// https://docs.stripe.com/webhooks/signature and the event objects of https://docs.stripe.com/api.

/** How old a signature may be. One from the future passes, as in Stripe's own libraries. */
const TOLERANCE_SECONDS = 300

const refused = (detail: string) => fail('unauthorized', detail)

/** Checks `Stripe-Signature: t=…,v1=…`: HMAC-SHA256 over the time, a dot and the raw body; any v1 by any secret will do. */
async function verify(
  { headers, body }: Delivery,
  secrets: readonly string[],
  now: number,
): Promise<Result<null>> {
  const header = headers.get('Stripe-Signature')
  if (header === null) {
    return refused('The Stripe-Signature is missing.')
  }
  const parts = header.split(',').map((part) => part.trim().split('=', 2) as [string, string?])
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  const signatures = parts.flatMap(([name, value]) => (name === 'v1' && value ? [value] : []))
  if (!/^\d{1,12}$/.test(time) || signatures.length === 0) {
    return refused('The Stripe-Signature has no time or no v1.')
  }
  const signed = Buffer.concat([Buffer.from(`${time}.`), body])
  const expected = await Promise.all(secrets.map((secret) => hmac(secret, signed)))
  if (!expected.some((each) => signatures.some((given) => isSame(each, given)))) {
    return refused('The signature is not by a secret of this endpoint.')
  }
  return Math.floor(now / 1000) - Number(time) > TOLERANCE_SECONDS
    ? refused('The signature is too old.')
    : ok(null)
}

/** Hex HMAC-SHA256; the key is the whole secret as text, its prefix included. */
async function hmac(secret: string, data: Uint8Array): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const bytes = new TextEncoder().encode(secret)
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
  return Buffer.from(await crypto.subtle.sign('HMAC', key, data)).toString('hex')
}

/** A header may hold anything: only what is as long in bytes can be compared in constant time. */
function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && crypto.subtle.timingSafeEqual(a, b)
}

const word = z.nullish(z.string())
const referenceTo = (id: z.ZodMiniType<string>) => z.nullish(z.union([id, z.object({ id })]))
// What becomes a key here: characters that are not printed have no place in it.
const key = z.string().check(z.regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u))
const reference = referenceTo(key)
const amount = z.int().check(z.minimum(0))

/** Of the many fields of a payment intent, charge, refund or dispute, those that are looked at. */
const subject = z.object({
  // The oldest disputes have none.
  id: z.optional(key),
  amount,
  amount_received: z.optional(amount),
  amount_captured: z.optional(amount),
  amount_refunded: z.optional(amount),
  captured: z.optional(z.boolean()),
  currency: z.string(),
  created: z.int(),
  payment_intent: reference,
  charge: reference,
  latest_charge: reference,
  customer: referenceTo(z.string()),
  receipt_email: word,
  billing_details: z.nullish(z.object({ email: word, phone: word })),
  metadata: z.nullish(z.record(z.string(), z.string())),
  status: word,
})
type Subject = z.infer<typeof subject>

const envelope = z.object({
  id: text(255),
  type: text(255),
  livemode: z.boolean(),
  created: z.int(),
  data: z.object({ object: z.unknown() }),
})

function read(event: unknown): Result<ProviderEvent> {
  const parsed = envelope.safeParse(event)
  if (!parsed.success) {
    return fail('validation_failed', 'This is no event of Stripe.')
  }
  const { id, type, livemode: isLive, created, data } = parsed.data
  return ok({ id, type, isLive, about: aboutOf(type, data.object, created * 1000) })
}

/** What an event of that type says of its object at a time. */
function aboutOf(type: string, object: unknown, at: number): Result<About> {
  const tell = Object.hasOwn(facts, type) ? facts[type] : undefined
  if (tell === undefined) {
    return ok({ paymentIds: [], facts: [] })
  }
  const parsed = subject.safeParse(object)
  if (!parsed.success) {
    return fail('validation_failed', `What ${type} is about cannot be read.`)
  }
  const code = parsed.data.currency.toUpperCase()
  return isCurrency(code)
    ? ok({ paymentIds: idsOf(type, parsed.data), facts: tell(parsed.data, at) })
    : fail('validation_failed', `${code} is no currency.`)
}

const paid = (object: Subject, taken: number): Fact[] => [
  {
    kind: 'paid',
    ...inIso(taken, object.currency),
    orderId: orderIn(object),
    payer: payerOf(object),
    at: object.created * 1000,
  },
]

/** A charge that is only authorised takes nothing yet. */
const charged = (object: Subject): Fact[] =>
  object.captured === false ? [] : paid(object, object.amount_captured ?? object.amount)

/** What was never captured is told as refunded too, and never was the shop's. */
function refunded({ amount, amount_captured, amount_refunded = 0, currency }: Subject, at: number) {
  // More than was authorised may be captured.
  const uncaptured = Math.max(0, amount - (amount_captured ?? amount))
  const back = Math.max(0, amount_refunded - uncaptured)
  return [{ kind: 'refunded' as const, ...inIso(back, currency), at }]
}

const refundFailed = ({ id = '', amount, currency, status }: Subject, at: number): Fact[] =>
  status === 'failed' || status === 'canceled'
    ? [{ kind: 'refundFailed', refundId: id, ...inIso(amount, currency), at }]
    : []

const disputed = ({ id = '', amount, currency, status }: Subject, at: number): Fact[] => [
  {
    kind: 'disputed',
    disputeId: id,
    ...inIso(amount, currency),
    isOpen: status !== 'won' && status !== 'warning_closed',
    at,
  },
]

/** What each type of event says of its object, `at` its time. Other types say nothing here. */
const facts: Record<string, (object: Subject, at: number) => Fact[]> = {
  'payment_intent.succeeded': (object) => paid(object, object.amount_received ?? object.amount),
  'charge.succeeded': charged,
  'charge.captured': charged,
  'charge.refunded': refunded,
  'charge.refund.updated': refundFailed,
  'refund.updated': refundFailed,
  'refund.failed': refundFailed,
  'charge.dispute.created': disputed,
  'charge.dispute.updated': disputed,
  'charge.dispute.closed': disputed,
  'charge.dispute.funds_withdrawn': disputed,
  'charge.dispute.funds_reinstated': (object, at) => disputed({ ...object, status: 'won' }, at),
}

/** By what a payment goes: the intent where there is one, and its charge. */
function idsOf(type: string, object: Subject): string[] {
  const { id = null, payment_intent, charge, latest_charge } = object
  if (type.startsWith('payment_intent.')) {
    return present([id, idOf(latest_charge)])
  }
  const isCharge = /^charge\.(succeeded|captured|refunded)$/.test(type)
  return present([idOf(payment_intent), isCharge ? id : idOf(charge)])
}

const present = (ids: (string | null)[]): string[] => ids.filter((id) => id !== null)

const idOf = (each: z.infer<typeof reference>): string | null =>
  typeof each === 'object' ? (each?.id ?? null) : (each ?? null)

/** The order that the shop named, where the API would take it. */
const orderIn = ({ metadata }: Subject): string | null =>
  orderId.safeParse(metadata?.orderId).data ?? null

function payerOf({ metadata, customer, receipt_email, billing_details }: Subject): Payer {
  return {
    memberId: metadata?.memberId ?? null,
    customerId: idOf(customer),
    email: receipt_email ?? billing_details?.email ?? null,
    phone: billing_details?.phone ?? null,
  }
}

/** Digits after the point where Stripe counts otherwise than ISO 4217 (https://docs.stripe.com/currencies). */
const digits: Record<string, number> = { ISK: 2, MGA: 0, CLF: 2, UYW: 2 }

/** Minor units as Stripe counts them, as ISO 4217 does; what is less than one is dropped. */
function inIso(amount: number, currency: string): { amount: number; currency: string } {
  const code = currency.toUpperCase()
  const iso = exponent(code)
  const own = digits[code] ?? iso
  const units = own > iso ? Math.floor(amount / 10 ** (own - iso)) : amount * 10 ** (iso - own)
  return { amount: units, currency: code }
}

/** Stripe: webhooks of payments, refunds and disputes. */
export const stripe: Provider = { verify, read }
