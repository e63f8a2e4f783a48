import { database } from '../db/client'
import { gone } from '../ledger/call'
import { enrol } from '../ledger/client'
import { newMemberId, regionNear, type Origin } from '../ledger/address'
import type { Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import { indexContacts, indexHash, type Contact } from './contact'
import { matchOwners } from './member'
import { newMember } from './new-member'
import { openVault } from './profile'
import type { Enrolment } from './schema'
import * as store from './store'
import { clash, viewOf, type MemberView } from './view'

/** A call to enrol: who, under which Idempotency-Key, with which fingerprint, and from where. */
export interface Attempt {
  input: Enrolment
  idempotencyKey: string
  fingerprint: string
  origin: Origin | undefined
}

/** What an enrolment answers: the member as it was then. */
export interface Enrolled {
  memberId: string
  reply: MemberView
  status: 200 | 201
  replayed: boolean
}

const ATTEMPTS = 5
/** What an enrolment's answer is sealed as. */
const REPLY = 'reply'

const busy = fail('unavailable', 'Too many at once. Send it again.')
const reused = fail('idempotency_key_reused', 'This Idempotency-Key came with another enrolment.')

type Key = Pick<store.EnrolmentRow, 'programId' | 'key' | 'fingerprint'>

/** One member for one key and one identity, however many calls race: D1's unique keys let one batch win. */
export async function findOrCreate(
  env: Env,
  program: Program,
  attempt: Attempt,
): Promise<Result<Enrolled>> {
  const { id: programId } = program
  const secret = env.PROFILE_KEY
  const contacts = await indexContacts(secret, programId, attempt.input)
  const db = database(env, { programId, contactHash: contacts[0]?.hash })
  // Both may hold personal data, and a bare digest of so little could be guessed.
  const key = await indexHash(secret, programId, 'enrolment', attempt.idempotencyKey)
  const fingerprint = await indexHash(secret, programId, 'request', attempt.fingerprint)
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const { before, owners } = await store.findBefore(db, programId, key, contacts)
    if (before !== undefined) {
      // Of who was erased nothing is left to compare.
      const isSame = before.fingerprint === fingerprint || before.member.wrappedKey === null
      return isSame ? replay(env, before) : reused
    }
    const match = matchOwners(contacts.length, owners)
    if (match.kind === 'clash') {
      return { ok: false, failure: clash(owners) }
    }
    const enrolled =
      match.kind === 'member'
        ? await recognise(env, match.memberId, { programId, key, fingerprint })
        : await create(env, program, attempt, contacts, { programId, key, fingerprint })
    if (enrolled !== null) {
      return ok(enrolled)
    }
  }
  return busy
}

/** A member to be found or made by one identity that is known to be theirs. */
export interface Identified {
  identity: Pick<Enrolment, 'email' | 'phone'>
  locale?: string | undefined
  /** Who found them, and by what the attempt is named: however often it is repeated, it makes one member. */
  source: 'pos' | 'sign-in'
  key: string
  origin: Origin | undefined
}

/** Enrols who has an identity that nobody had, with a ledger; `isNew` unless somebody else was quicker. */
export async function enrolOne(
  env: Env,
  program: Program,
  { identity, locale, source, key, origin }: Identified,
): Promise<Result<{ memberId: string; isNew: boolean }>> {
  const input = { ...identity, ...(locale !== undefined && { locale }) }
  const fingerprint = JSON.stringify(identity)
  // No header has a line feed: these keys are not those of POST /v1/members.
  const idempotencyKey = `\n${source} ${key}`
  const attempt = { input, idempotencyKey, fingerprint, origin }
  const enrolled = await findOrCreate(env, program, attempt)
  if (!enrolled.ok) {
    return enrolled
  }
  const { memberId, reply, status } = enrolled.value
  await enrol(env, program, memberId, reply.locale)
  return ok({ memberId, isNew: status === 201 })
}

/** What was answered to this key before, word for word, whatever the member changed since. */
async function replay(
  env: Env,
  { member, status, reply }: store.Before,
): Promise<Result<Enrolled>> {
  const { programId, id: memberId, wrappedKey } = member
  if (wrappedKey === null) {
    return { ok: false, failure: gone }
  }
  const vault = await openVault(env.PROFILE_KEY, { programId, memberId }, wrappedKey)
  const view = JSON.parse(await vault.open(REPLY, reply)) as MemberView
  return ok({ memberId, reply: view, status, replayed: true })
}

/** The member who is there already; null when another call took the key first, or the member has gone since. */
async function recognise(env: Env, memberId: string, key: Key): Promise<Enrolled | null> {
  const { programId } = key
  const db = database(env, { programId, memberId })
  const row = await store.findMember(db, programId, memberId)
  if (!row?.wrappedKey) {
    return null
  }
  const vault = await openVault(env.PROFILE_KEY, { programId, memberId }, row.wrappedKey)
  const view = await viewOf(env, row)
  const reply = await vault.seal(REPLY, JSON.stringify(view))
  const added = await store.insertEnrolment(db, { ...key, memberId, status: 200, reply })
  return added ? { memberId, reply: view, status: 200, replayed: false } : null
}

/** A new member; null when another call took the key, an identity or the card number first. */
async function create(
  env: Env,
  program: Program,
  { input, origin }: Attempt,
  contacts: Contact[],
  key: Key,
): Promise<Enrolled | null> {
  const { programId } = key
  const memberId = newMemberId(regionNear(origin))
  const { member, card, vault } = await newMember(env, program, memberId, input)
  const view = await viewOf(env, member)
  const reply = await vault.seal(REPLY, JSON.stringify(view))
  const enrolment = { ...key, memberId, status: 201, reply } as const
  const db = database(env, { programId, memberId })
  const added = await store.insertMember(db, member, [...contacts, card], enrolment)
  return added ? { memberId, reply: view, status: 201, replayed: false } : null
}
