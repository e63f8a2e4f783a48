import type { Context } from 'hono'
import { stream } from 'hono/streaming'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { problem } from '../http/problem'
import { ask } from '../ledger/client'
import { gone } from '../ledger/call'
import { indexContacts } from '../members/contact'
import { findMember } from '../members/store'
import { viewOf } from '../members/view'
import { messagesTo } from '../messages/client'
import { instantText } from '../program/calendar'
import { jsonOf } from '../statement/json'
import { htmlOf } from '../statement/page'
import { entriesOf, formOf } from '../statement/routes'
import { wordsOf } from './words'

/** Answers everything that is known of a member: as JSON, or as a page to read. What it gives is what erasure removes. */
export async function exportOf(c: Context<Api>, memberId: string): Promise<Response> {
  const program = c.get('program')
  const { id: programId, name } = program
  const query = { type: 'coupons', before: Infinity, limit: Infinity } as const
  const [row, statement, coupons, sessions, card] = await Promise.all([
    findMember(database(c.env, { programId, memberId }), programId, memberId),
    ask(c.env, program, memberId, { type: 'statement' }),
    ask(c.env, program, memberId, query),
    ask(c.env, program, memberId, { type: 'sessions' }),
    ask(c.env, program, memberId, { type: 'card' }),
  ])
  if (!row?.wrappedKey || !statement.ok || !coupons.ok || !sessions.ok || !card.ok) {
    return problem(c, statement.ok ? gone : statement.failure)
  }
  const profile = await viewOf(c.env, row)
  const contacts = await indexContacts(c.env.PROFILE_KEY, programId, profile)
  const about = {
    format: 'punchcard-export-1',
    exportedAt: instantText(Date.now()),
    program: { id: programId, name },
    profile,
    tier: card.value.tier,
    isFrozen: card.value.isFrozen,
    sessions: sessions.value,
    coupons: coupons.value,
    messages: await messagesTo(c.env, programId, contacts),
  }
  const { isPage, language } = formOf(c)
  const entries = entriesOf(c, memberId, statement.value)
  const parts = isPage
    ? htmlOf(statement.value, entries, language, wordsOf(about, language))
    : wrapped(about, jsonOf(statement.value, entries))
  c.header('Content-Type', isPage ? 'text/html; charset=UTF-8' : 'application/json')
  const file = `punchcard-${memberId}.${isPage ? 'html' : 'json'}`
  c.header('Content-Disposition', `${isPage ? 'inline' : 'attachment'}; filename="${file}"`)
  return stream(c, async (out) => {
    for await (const part of parts) {
      await out.write(part)
    }
  })
}

/** JSON with a statement as its last field. */
async function* wrapped(about: object, statement: AsyncIterable<string>): AsyncGenerator<string> {
  yield `${JSON.stringify(about).slice(0, -1)},"statement":`
  yield* statement
  yield '}\n'
}
