import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import * as z from 'zod/mini'
import { database } from '../db/client'
import { actorOf, type Api, originOf } from '../http/context'
import { fingerprint, idempotencyKey } from '../http/idempotency'
import { pageOf, readCursor } from '../http/page'
import { problem } from '../http/problem'
import { body, query } from '../http/validate'
import { gone } from '../ledger/call'
import { enrol, setLocale } from '../ledger/client'
import { nothing } from '../ledger/schema'
import { type Failure, ok } from '../result'
import { indexContacts, readPhoneOf } from './contact'
import { findOwners } from './contact-store'
import { findOrCreate } from './enrolment'
import { forget } from './erasure'
import { identityKinds, newCardNumber } from './member'
import { columns, openVault } from './profile'
import { type Changes, changes, enrolment, replacement, search } from './schema'
import { startSession } from './session'
import * as store from './store'
import { clash, viewOf } from './view'

const unknown: Failure = { code: 'not_found', detail: 'There is no such member.' }
const otherCard: Failure = {
  code: 'precondition_failed',
  detail: 'The member has another card by now. Read it, then replace that.',
}
const listless: Failure = {
  code: 'forbidden',
  detail: 'This key may look up one member, not list all. Give an identity.',
}

/** `/v1/members`: who the members are. What they have is in their ledgers. */
export const members = new Hono<Api>()

members.post('/', idempotencyKey(), body(enrolment), async (c) => {
  const program = c.get('program')
  const input = readPhoneOf(c.req.valid('json'), program.country)
  if (!input.ok) {
    return problem(c, input.failure)
  }
  const enrolled = await findOrCreate(c.env, program, {
    input: input.value,
    idempotencyKey: c.get('idempotencyKey'),
    fingerprint: fingerprint(c.req.method, c.req.path, c.req.valid('json')),
    origin: originOf(c),
  })
  if (!enrolled.ok) {
    return problem(c, enrolled.failure)
  }
  const { memberId, reply, status, replayed } = enrolled.value
  // For a known member too: an earlier call may have ended between identity and ledger.
  await enrol(c.env, program, memberId, reply.locale)
  if (replayed) {
    c.header('Idempotent-Replayed', 'true')
  }
  return c.json(reply, status)
})

members.get('/', query(search), async (c) => {
  const { limit, cursor, ...wanted } = c.req.valid('query')
  const { id: programId, country } = c.get('program')
  const identity = readPhoneOf(wanted, country)
  if (!identity.ok) {
    return problem(c, identity.failure)
  }
  const [contact] = await indexContacts(c.env.PROFILE_KEY, programId, identity.value)
  if (contact !== undefined) {
    const db = database(c.env, { programId, contactHash: contact.hash })
    const row = await store.findByContact(db, programId, contact)
    return c.json({ data: row ? [await viewOf(c.env, row)] : [], nextCursor: null })
  }
  if (!c.get('caller').scopes.has('members:list')) {
    return problem(c, listless)
  }
  const after = readCursor(cursor, z.string(), '')
  if (!after.ok) {
    return problem(c, after.failure)
  }
  const db = database(c.env, { programId })
  const rows = await store.listMembers(db, programId, after.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.id)
  return c.json({ data: await Promise.all(data.map((row) => viewOf(c.env, row))), nextCursor })
})

members.get('/:id', (c) => showMember(c, c.req.param('id')))

members.patch('/:id', body(changes), (c) => changeMember(c, c.req.param('id'), c.req.valid('json')))

members.delete('/:id', async (c) => {
  const forgotten = await forget(c.env, c.get('program'), c.req.param('id'), actorOf(c))
  return forgotten.ok ? c.body(null, 204) : problem(c, forgotten.failure)
})

members.post('/:id/tokens', body(nothing), async (c) => {
  const tokens = await startSession(c.env, c.get('program'), c.req.param('id'))
  return tokens.ok ? c.json(tokens.value, 201) : problem(c, tokens.failure)
})

members.post('/:id/card', body(replacement), async (c) => {
  const found = await findOne(c, c.req.param('id'))
  if (!found.ok) {
    return problem(c, found.failure)
  }
  const { db, row } = found.value
  const { PROFILE_KEY: secret } = c.env
  const { cardNumber } = c.req.valid('json')
  const next = newCardNumber()
  const [before] = await indexContacts(secret, row.programId, { cardNumber })
  const [after] = await indexContacts(secret, row.programId, { cardNumber: next })
  const index = { before: before!, after: after! }
  const replaced = await store.replaceCard(db, { ...row, cardNumber }, next, index)
  return replaced ? c.json(await viewOf(c.env, replaced)) : problem(c, otherCard)
})

/** A member's row, unless nobody has the id or the member was erased. */
async function findOne(c: Context<Api>, memberId: string) {
  const programId = c.get('program').id
  const db = database(c.env, { programId, memberId })
  const row = await store.findMember(db, programId, memberId)
  const failure = row ? gone : unknown
  return row?.wrappedKey ? ok({ db, row }) : { ok: false as const, failure }
}

/** Answers who a member is. */
export async function showMember(c: Context<Api>, memberId: string): Promise<Response> {
  const found = await findOne(c, memberId)
  return found.ok ? c.json(await viewOf(c.env, found.value.row)) : problem(c, found.failure)
}

/** Changes who a member is, and answers that. */
export async function changeMember(
  c: Context<Api>,
  memberId: string,
  asked: Changes,
): Promise<Response> {
  const { id: programId, country } = c.get('program')
  const input = readPhoneOf(asked, country)
  if (!input.ok) {
    return problem(c, input.failure)
  }
  const found = await findOne(c, memberId)
  if (!found.ok) {
    return problem(c, found.failure)
  }
  const { db, row } = found.value
  const vault = await openVault(c.env.PROFILE_KEY, { programId, memberId }, row.wrappedKey!)
  const moved = identityKinds.filter((kind) => input.value[kind] !== undefined)
  const contacts = await indexContacts(c.env.PROFILE_KEY, programId, input.value)
  const set = await columns(vault, input.value)
  const updated = await store.updateMember(db, row, set, moved, contacts)
  if (updated === null) {
    const owners = await findOwners(db, programId, contacts)
    const others = owners.filter((owner) => owner.memberId !== memberId)
    return problem(c, others.length > 0 ? clash(others) : gone)
  }
  if (input.value.locale !== undefined) {
    await setLocale(c.env, programId, memberId, updated.locale)
  }
  return c.json(await viewOf(c.env, updated))
}
