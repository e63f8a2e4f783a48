import { and, eq, gt, or, sql } from 'drizzle-orm'
import { isConflict, type Database } from '../db/client'
import { contacts, enrolments, members } from '../db/tables'
import type { Contact } from './contact'

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

/** Up to `count` members of the program in the order of their ids, after `afterId`. */
export const listMembers = (db: Database, programId: string, afterId: string, count: number) =>
  db
    .select()
    .from(members)
    .where(and(eq(members.programId, programId), gt(members.id, afterId)))
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

/** Whose these identities are; those of nobody are left out. */
export const findOwners = (db: Database, programId: string, wanted: readonly Contact[]) =>
  db
    .select({ kind: contacts.kind, memberId: contacts.memberId })
    .from(contacts)
    .where(
      and(
        eq(contacts.programId, programId),
        or(...wanted.map((c) => and(eq(contacts.kind, c.kind), eq(contacts.hash, c.hash)))) ??
          sql`0`,
      ),
    )

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
  const changed = await unlessTaken(
    db.batch([
      db.update(members).set(set).where(is(programId, memberId)).returning(),
      ...moved.map((kind) => db.delete(contacts).where(and(mine, eq(contacts.kind, kind)))),
      ...index.map((entry) => db.insert(contacts).values({ programId, memberId, ...entry })),
    ]),
  )
  return changed?.[0][0] ?? null
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
