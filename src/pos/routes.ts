import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { idempotencyKey } from '../http/idempotency'
import { localeFor } from '../http/language'
import { problem } from '../http/problem'
import { body } from '../http/validate'
import { ask } from '../ledger/client'
import { readCode } from '../ledger/coupon-code'
import { type Command, unbookable } from '../ledger/decide'
import { send } from '../ledger/routes'
import type { Payment } from '../ledger/sale'
import type { Purchase } from '../ledger/schema'
import { enrolOne } from '../members/enrolment'
import { originOf } from '../http/context'
import { localeIn } from '../program/locale'
import { nowIn } from '../program/program'
import { findPurchases } from '../projection/store'
import { fail, ok, type Failure, type Refusal, type Result } from '../result'
import { namedCard, namedCoupon, namedReceipt, namedReward } from '../rewards/view'
import { findWho, type Found } from './who'
import { printOf } from './print'
import { cardShown, type PaymentRequest, posSale, posVoid } from './schema'

const nobody: Failure = { code: 'not_found', detail: 'No member has this.' }

/** `/v1/pos`: what a till does, each in one call. */
export const pos = new Hono<Api>()

pos.post('/cards', body(cardShown), async (c) => {
  const program = c.get('program')
  const found = await findWho(c.env, program, c.req.valid('json'))
  if (!found.ok || found.value.memberId === null) {
    return problem(c, found.ok ? nobody : found.failure)
  }
  const { memberId, shown } = found.value
  const card = await ask(c.env, program, memberId, { type: 'card', shown })
  if (!card.ok) {
    return problem(c, card.failure)
  }
  const locale = localeFor(c, card.locale)
  return c.json({
    memberId,
    ...namedCard(program, card.value, locale),
    rewards: card.value.rewards.map((offer) => namedReward(program, offer, locale)),
    coupons: card.value.coupons.map((coupon) => namedCoupon(program, coupon, locale)),
  })
})

pos.post('/sales', idempotencyKey(), body(posSale), async (c) => {
  const { sale, redeem, enrolIfNew, locale, ...who } = c.req.valid('json')
  const program = c.get('program')
  const found = await findWho(c.env, program, who)
  if (!found.ok) {
    return problem(c, found.failure)
  }
  const request = { ...sale, channel: 'pos' as const }
  const { shown, phone } = found.value
  const member =
    found.value.memberId === null && enrolIfNew && phone
      ? await enrolFor(c, request, { phone, locale, redeem })
      : idOf(found.value)
  if (!member.ok) {
    return problem(c, within(member))
  }
  const payment = paymentOf(redeem, member.value)
  if (!payment.ok) {
    return problem(c, payment.failure)
  }
  const command = { type: 'sale', request, payment: payment.value, card: shown } as const
  return print(c, member.value, command, locale)
})

pos.post('/voids', idempotencyKey(), body(posVoid), async (c) => {
  const { orderId, memberId, locale, ...till } = c.req.valid('json')
  const programId = c.get('program').id
  const known =
    memberId === undefined
      ? await findPurchases(database(c.env, { programId }), programId, orderId)
      : [{ memberId }]
  if (known.length !== 1) {
    const detail = 'The order of the last seconds, or of several members: say whose by memberId.'
    return problem(c, { code: 'not_found', detail })
  }
  return print(c, known[0]!.memberId, { type: 'voidSale', orderId, till }, locale)
})

const idOf = ({ memberId }: Found): Result<string> =>
  memberId === null ? { ok: false, failure: nobody } : ok(memberId)

/** Enrols who stands at the till, unless the sale would be refused: a bad request changes nothing. */
async function enrolFor(
  c: Context<Api>,
  request: Purchase,
  { phone, locale, redeem }: { phone: string; locale?: string | undefined; redeem: unknown },
): Promise<Result<string>> {
  const program = c.get('program')
  const booked = unbookable(request, program, nowIn(program))
  if (!booked.ok) {
    return booked
  }
  if (redeem !== undefined) {
    return fail('insufficient_points', 'A new member has nothing to pay with.')
  }
  const enrolled = await enrolOne(c.env, program, {
    identity: { phone },
    locale,
    source: 'pos',
    key: c.get('idempotencyKey'),
    origin: originOf(c),
  })
  return enrolled.ok ? ok(enrolled.value.memberId) : enrolled
}

/** A refusal of a sale as the whole request has it: its fields are one level down. */
const within = ({ failure }: Refusal): Failure => ({
  ...failure,
  ...(failure.errors && {
    errors: failure.errors.map(({ pointer, detail }) => ({
      pointer: FIELD.test(pointer) ? pointer : pointer.replace('#', '#/sale'),
      detail,
    })),
  }),
})

/** What is not of the sale itself. */
const FIELD = /^#\/(card|phone|memberId|redeem|sale)/

/** Has a sale booked or undone, and answers the receipt with what is to be printed. */
async function print(
  c: Context<Api>,
  memberId: string,
  command: Command,
  wanted: string | undefined,
): Promise<Response> {
  const program = c.get('program')
  const { result, locale: spoken } = await send(c, command, memberId)
  if (!result.ok) {
    return problem(c, command.type === 'sale' ? within(result) : result.failure)
  }
  const receipt = result.value
  const locale = wanted ? localeIn(program, [wanted, spoken]) : localeIn(program, [spoken])
  return c.json(
    {
      memberId,
      ...namedReceipt(program, receipt, locale),
      print: printOf(program, receipt, locale),
    },
    201,
  )
}

/** What pays, as the ledger is asked for it: a coupon opens at the member alone who got it. */
function paymentOf(
  redeem: PaymentRequest | undefined,
  memberId: string,
): Result<Payment | undefined> {
  if (redeem === undefined || !('coupon' in redeem)) {
    return ok(redeem)
  }
  const code = readCode(redeem.coupon)
  if (code === null || code.memberId !== memberId) {
    const detail = 'This member has no such coupon.'
    return fail('not_found', detail, [{ pointer: '#/redeem/coupon', detail }])
  }
  return ok({ seq: code.seq, secret: code.secret })
}
