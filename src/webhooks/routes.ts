import { Hono } from 'hono/tiny'
import * as z from 'zod/mini'
import { BASE32, randomText } from '../auth/random'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { pageOf, readBefore, readCursor } from '../http/page'
import { problem } from '../http/problem'
import { ordinal, page } from '../http/scalars'
import { body, params, query } from '../http/validate'
import { parseJson } from '../json'
import { gone } from '../ledger/call'
import { openText, sealText } from '../members/seal'
import { findMember } from '../members/store'
import { instantText } from '../program/calendar'
import { nowIn, type Program } from '../program/program'
import { findProgram } from '../program/store'
import { fail, ok, type Failure, type Result } from '../result'
import { claim, findKnown, sealBody, viewOf, viewsOf } from './client'
import { actOn } from './consumer'
import type { Delivery, ProviderEvent } from './provider'
import { providers } from './providers'
import { newClaim, newEndpoint, rotation } from './schema'
import { settlePayment } from './settlement'
import {
  dropEndpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  setSecrets,
  type StoredEndpoint,
} from './endpoint-store'
import * as store from './store'

const noEndpoint: Failure = { code: 'not_found', detail: 'There is no such endpoint.' }
const noEvent: Failure = { code: 'not_found', detail: 'There is no such event.' }
const noPayment: Failure = { code: 'not_found', detail: 'No such payment is known.' }
const noMember: Failure = { code: 'not_found', detail: 'There is no such member.' }
const malformed = fail('malformed_json', 'The body must be JSON in UTF-8, no field twice.')

const SECRETS = 'webhook-secrets'

/** How many endpoints a program may have. */
const MOST_ENDPOINTS = 20

/** `/v1/webhook-endpoints`: where payment providers send their events. */
export const endpoints = new Hono<Api>()

endpoints.post('/', body(newEndpoint), async (c) => {
  const programId = c.get('program').id
  const { provider, secrets } = c.req.valid('json')
  const db = database(c.env, { programId })
  if ((await listEndpoints(db, programId)).length >= MOST_ENDPOINTS) {
    const detail = `A program has at most ${MOST_ENDPOINTS} endpoints.`
    return problem(c, { code: 'limit_reached', detail })
  }
  const id = randomText(BASE32, 8)
  const sealed = await sealText(c.env.PROFILE_KEY, programId, SECRETS, JSON.stringify(secrets))
  const endpoint = { programId, id, provider, secrets: sealed, createdAt: Date.now() }
  await insertEndpoint(db, endpoint)
  return c.json(viewEndpoint(c.req.url, endpoint), 201)
})

endpoints.get('/', async (c) => {
  const programId = c.get('program').id
  const rows = await listEndpoints(database(c.env, { programId }), programId)
  return c.json({ data: rows.map((row) => viewEndpoint(c.req.url, row)) })
})

endpoints.post('/:id/rotate', body(rotation), async (c) => {
  const programId = c.get('program').id
  const { secrets } = c.req.valid('json')
  const sealed = await sealText(c.env.PROFILE_KEY, programId, SECRETS, JSON.stringify(secrets))
  const db = database(c.env, { programId })
  const id = idIn(c.req.param('id'), programId)
  return (await setSecrets(db, programId, id, sealed)) ? c.body(null, 204) : problem(c, noEndpoint)
})

endpoints.delete('/:id', async (c) => {
  const programId = c.get('program').id
  const id = idIn(c.req.param('id'), programId)
  return (await dropEndpoint(database(c.env, { programId }), programId, id))
    ? c.body(null, 204)
    : problem(c, noEndpoint)
})

/** An endpoint's id says its program, so that a delivery finds it. */
const nameOf = ({ programId, id }: Pick<StoredEndpoint, 'programId' | 'id'>): string =>
  `${programId}_${id}`

const idIn = (name: string, programId: string): string =>
  name.startsWith(`${programId}_`) ? name.slice(programId.length + 1) : ''

const viewEndpoint = (url: string, endpoint: Omit<StoredEndpoint, 'secrets'>) => ({
  id: nameOf(endpoint),
  provider: endpoint.provider,
  url: `${new URL(url).origin}/webhooks/${endpoint.provider}/${nameOf(endpoint)}`,
  createdAt: instantText(endpoint.createdAt),
})

/** `/webhooks`: signed events. They are kept and answered; what they say is done behind that. */
export const webhooks = new Hono<Api>()

webhooks.post('/:provider/:endpointId', async (c) => {
  const [programId = '', ...rest] = c.req.param('endpointId').split('_')
  const id = rest.join('_')
  const db = database(c.env, { programId })
  const [endpoint, program] = await Promise.all([
    findEndpoint(db, programId, id),
    findProgram(db, programId),
  ])
  if (endpoint?.provider !== c.req.param('provider') || program === null) {
    return problem(c, noEndpoint)
  }
  const secrets = await openText(c.env.PROFILE_KEY, programId, SECRETS, endpoint.secrets)
  const body = new Uint8Array(await c.req.arrayBuffer())
  const delivery = { headers: c.req.raw.headers, body, secrets: JSON.parse(secrets) as string[] }
  const taken = await take(program, endpoint, delivery)
  if (!taken.ok) {
    return problem(c, taken.failure)
  }
  const { event, text } = taken.value
  const kept = { programId, endpointId: id, eventId: event.id }
  const isNew = await store.insertEvent(db, {
    ...kept,
    provider: endpoint.provider,
    type: event.type,
    receivedAt: Date.now(),
    body: await sealBody(c.env, programId, text),
  })
  if (isNew) {
    // It is kept: what the queue does not take now, the cron sends.
    await c.env.WEBHOOKS.send(kept).catch(() => {})
  }
  return c.json({ received: true })
})

/** An event of this program and its text, or why it is not taken. */
async function take(
  program: Program,
  { provider }: Pick<StoredEndpoint, 'provider'>,
  { secrets, ...delivery }: Delivery & { secrets: readonly string[] },
): Promise<Result<{ event: ProviderEvent; text: string }>> {
  const { verify, read } = providers[provider]
  const verified = await verify(delivery, secrets, nowIn(program))
  if (!verified.ok) {
    return verified
  }
  const body = readBody(delivery.body)
  if (!body.ok) {
    return body
  }
  const { value, text } = body.value
  const event = read(value)
  if (event.ok && event.value.isLive !== (program.mode === 'live')) {
    const mode = event.value.isLive ? 'live' : 'test'
    return fail('validation_failed', `The event is of ${mode} mode, the program is not.`)
  }
  return event.ok ? ok({ event: event.value, text }) : event
}

/** What a body says, and its text. */
function readBody(bytes: Uint8Array): Result<{ value: unknown; text: string }> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
    return ok({ value: parseJson(text), text })
  } catch {
    return malformed
  }
}

/** `/v1/webhook-events`: what came, and what became of it. */
export const events = new Hono<Api>()

events.get('/', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const before = readBefore(cursor)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const programId = c.get('program').id
  const db = database(c.env, { programId })
  const rows = await store.listEvents(db, programId, before.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.position)
  return c.json({ data: data.map(viewEvent), nextCursor })
})

events.post('/:position/replay', params(z.object({ position: ordinal })), async (c) => {
  const programId = c.get('program').id
  const { position } = c.req.valid('param')
  const event = await store.findEvent(database(c.env, { programId }), programId, { position })
  const done = event && (await actOn(c.env, event))
  return done ? c.json(viewEvent(done)) : problem(c, noEvent)
})

const viewEvent = (event: store.StoredEvent) => ({
  position: event.position,
  endpointId: nameOf({ programId: event.programId, id: event.endpointId }),
  eventId: event.eventId,
  type: event.type,
  receivedAt: instantText(event.receivedAt),
  status: event.status,
  detail: event.detail,
  paymentId: event.paymentId,
})

/** `/v1/payments`: those of whom nobody is known. */
export const payments = new Hono<Api>()

payments.get('/', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const after = readCursor(cursor, z.string(), '')
  if (!after.ok) {
    return problem(c, after.failure)
  }
  const programId = c.get('program').id
  const db = database(c.env, { programId })
  const rows = await store.listWaiting(db, programId, after.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.id)
  return c.json({ data: await viewsOf(c.env, data), nextCursor })
})

payments.post('/:id/claim', body(newClaim), async (c) => {
  const program = c.get('program')
  const { id: programId } = program
  const { memberId } = c.req.valid('json')
  const db = database(c.env, { programId, memberId })
  const [known, member] = await Promise.all([
    findKnown(c.env, programId, c.req.param('id')),
    findMember(db, programId, memberId),
  ])
  if (member === null || member.wrappedKey === null) {
    return problem(c, member === null ? noMember : gone)
  }
  if (known === null) {
    return problem(c, noPayment)
  }
  const { id, status } = known.row
  const owner = status === 'erased' ? null : await claim(c.env, programId, id, memberId)
  if (owner !== memberId) {
    const detail = owner === null ? 'Its member was erased.' : `The payment is ${owner}'s.`
    return problem(c, { code: 'already_exists', detail })
  }
  const outcome = await settlePayment(c.env, program, id, c.get('caller').keyId)
  if (outcome.status !== 'waiting') {
    await store.markWaiting(db, programId, id, outcome)
  }
  const now = (await findKnown(c.env, programId, id))!
  return c.json({ ...viewOf(now), detail: outcome.detail })
})
