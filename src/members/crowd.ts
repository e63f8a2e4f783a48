import { database } from '../db/client'
import type { Program } from '../program/program'
import { fail, type Result, ok } from '../result'
import type { Contact } from './contact'
import { contactKey, findOwnersOf } from './contact-store'
import { matchOwners, type Owner } from './member'
import { newMember } from './new-member'
import type { Enrolment } from './schema'
import { insertMembers } from './store'

/** Somebody to be found by their identities, as the index knows them, or enrolled under this id. */
export interface Candidate {
  id: string
  input: Enrolment
  contacts: readonly Contact[]
}

const ATTEMPTS = 8

/** The refusal of identities of several members, or of more than one of them. */
export const clash = fail(
  'already_exists',
  'These belong to several members, or not all to this one.',
)

/**
 * Finds or enrols many at once, in the order in which they come. Everybody has an identity at least; the id that comes
 * back is the candidate's own for who is new, or would be. Their ledgers are made by whoever asks. A rehearsal enrols
 * nobody; it knows whom others of it would have enrolled.
 */
export async function enrolAll(
  env: Env,
  program: Program,
  candidates: readonly Candidate[],
  rehearsal: ((contactKey: string) => string | undefined) | null = null,
): Promise<Result<string>[]> {
  const { id: programId } = program
  const db = database(env, { programId })
  const contacts = candidates.flatMap((each) => each.contacts)
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const owners = await findOwnersOf(db, programId, contacts)
    for (const key of rehearsal ? contacts.map(contactKey) : []) {
      const known = owners.get(key) ?? rehearsal!(key)
      if (known !== undefined) {
        owners.set(key, known)
      }
    }
    const matched = candidates.map((candidate) => claim(owners, candidate))
    const news = candidates.filter((_, i) => {
      const match = matched[i]!
      return !rehearsal && match.ok && match.value.isNew
    })
    const rows = await Promise.all(news.map((each) => rowOf(env, program, each)))
    if (rows.length === 0 || (await insertMembers(db, rows))) {
      return matched.map((each) => (each.ok ? ok(each.value.id) : each))
    }
  }
  throw Object.assign(new Error('Members are enrolled by others all the time'), { retryable: true })
}

/** Who has these identities; they are the candidate's from here on if nobody has. */
function claim(
  owners: Map<string, string>,
  { id, contacts }: Candidate,
): Result<{ id: string; isNew: boolean }> {
  const found = contacts.flatMap((contact): Owner[] => {
    const memberId = owners.get(contactKey(contact))
    return memberId === undefined ? [] : [{ kind: contact.kind, memberId }]
  })
  const match = matchOwners(contacts.length, found)
  if (match.kind === 'nobody') {
    contacts.forEach((contact) => owners.set(contactKey(contact), id))
    return ok({ id, isNew: true })
  }
  return match.kind === 'member' ? ok({ id: match.memberId, isNew: false }) : clash
}

async function rowOf(env: Env, program: Program, { id, input, contacts }: Candidate) {
  const { member, card } = await newMember(env, program, id, input)
  const { programId } = member
  const index = [...contacts, card].map((each) => ({ programId, memberId: id, ...each }))
  return { member, index }
}
