import type { Context, MiddlewareHandler } from 'hono'
import { Hono } from 'hono/tiny'
import { accepts } from 'hono/accepts'
import { etag } from 'hono/etag'
import { cardEnd, cardToken, REFRESH_SECONDS } from '../cards/card'
import { cardSvg } from '../cards/svg'
import { actorOf, type Api } from '../http/context'
import { idempotencyKey } from '../http/idempotency'
import { localeFor } from '../http/language'
import { pageOf, readBefore } from '../http/page'
import { problem } from '../http/problem'
import { page } from '../http/scalars'
import { body, params, query } from '../http/validate'
import { ask, changeSessions } from '../ledger/client'
import type { Answered, Answers, Query } from '../ledger/query'
import { run } from '../ledger/routes'
import { activity, entryParam } from '../ledger/schema'
import { forget } from '../members/erasure'
import { changeMember, showMember } from '../members/routes'
import { ownChanges } from '../members/schema'
import { instantText } from '../program/calendar'
import { tierName, benefitsOf } from '../program/locale'
import { namedCard, namedCoupon, namedReward, namedTier } from '../rewards/view'
import { ownRedemption, signOut } from './schema'

/** `/me`: what a member sees and does. Every call reaches the member's object, which knows whether the session still is. */
export const me = new Hono<Api>()

const tagged = etag()

/** What is shown may be kept where it is shown, and is asked for again each time. */
const shown: MiddlewareHandler<Api> = (c, next) => {
  c.header('Cache-Control', 'private, no-cache')
  c.header('Vary', 'Authorization, Accept-Language', { append: true })
  return tagged(c, next)
}

me.get('/', shown, async (c) => (await signedIn(c)) ?? showMember(c, idOf(c)))

me.patch('/', body(ownChanges), async (c) => {
  return (await signedIn(c)) ?? changeMember(c, idOf(c), c.req.valid('json'))
})

me.get('/card', async (c) => {
  const program = c.get('program')
  const memberId = idOf(c)
  const card = await own(c, { type: 'card' })
  if (!card.ok) {
    return problem(c, card.failure)
  }
  const locale = localeFor(c, card.locale)
  const named = namedCard(program, card.value, locale)
  const now = Date.now()
  const { epoch } = c.get('caller').member!.session
  const token = await cardToken(c.env, { programId: program.id, memberId, epoch, now })
  const { name, benefits } = named.tier
  const svg = cardSvg(token, `${program.name} · ${name}`, benefits.join(' · '))
  const supports = ['application/json', 'image/svg+xml']
  if (accepts(c, { header: 'Accept', supports, default: supports[0]! }) === 'image/svg+xml') {
    return c.body(svg, 200, { 'Content-Type': 'image/svg+xml' })
  }
  const expiresAt = instantText(cardEnd(now))
  return c.json({ memberId, token, expiresAt, refreshInSeconds: REFRESH_SECONDS, svg, ...named })
})

me.get('/balance', shown, async (c) => {
  const answer = await own(c, { type: 'lapsing' })
  if (!answer.ok) {
    return problem(c, answer.failure)
  }
  const { tier, ...rest } = answer.value
  return c.json({ ...rest, tier: namedTier(c.get('program'), tier, localeFor(c, answer.locale)) })
})

me.get('/tier', shown, async (c) => {
  const answer = await own(c, { type: 'tier' })
  if (!answer.ok) {
    return problem(c, answer.failure)
  }
  const program = c.get('program')
  const locale = localeFor(c, answer.locale)
  const levels = program.tiers.levels.map(({ id, from, factor }) => ({
    id,
    name: tierName(program, id, locale),
    from,
    factor,
    benefits: benefitsOf(program, id, locale),
  }))
  return c.json({ ...namedTier(program, answer.value, locale), levels })
})

me.get('/entries', shown, query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const before = readBefore(cursor)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const answer = await own(c, { type: 'entries', before: before.value, limit: limit + 1 })
  return answer.ok
    ? c.json(pageOf(answer.value, limit, (entry) => entry.seq))
    : problem(c, answer.failure)
})

me.get('/entries/:seq', shown, params(entryParam), async (c) => {
  const answer = await own(c, { type: 'entry', seq: c.req.valid('param').seq })
  return answer.ok ? c.json(answer.value) : problem(c, answer.failure)
})

me.get('/rewards', shown, async (c) => {
  const card = await own(c, { type: 'card' })
  if (!card.ok) {
    return problem(c, card.failure)
  }
  const locale = localeFor(c, card.locale)
  const { rewards } = card.value
  return c.json({ data: rewards.map((offer) => namedReward(c.get('program'), offer, locale)) })
})

me.post('/redemptions', idempotencyKey(), body(ownRedemption), (c) =>
  run(c, { type: 'redeem', request: c.req.valid('json') }, idOf(c)),
)

me.get('/coupons', shown, query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const before = readBefore(cursor)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const answer = await own(c, { type: 'coupons', before: before.value, limit: limit + 1 })
  if (!answer.ok) {
    return problem(c, answer.failure)
  }
  const { data, nextCursor } = pageOf(answer.value, limit, (coupon) => coupon.redemptionId)
  const locale = localeFor(c, answer.locale)
  const coupons = data.map((coupon) => namedCoupon(c.get('program'), coupon, locale))
  return c.json({ data: coupons, nextCursor })
})

me.post('/activities', idempotencyKey(), body(activity), (c) => {
  const request = c.req.valid('json')
  const { activities } = c.get('program')
  const isOwn = Object.hasOwn(activities, request.type) && activities[request.type]!.selfReported
  return isOwn
    ? run(c, { type: 'activity', request }, idOf(c))
    : problem(c, {
        code: 'forbidden',
        detail: `Members do not report a ${request.type} themselves.`,
      })
})

me.post('/sign-out', body(signOut), async (c) => {
  const { id, session } = c.get('caller').member!
  const { everywhere } = c.req.valid('json')
  const request = everywhere
    ? ({ type: 'closeAll' } as const)
    : ({ type: 'close', id: session.id } as const)
  const answer = await changeSessions(c.env, c.get('program'), id, request, session)
  return answer.ok ? c.body(null, 204) : problem(c, answer.failure)
})

me.delete('/', async (c) => {
  const refused = await signedIn(c)
  if (refused) {
    return refused
  }
  const erased = await forget(c.env, c.get('program'), idOf(c), actorOf(c))
  return erased.ok ? c.body(null, 204) : problem(c, erased.failure)
})

const idOf = (c: Context<Api>): string => c.get('caller').member!.id

/** Asks the ledger of the member who calls. */
const own = <T extends Query['type']>(
  c: Context<Api>,
  query: Extract<Query, { type: T }>,
): Promise<Answered<Answers[T]>> => {
  const { id, session } = c.get('caller').member!
  return ask<T>(c.env, c.get('program'), id, query, session)
}

/** Refuses who was signed out, where no other question to the ledger would. */
async function signedIn(c: Context<Api>): Promise<Response | null> {
  const session = await own(c, { type: 'session' })
  return session.ok ? null : problem(c, session.failure)
}
