import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { localeFor } from '../http/language'
import { problem } from '../http/problem'
import { ask } from '../ledger/client'
import { gone } from '../ledger/call'
import { indexContacts } from '../members/contact'
import { findMember } from '../members/store'
import { viewOf } from '../members/view'
import { messagesTo } from '../messages/outbox'
import { instantText } from '../program/calendar'
import { namedCoupon, namedTier } from '../rewards/view'
import { jsonOf } from '../statement/json'
import { htmlOf } from '../statement/page'
import { entriesOf, streamed, wantsPage } from '../statement/routes'
import { languageOf } from '../statement/words'
import { paymentsOf } from '../webhooks/client'
import { wordsOf } from './words'

/** `/me/export`: everything that is known of a member, as JSON or as a page to read. What it gives is what erasure removes. */
export const memberExport = new Hono<Api>()

memberExport.get('/', async (c) => {
  const program = c.get('program')
  const { id: programId, name } = program
  const { id: memberId, session } = c.get('caller').member!
  const query = { type: 'coupons', before: Infinity, limit: Infinity } as const
  const [row, statement, coupons, sessions, card] = await Promise.all([
    findMember(database(c.env, { programId, memberId }), programId, memberId),
    ask(c.env, program, memberId, { type: 'statement' }, session),
    ask(c.env, program, memberId, query, session),
    ask(c.env, program, memberId, { type: 'sessions' }, session),
    ask(c.env, program, memberId, { type: 'card' }, session),
  ])
  if (!row?.wrappedKey || !statement.ok || !coupons.ok || !sessions.ok || !card.ok) {
    return problem(c, statement.ok ? gone : statement.failure)
  }
  const locale = localeFor(c, card.locale)
  const profile = await viewOf(c.env, row)
  const contacts = await indexContacts(c.env.PROFILE_KEY, programId, profile)
  const about = {
    format: 'punchcard-export-1',
    exportedAt: instantText(Date.now()),
    program: { id: programId, name },
    profile,
    tier: namedTier(program, card.value.tier, locale),
    isFrozen: card.value.isFrozen,
    sessions: sessions.value,
    coupons: coupons.value.map((coupon) => namedCoupon(program, coupon, locale)),
    messages: await messagesTo(c.env, programId, contacts),
    ...(await paymentsOf(c.env, programId, memberId)),
  }
  const isPage = wantsPage(c)
  const language = languageOf(locale)
  const entries = entriesOf(c, memberId, statement.value)
  const parts = isPage
    ? htmlOf(statement.value, entries, language, wordsOf(about, language))
    : wrapped(about, jsonOf(statement.value, entries))
  const file = `punchcard-${memberId}.${isPage ? 'html' : 'json'}`
  c.header('Content-Disposition', `${isPage ? 'inline' : 'attachment'}; filename="${file}"`)
  return streamed(c, isPage, parts)
})

/** JSON with a statement as its last field. */
async function* wrapped(about: object, statement: AsyncIterable<string>): AsyncGenerator<string> {
  yield `${JSON.stringify(about).slice(0, -1)},"statement":`
  yield* statement
  yield '}\n'
}
