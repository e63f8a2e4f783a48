import { database } from '../db/client'
import type { Contact } from '../members/contact'
import { openText } from '../members/seal'
import { instantText } from '../program/calendar'
import type { Message } from './message'
import { findMessages, type StoredMessage } from './store'

/** A message that a test program would have sent, as the API shows it. */
export interface SentMessage extends Message {
  id: number
  createdAt: string
}

/** Opens a message that was kept. */
export async function openMessage(
  { PROFILE_KEY }: Pick<Env, 'PROFILE_KEY'>,
  { programId, position, createdAt, body }: StoredMessage,
): Promise<SentMessage> {
  const message = JSON.parse(await openText(PROFILE_KEY, programId, 'message', body)) as Message
  return { id: position, createdAt: instantText(createdAt), ...message }
}

/** What was sent to somebody of these identities, newest first. */
export async function messagesTo(
  env: Env,
  programId: string,
  contacts: readonly Contact[],
): Promise<SentMessage[]> {
  const hashes = contacts.map(({ hash }) => hash)
  const found = await findMessages(database(env, { programId }), programId, hashes)
  return Promise.all(found.map((message) => openMessage(env, message)))
}
