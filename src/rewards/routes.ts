import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { Api } from '../http/context'
import { fingerprint, idempotencyKey } from '../http/idempotency'
import { localeFor } from '../http/language'
import { problem } from '../http/problem'
import { body } from '../http/validate'
import { ask } from '../ledger/client'
import { readCode } from '../ledger/coupon-code'
import type { Command } from '../ledger/decide'
import { run } from '../ledger/routes'
import type { Proof } from '../ledger/coupon'
import type { Failure } from '../result'
import { couponUse, couponVoid } from './schema'
import { namedCoupon } from './view'

const unknown: Failure = { code: 'not_found', detail: 'There is no such coupon.' }

/** `/v1/coupons`: what members hold, by the codes that they show. */
export const coupons = new Hono<Api>()

coupons.get('/:code', async (c) => {
  const code = readCode(c.req.param('code'))
  if (code === null) {
    return problem(c, unknown)
  }
  const { memberId, seq, secret } = code
  const program = c.get('program')
  const coupon = await ask(c.env, program, memberId, { type: 'coupon', seq, secret })
  if (!coupon.ok) {
    return problem(c, coupon.failure.code === 'not_found' ? unknown : coupon.failure)
  }
  return c.json({ memberId, ...namedCoupon(program, coupon.value, localeFor(c, coupon.locale)) })
})

coupons.post('/:code/use', idempotencyKey(), body(couponUse), (c) =>
  withCode(c, (proof) => ({ type: 'useCoupon', ...proof, ...c.req.valid('json') })),
)

coupons.post('/:code/void', idempotencyKey(), body(couponVoid), (c) =>
  withCode(c, (proof) => ({ type: 'voidCoupon', ...proof, ...c.req.valid('json') })),
)

/** Runs a command about the coupon of the path. Whose a wrong code might be is nobody's business. */
async function withCode(c: Context<Api>, command: (proof: Proof) => Command): Promise<Response> {
  const code = readCode(c.req.param('code')!)
  if (code === null) {
    return problem(c, unknown)
  }
  const { memberId, seq, secret } = code
  const asked = command({ seq, secret })
  // However the code was typed, it is one request.
  const print = fingerprint(c.req.method, asked.type, asked)
  const answer = await run(c, asked, memberId, print)
  return answer.status === 404 ? problem(c, unknown) : answer
}
