import { nowIn, type Program } from '../program/program'
import { type Contact, indexContacts } from './contact'
import { newCardNumber } from './member'
import { columns, createVault, type Vault } from './profile'
import type { Enrolment } from './schema'
import { type MemberRow, NOBODY } from './store'

/** The row of somebody who enrols now, with a card, its index entry, and the vault of a new key. */
export async function newMember(
  { PROFILE_KEY }: Pick<Env, 'PROFILE_KEY'>,
  program: Program,
  id: string,
  input: Enrolment,
): Promise<{ member: MemberRow; card: Contact; vault: Vault }> {
  const programId = program.id
  const cardNumber = newCardNumber()
  const vault = await createVault(PROFILE_KEY, { programId, memberId: id })
  // With all that is not known as null, every column is given.
  const member = {
    ...(await columns(vault, { ...NOBODY, ...input })),
    programId,
    id,
    cardNumber,
    wrappedKey: vault.wrappedKey,
    createdAt: nowIn(program),
  } as MemberRow
  const [card] = await indexContacts(PROFILE_KEY, programId, { cardNumber })
  return { member, card: card!, vault }
}
