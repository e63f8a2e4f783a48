import { instantText } from '../program/calendar'
import type { Failure } from '../result'
import { openProfile } from './profile'
import type { MemberRow } from './store'

/** A member as the API shows it, from its row: the sealed fields opened. */
export async function viewOf(env: Pick<Env, 'PROFILE_KEY'>, row: MemberRow) {
  const { programId, id, cardNumber, locale, storeId } = row
  const profile = await openProfile(env.PROFILE_KEY, { programId, memberId: id }, row)
  return { id, cardNumber, ...profile, locale, storeId, createdAt: instantText(row.createdAt) }
}
export type MemberView = Awaited<ReturnType<typeof viewOf>>

/** The refusal of identities that belong to others. */
export const clash = (owners: readonly { kind: string }[]): Failure => ({
  code: 'already_exists',
  detail: 'These belong to another member, or not to one and the same.',
  errors: owners.map(({ kind }) => ({
    pointer: `#/${kind}`,
    detail: 'A member has this already.',
  })),
})
