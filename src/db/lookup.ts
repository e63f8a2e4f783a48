import { and, eq } from 'drizzle-orm'
import type { Database } from './client'
import { balances, members } from './tables'

/** Whether the program has a member of that id, whatever became of the ledger. */
export async function isMember(db: Database, programId: string, id: string): Promise<boolean> {
  const is = and(eq(members.programId, programId), eq(members.id, id))
  return (await db.select({ id: members.id }).from(members).where(is).get()) !== undefined
}

/** Up to which `seq` the projection has this member; 0 when it has nothing. */
export async function projectedSeq(
  db: Database,
  programId: string,
  memberId: string,
): Promise<number> {
  const is = and(eq(balances.programId, programId), eq(balances.memberId, memberId))
  return (await db.select({ seq: balances.seq }).from(balances).where(is).get())?.seq ?? 0
}
