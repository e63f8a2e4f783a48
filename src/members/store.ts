import { and, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm'
import { isConflict, type Database } from '../db/client'
import { rowsOf } from '../db/rows'
import { contacts, enrolments, members } from '../db/tables'
import { dropMessages } from '../messages/store'
import { dropPayments } from '../webhooks/store'
import type { Contact } from './contact'
import { findOwners } from './contact-store'

export type MemberRow = typeof members.$inferSelect
export type NewMember = typeof members.$inferInsert
export type EnrolmentRow = typeof enrolments.$inferSelect

const is = (programId: string, id: string) =>
  and(eq(members.programId, programId), eq(members.id, id))

export async function findMember(
  db: Database,
  programId: string,
  id: string,
): Promise<MemberRow | null> {
  return (await db.select().from(members).where(is(programId, id)).get()) ?? null
}

/** Up to `count` members of the program who were not erased, in the order of their ids, after `afterId`. */
export const listMembers = (db: Database, programId: string, afterId: string, count: number) =>
  db
    .select()
    .from(members)
    .where(
      and(eq(members.programId, programId), gt(members.id, afterId), isNotNull(members.wrappedKey)),
    )
    .orderBy(members.id)
    .limit(count)

/** The ids of up to `count` members of the program in their order, after `afterId`. */
export async function listMemberIds(
  db: Database,
  programId: string,
  afterId: string,
  count: number,
): Promise<string[]> {
  const rows = await db
    .select({ id: members.id })
    .from(members)
    .where(and(eq(members.programId, programId), gt(members.id, afterId)))
    .orderBy(members.id)
    .limit(count)
  return rows.map(({ id }) => id)
}

/** The member who has an identity, or null. */
export async function findByContact(
  db: Database,
  programId: string,
  { kind, hash }: Contact,
): Promise<MemberRow | null> {
  const found = await db
    .select({ member: members })
    .from(contacts)
    .innerJoin(
      members,
      and(eq(members.programId, contacts.programId), eq(members.id, contacts.memberId)),
    )
    .where(and(eq(contacts.programId, programId), eq(contacts.kind, kind), eq(contacts.hash, hash)))
    .get()
  return found?.member ?? null
}

/** Adds members with their index entries; false when one of their keys is taken, and nobody is added. */
export async function insertMembers(
  db: Database,
  added: readonly { member: MemberRow; index: readonly (typeof contacts.$inferInsert)[] }[],
): Promise<boolean> {
  const rows = added.map(({ member }) => member)
  const index = added.flatMap((each) => each.index)
  const done = await unlessTaken(
    db.batch([
      db.insert(members).select(rowsOf(members, rows)),
      db.insert(contacts).select(rowsOf(contacts, index)),
    ]),
  )
  return done !== null
}

/** An enrolment that was answered. */
export type Before = Pick<EnrolmentRow, 'fingerprint' | 'status' | 'reply'> & { member: MemberRow }

/** The enrolment that used this key before and its member, and whose the identities are. */
export async function findBefore(
  db: Database,
  programId: string,
  key: string,
  wanted: readonly Contact[],
) {
  const [before, owners] = await db.batch([
    db
      .select({
        fingerprint: enrolments.fingerprint,
        status: enrolments.status,
        reply: enrolments.reply,
        // In a batch, columns of one name would be one column.
        member: members,
      })
      .from(enrolments)
      .innerJoin(
        members,
        and(eq(members.programId, enrolments.programId), eq(members.id, enrolments.memberId)),
      )
      .where(and(eq(enrolments.programId, programId), eq(enrolments.key, key))),
    findOwners(db, programId, wanted),
  ])
  return { before: before[0], owners }
}

/** Adds a member, its index entries and the enrolment; false when one of their keys is taken, and nothing is added. */
export async function insertMember(
  db: Database,
  member: NewMember,
  index: readonly Contact[],
  enrolment: EnrolmentRow,
): Promise<boolean> {
  const { programId, id: memberId } = member
  const entries = index.map((contact) => ({ programId, memberId, ...contact }))
  const added = await unlessTaken(
    db.batch([
      db.insert(members).values(member),
      db.insert(contacts).values(entries),
      db.insert(enrolments).values(enrolment),
    ]),
  )
  return added !== null
}

/** Remembers an enrolment that found its member there; false when its key is taken. */
export async function insertEnrolment(db: Database, enrolment: EnrolmentRow): Promise<boolean> {
  return (await unlessTaken(db.insert(enrolments).values(enrolment))) !== null
}

/** Changes a member and moves its identities with it; null when one is another member's, and nothing is changed. */
export async function updateMember(
  db: Database,
  { programId, id: memberId }: MemberRow,
  set: Partial<NewMember>,
  moved: readonly Contact['kind'][],
  index: readonly Contact[],
): Promise<MemberRow | null> {
  const mine = and(eq(contacts.programId, programId), eq(contacts.memberId, memberId))
  const isThere = and(is(programId, memberId), isNotNull(members.wrappedKey))
  const changed = await unlessTaken(
    db.batch([
      db.update(members).set(set).where(isThere).returning(),
      dropMessages(db, programId, and(mine, inArray(contacts.kind, [...moved]))),
      ...moved.map((kind) => db.delete(contacts).where(and(mine, eq(contacts.kind, kind)))),
      // Who was erased meanwhile gets no identity back.
      ...index.map(({ kind, hash }) =>
        db.insert(contacts).select(
          sql`SELECT program_id, ${kind}, ${hash}, id FROM members
                WHERE program_id = ${programId} AND id = ${memberId} AND wrapped_key IS NOT NULL`,
        ),
      ),
    ]),
  )
  return changed?.[0][0] ?? null
}

/** Gives a member another card number; null when the card is another one by now, or the number is taken. */
export async function replaceCard(
  db: Database,
  { programId, id: memberId, cardNumber }: MemberRow,
  next: string,
  { before, after }: { before: Contact; after: Contact },
): Promise<MemberRow | null> {
  const card = and(
    eq(contacts.programId, programId),
    eq(contacts.memberId, memberId),
    eq(contacts.kind, 'cardNumber'),
    // Gone when the card was replaced before.
    eq(contacts.hash, before.hash),
  )
  const isCard = and(is(programId, memberId), eq(members.cardNumber, cardNumber))
  const replaced = await unlessTaken(
    db.batch([
      db
        .update(members)
        .set({ cardNumber: next })
        .where(and(isCard, isNotNull(members.wrappedKey)))
        .returning(),
      db.update(contacts).set({ hash: after.hash }).where(card),
    ]),
  )
  return replaced?.[0][0] ?? null
}

/** Erases who a member was: the key of all that is sealed, the identities, what was sent to them, what they paid. Once more changes nothing. */
export async function eraseMember(
  db: Database,
  programId: string,
  memberId: string,
): Promise<void> {
  const mine = and(eq(contacts.programId, programId), eq(contacts.memberId, memberId))
  // Keys first, then rows: else SQLite goes through all of the program's.
  const of = sql`(program_id, key) IN (
    SELECT program_id, key FROM enrolments WHERE program_id = ${programId} AND member_id = ${memberId})`
  await db.batch([
    db
      .update(members)
      .set({ ...NOBODY, cardNumber: '', wrappedKey: null })
      .where(is(programId, memberId)),
    dropMessages(db, programId, mine),
    ...dropPayments(db, programId, memberId),
    db.delete(contacts).where(mine),
    // The key stays, so that a call that comes again does not enrol who has left.
    db.update(enrolments).set({ fingerprint: '', reply: '' }).where(of),
  ])
}

/** A member of whom nothing is known. */
export const NOBODY = {
  externalId: null,
  email: null,
  phone: null,
  name: null,
  birthday: null,
  birthMonthDay: null,
  locale: null,
  storeId: null,
}

async function unlessTaken<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (isConflict(error)) {
      return null
    }
    throw error
  }
}
