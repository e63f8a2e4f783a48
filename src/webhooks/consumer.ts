import { database } from '../db/client'
import type { Program } from '../program/program'
import { findProgram } from '../program/store'
import { learnOf, openBody } from './client'
import { providers } from './providers'
import { type Outcome, settlePayment } from './settlement'
import { findEvent, listForgotten, markEvent, markWaiting, type StoredEvent } from './store'

/** An event that was kept and is to be acted on. */
export type KeptEvent = Pick<StoredEvent, 'programId' | 'endpointId' | 'eventId'>

/** Acts on events; one that cannot be acted on now comes again. */
export async function actOnAll(batch: MessageBatch<KeptEvent>, env: Env): Promise<void> {
  for (const message of batch.messages) {
    try {
      await actOn(env, message.body)
    } catch (error) {
      console.error(JSON.stringify({ ...message.body, message: (error as Error).message }))
      message.retry()
    }
  }
}

/** Acts on an event that was kept, also once more: what it says is known already then. Null for none. */
export async function actOn(
  env: Env,
  { programId, endpointId, eventId }: KeptEvent,
): Promise<StoredEvent | null> {
  const db = database(env, { programId })
  const [program, event] = await Promise.all([
    findProgram(db, programId),
    findEvent(db, programId, { endpointId, eventId }),
  ])
  // Of who has left nothing is left to act on.
  if (program === null || event === null || event.body === '') {
    return event
  }
  const outcome = await outcomeOf(env, program, event)
  await markEvent(db, event, outcome)
  if (outcome.paymentId !== null && outcome.status !== 'waiting') {
    await markWaiting(db, programId, outcome.paymentId, outcome)
  }
  return { ...event, ...outcome }
}

async function outcomeOf(
  env: Env,
  program: Program,
  event: StoredEvent,
): Promise<Outcome & Pick<StoredEvent, 'paymentId'>> {
  const { provider, endpointId } = event
  const read = providers[provider].read(await openBody(env, event))
  const about = read.ok ? read.value.about : read
  if (!about.ok) {
    return { status: 'failed', detail: about.failure.detail, paymentId: null }
  }
  const { paymentIds, facts } = about.value
  if (paymentIds.length === 0 || facts.length === 0) {
    return { status: 'ignored', detail: null, paymentId: null }
  }
  const ids = paymentIds.map((id) => `${provider}:${id}`)
  const paymentId = await learnOf(env, program.id, ids, facts)
  return { ...(await settlePayment(env, program, paymentId, endpointId)), paymentId }
}

const PATIENCE_MS = 60_000
// As long as Stripe itself would try; later ones are replayed by hand.
const LONGEST_MS = 3 * 86_400_000
const MOST = 1_000
const A_BATCH = 100

/** Sends events again that were kept and forgotten: a queue may lose its messages. */
export async function sendForgotten(env: Env, now: number): Promise<void> {
  const db = database(env, { programId: '' })
  const span = { after: now - LONGEST_MS, before: now - PATIENCE_MS }
  const messages = (await listForgotten(db, span, MOST)).map((body) => ({ body }))
  for (let sent = 0; sent < messages.length; sent += A_BATCH) {
    await env.WEBHOOKS.sendBatch(messages.slice(sent, sent + A_BATCH))
  }
}
