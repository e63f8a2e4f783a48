import { Hono } from 'hono/tiny'
import * as z from 'zod/mini'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { fingerprint, idempotencyKey } from '../http/idempotency'
import { pageOf, readCursor } from '../http/page'
import { problem } from '../http/problem'
import { body, query } from '../http/validate'
import type { Origin } from '../ledger/address'
import { enrol } from '../ledger/client'
import type { Failure } from '../result'
import { indexContacts, readPhoneOf } from './contact'
import { findOrCreate } from './enrolment'
import { identityKinds } from './member'
import { columns, openVault } from './profile'
import { changes, enrolment, search } from './schema'
import * as store from './store'
import { clash, gone, viewOf } from './view'

const unknown: Failure = { code: 'not_found', detail: 'There is no such member.' }
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
    origin: c.req.raw.cf as Origin | undefined,
  })
  if (!enrolled.ok) {
    return problem(c, enrolled.failure)
  }
  const { memberId, reply, status, replayed } = enrolled.value
  // For a known member too: an earlier call may have ended between identity and ledger.
  await enrol(c.env, program, memberId)
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

members.get('/:id', async (c) => {
  const programId = c.get('program').id
  const memberId = c.req.param('id')
  const row = await store.findMember(database(c.env, { programId, memberId }), programId, memberId)
  if (!row?.wrappedKey) {
    return problem(c, row ? gone : unknown)
  }
  return c.json(await viewOf(c.env, row))
})

members.patch('/:id', body(changes), async (c) => {
  const { id: programId, country } = c.get('program')
  const memberId = c.req.param('id')
  const input = readPhoneOf(c.req.valid('json'), country)
  if (!input.ok) {
    return problem(c, input.failure)
  }
  const db = database(c.env, { programId, memberId })
  const row = await store.findMember(db, programId, memberId)
  if (!row?.wrappedKey) {
    return problem(c, row ? gone : unknown)
  }
  const vault = await openVault(c.env.PROFILE_KEY, { programId, memberId }, row.wrappedKey)
  const moved = identityKinds.filter((kind) => input.value[kind] !== undefined)
  const contacts = await indexContacts(c.env.PROFILE_KEY, programId, input.value)
  const set = await columns(vault, input.value)
  const updated = await store.updateMember(db, row, set, moved, contacts)
  if (updated === null) {
    const owners = await store.findOwners(db, programId, contacts)
    return problem(c, clash(owners.filter((owner) => owner.memberId !== memberId)))
  }
  return c.json(await viewOf(c.env, updated))
})
