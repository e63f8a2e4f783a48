import { readCard } from '../cards/card'
import { database } from '../db/client'
import type { Shown } from '../ledger/card'
import { indexContacts, readPhoneOf } from '../members/contact'
import { findMemberId } from '../members/contact-store'
import type { Program } from '../program/program'
import { ok, type Result } from '../result'
import { readCardNumber, type Who } from './schema'

/** Who was meant; null for an identity that nobody has. */
export interface Found {
  memberId: string | null
  /** The card that was shown; one that was typed is none. */
  shown?: Shown
  /** In E.164. */
  phone?: string | undefined
}

/** Who stands at the till. A card's code and an id say it themselves; a number is looked up. */
export async function findWho(env: Env, program: Program, who: Who): Promise<Result<Found>> {
  const { id: programId, country } = program
  const { card, memberId } = who
  if (memberId !== undefined) {
    return ok({ memberId })
  }
  const cardNumber = card === undefined ? null : readCardNumber(card)
  if (card !== undefined && cardNumber === null) {
    return readCard(env, programId, card)
  }
  const read = readPhoneOf({ phone: who.phone }, country)
  if (!read.ok) {
    return read
  }
  const { phone } = read.value
  const [contact] = await indexContacts(env.PROFILE_KEY, programId, { phone, cardNumber })
  const db = database(env, { programId, contactHash: contact!.hash })
  return ok({ memberId: await findMemberId(db, programId, contact!), phone })
}
