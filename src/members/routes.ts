import { Hono, type Context } from 'hono'
import * as z from 'zod'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { fingerprint, idempotencyKey } from '../http/idempotency'
import { pageOf, readCursor } from '../http/page'
import { problem } from '../http/problem'
import { body, query } from '../http/validate'
import { newMemberId, regionNear, type Origin } from '../ledger/address'
import { enrol } from '../ledger/client'
import { instantText } from '../program/calendar'
import { nowIn } from '../program/program'
import { ok, type Failure, type Result } from '../result'
import { indexContacts, indexHash, readPhoneOf, type Contact } from './contact'
import { identityKinds, matchOwners, newCardNumber } from './member'
import { columns, createVault, openProfile, openVault } from './profile'
import { changes, enrolment, search, type Enrolment } from './schema'
import * as store from './store'

const ATTEMPTS = 5

const unknown: Failure = { code: 'not_found', detail: 'There is no such member.' }
const gone: Failure = { code: 'member_gone', detail: 'The member was erased.' }
const busy: Failure = { code: 'unavailable', detail: 'Too many at once. Send it again.' }
const reused: Failure = {
  code: 'idempotency_key_reused',
  detail: 'This Idempotency-Key came with another enrolment.',
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
  const request = fingerprint(c.req.method, c.req.path, c.req.valid('json'))
  const enrolled = await findOrCreate(c, input.value, request)
  if (!enrolled.ok) {
    return problem(c, enrolled.failure)
  }
  const { row, status, replayed } = enrolled.value
  // For a known member too: an earlier call may have ended between identity and ledger.
  await enrol(c.env, program, row.id)
  if (replayed) {
    c.header('Idempotent-Replayed', 'true')
  }
  return c.json(await view(c.env, row), status)
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
    return c.json({ data: row ? [await view(c.env, row)] : [], nextCursor: null })
  }
  if (!c.get('caller').scopes.has('members:list')) {
    return problem(c, listless)
  }
  const after = cursor === undefined ? ok('') : readCursor(cursor, z.string())
  if (!after.ok) {
    return problem(c, after.failure)
  }
  const db = database(c.env, { programId })
  const rows = await store.listMembers(db, programId, after.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.id)
  return c.json({ data: await Promise.all(data.map((row) => view(c.env, row))), nextCursor })
})

members.get('/:id', async (c) => {
  const programId = c.get('program').id
  const memberId = c.req.param('id')
  const row = await store.findMember(database(c.env, { programId, memberId }), programId, memberId)
  if (!row?.wrappedKey) {
    return problem(c, row ? gone : unknown)
  }
  return c.json(await view(c.env, row))
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
  return c.json(await view(c.env, updated))
})

interface Enrolled {
  row: store.MemberRow
  status: 200 | 201
  replayed: boolean
}

/** One member for one key and one identity, however many calls race: D1's unique keys let one batch win. */
async function findOrCreate(
  c: Context<Api>,
  input: Enrolment,
  request: string,
): Promise<Result<Enrolled>> {
  const programId = c.get('program').id
  const contacts = await indexContacts(c.env.PROFILE_KEY, programId, input)
  const db = database(c.env, { programId, contactHash: contacts[0]?.hash })
  // Both may hold personal data, and a bare digest of so little could be guessed.
  const key = await indexHash(c.env.PROFILE_KEY, programId, 'enrolment', c.get('idempotencyKey'))
  const print = await indexHash(c.env.PROFILE_KEY, programId, 'request', request)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { before, owners } = await store.findBefore(db, programId, key, contacts)
    if (before !== undefined) {
      return before.fingerprint === print
        ? ok({ row: before.member, status: before.status, replayed: true })
        : { ok: false, failure: reused }
    }
    const match = matchOwners(contacts.length, owners)
    if (match.kind === 'clash') {
      return { ok: false, failure: clash(owners) }
    }
    const enrolment = { programId, key, fingerprint: print }
    const row =
      match.kind === 'member'
        ? await store.insertEnrolment(db, { ...enrolment, memberId: match.memberId, status: 200 })
        : await create(c, input, contacts, enrolment)
    if (row !== null) {
      return ok({ row, status: match.kind === 'member' ? 200 : 201, replayed: false })
    }
  }
  return { ok: false, failure: busy }
}

/** A new member; null when another call took the key, an identity or the card number first. */
async function create(
  c: Context<Api>,
  input: Enrolment,
  contacts: Contact[],
  enrolment: Omit<store.EnrolmentRow, 'memberId' | 'status'>,
): Promise<store.MemberRow | null> {
  const program = c.get('program')
  const { id: programId } = program
  const memberId = newMemberId(regionNear(c.req.raw.cf as Origin | undefined))
  const cardNumber = newCardNumber()
  const vault = await createVault(c.env.PROFILE_KEY, { programId, memberId })
  const member = {
    ...(await columns(vault, input)),
    programId,
    id: memberId,
    cardNumber,
    wrappedKey: vault.wrappedKey,
    createdAt: nowIn(program),
  }
  const card = await indexContacts(c.env.PROFILE_KEY, programId, { cardNumber })
  return store.insertMember(
    database(c.env, { programId, memberId }),
    member,
    [...contacts, ...card],
    { ...enrolment, memberId, status: 201 },
  )
}

const clash = (owners: readonly { kind: string }[]): Failure => ({
  code: 'already_exists',
  detail: 'These belong to another member, or not to one and the same.',
  errors: owners.map(({ kind }) => ({
    pointer: `#/${kind}`,
    detail: 'A member has this already.',
  })),
})

/** A member as the API shows it. */
async function view(env: Env, row: store.MemberRow) {
  const { programId, id, cardNumber, locale, storeId } = row
  const profile = await openProfile(env.PROFILE_KEY, { programId, memberId: id }, row)
  return { id, cardNumber, ...profile, locale, storeId, createdAt: instantText(row.createdAt) }
}
