import { database } from '../db/client'
import { type Contact, indexContacts } from '../members/contact'
import { contactKey, findOwnersOf } from '../members/contact-store'
import { enrolAll } from '../members/crowd'
import { openText } from '../members/seal'
import type { Enrolment } from '../members/schema'
import type { Program } from '../program/program'
import type { Result } from '../result'
import { add, countMember, type Import } from './import'
import { PERSON } from './reading'
import { CLASH, NOBODY, type Person } from './staged'
import type { Staging } from './staging'

const PEOPLE_A_STEP = 200
const IDENTITIES_A_STEP = 1_000

/** A member whom a dry run would enrol. */
export const CANDIDATE = 'candidate:'

/** Enrols the next people, or only looks whether they are known; false when there is nobody left. */
export async function enrolNext(
  env: Env,
  staging: Staging,
  job: Import,
  program: Program,
): Promise<boolean> {
  const people = staging.people(PEOPLE_A_STEP)
  if (people.length === 0) {
    return false
  }
  const candidates = await Promise.all(
    people.map(async ({ id, sealed }) => {
      const text = await openText(env.PROFILE_KEY, program.id, PERSON, sealed)
      const input = JSON.parse(text) as Enrolment
      return { id, input, contacts: await indexContacts(env.PROFILE_KEY, program.id, input) }
    }),
  )
  // Who would have been enrolled by a step before is found here alone.
  const known = (key: string) => staging.identity(key)?.replace(CANDIDATE, '')
  const found = await enrolAll(env, program, candidates, job.options.dryRun ? known : null)
  staging.atomically(() => {
    for (const [i, person] of people.entries()) {
      const { input, contacts } = candidates[i]!
      note(staging, job, { ...person, locale: input.locale ?? null, contacts }, found[i]!)
    }
    staging.dropPeople(people.at(-1)!.number)
  })
  return true
}

/** Notes what became of a person; where that is unclear, all rows that name them are faults. */
function note(
  staging: Staging,
  job: Import,
  person: Person & { locale: string | null; contacts: readonly Contact[] },
  found: Result<string>,
): void {
  const { number, isRow } = person
  if (!found.ok) {
    staging.addIdentity(person.who, CLASH)
    if (isRow) {
      staging.addFault(number, found.failure)
      staging.change(({ failed }) => ({ failed: failed + 1 }))
    }
    return
  }
  const id = found.value
  const isNew = id === person.id
  const isFirst = staging.addMember({ id, isNew, locale: person.locale })
  const isCandidate = job.options.dryRun && staging.member(id)!.isNew
  const member = isCandidate ? CANDIDATE + id : id
  person.contacts.forEach((contact) => staging.addIdentity(contactKey(contact), member))
  staging.change(({ members, booked, duplicates, sums }) => ({
    members: isFirst ? countMember(members, isNew) : members,
    booked: booked + (isRow && isNew ? 1 : 0),
    duplicates: duplicates + (isRow && !isNew ? 1 : 0),
    sums: isRow && isNew ? add(sums, 'member', { points: 0 }) : sums,
  }))
}

/** Finds whose the next identities are; false when all are known. Rows of nobody are faults. */
export async function findNext(env: Env, staging: Staging, program: Program): Promise<boolean> {
  const unknown = staging.unknownIdentities(IDENTITIES_A_STEP)
  if (unknown.length === 0) {
    return false
  }
  const wanted = unknown.map((who) => {
    const [kind, hash] = who.split(':', 2) as [Contact['kind'], string]
    return { kind, hash }
  })
  const db = database(env, { programId: program.id })
  const owners = await findOwnersOf(db, program.id, wanted)
  staging.atomically(() => {
    for (const who of unknown) {
      staging.addIdentity(who, owners.get(who) ?? NOBODY)
    }
  })
  return true
}
