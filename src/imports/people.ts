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
  // Who a row says is somebody else is known all the same, by what it says first.
  const clashing = people.filter((_, i) => !found[i]!.ok).map(({ who }) => contactOf(who))
  const db = database(env, { programId: program.id })
  const owners = clashing.length > 0 ? await findOwnersOf(db, program.id, clashing) : new Map()
  staging.atomically(() => {
    for (const [i, person] of people.entries()) {
      const { input, contacts } = candidates[i]!
      const owner = owners.get(person.who) ?? CLASH
      note(staging, job, { ...person, locale: input.locale ?? null, contacts, owner }, found[i]!)
    }
    staging.dropPeople(people.at(-1)!)
  })
  return true
}

/** An identity as it is staged, as the index knows it. */
function contactOf(who: string): Contact {
  const [kind, hash] = who.split(':', 2) as [Contact['kind'], string]
  return { kind, hash }
}

/** Notes what became of a person; where that is unclear, rows that name nobody else are faults. */
function note(
  staging: Staging,
  job: Import,
  person: Person & { locale: string | null; contacts: readonly Contact[]; owner: string },
  found: Result<string>,
): void {
  const { number, isRow } = person
  if (!found.ok) {
    if (staging.identity(person.who) === undefined) {
      staging.addIdentity(person.who, person.owner)
    }
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
  const db = database(env, { programId: program.id })
  const owners = await findOwnersOf(db, program.id, unknown.map(contactOf))
  staging.atomically(() => {
    for (const who of unknown) {
      staging.addIdentity(who, owners.get(who) ?? NOBODY)
    }
  })
  return true
}
