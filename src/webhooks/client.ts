import { database } from '../db/client'
import { openText, sealText } from '../members/seal'
import { instantText } from '../program/calendar'
import { join, learn, type Payment, readPayment, unknown } from './payment'
import type { Fact } from './provider'
import {
  dropSubject,
  findPayment,
  listEventsOf,
  listPaymentsOf,
  type StoredEvent,
  type StoredPayment,
  writePayment,
} from './store'

/** A payment's row, and what is known of it. */
export interface Known {
  row: StoredPayment
  facts: Payment
}

const TRIES = 20
const PAYMENT = 'payment'
const EVENT = 'webhook'

/** Too much happens to one payment at once: it is worth trying again. */
export const busy = () => Object.assign(new Error('Too many at once'), { retryable: true })

const openFacts = async (env: Env, { programId, facts }: StoredPayment): Promise<Payment> =>
  facts === ''
    ? unknown
    : readPayment(JSON.parse(await openText(env.PROFILE_KEY, programId, PAYMENT, facts)) as Payment)

/** An event's body as it is kept. */
export const sealBody = ({ PROFILE_KEY }: Env, programId: string, body: string): Promise<string> =>
  sealText(PROFILE_KEY, programId, EVENT, body)

/** What an event said. */
export const openBody = async (
  { PROFILE_KEY }: Env,
  { programId, body }: Pick<StoredEvent, 'programId' | 'body'>,
): Promise<unknown> => JSON.parse(await openText(PROFILE_KEY, programId, EVENT, body))

/** What is known of a payment by any of its ids; null for nothing. */
export async function findKnown(env: Env, programId: string, id: string): Promise<Known | null> {
  const row = await follow(env, programId, id)
  return row && { row, facts: await openFacts(env, row) }
}

/** The row to which an id leads. */
async function follow(env: Env, programId: string, id: string): Promise<StoredPayment | null> {
  const db = database(env, { programId })
  let row = await findPayment(db, programId, id)
  for (let steps = 0; row?.leadsTo && steps < TRIES; steps++) {
    row = await findPayment(db, programId, row.leadsTo)
  }
  return row
}

/** Keeps what events say of a payment, whatever else is learnt at the same time; answers the id that it goes by. */
export async function learnOf(
  env: Env,
  programId: string,
  ids: readonly string[],
  facts: readonly Fact[],
): Promise<string> {
  const rows = await Promise.all(ids.map((id) => follow(env, programId, id)))
  const booked = rows.find((row) => row !== null && row.orderId !== null)
  const { row } = await change(
    env,
    programId,
    booked?.id ?? rows[0]?.id ?? ids[0]!,
    learning((known) => facts.reduce(learn, known)),
  )
  for (const id of ids.filter((each) => each !== row.id)) {
    await lead(env, programId, id, row.id)
  }
  return row.id
}

const learning =
  (work: (facts: Payment) => Payment) =>
  (known: Known): Known => {
    const facts = work(known.facts)
    return JSON.stringify(facts) === JSON.stringify(known.facts) ? known : { ...known, facts }
  }

/** Lets another id of a payment lead to it, with what was known by that id alone. */
async function lead(env: Env, programId: string, from: string, to: string): Promise<void> {
  const db = database(env, { programId })
  for (let tries = 0; tries < TRIES; tries++) {
    const row = await findPayment(db, programId, from)
    // What was booked by itself stays so.
    if (row !== null && (row.leadsTo !== null || row.orderId !== null || row.status === 'erased')) {
      return
    }
    if (row !== null) {
      const { memberId } = row
      const facts = await openFacts(env, row)
      const joined = learning((known) => join(known, facts))
      await change(env, programId, to, (known) => claiming(memberId)(joined(known)))
    }
    const next = { ...blank(programId, from), version: (row?.version ?? 0) + 1, leadsTo: to }
    if (await writePayment(db, next, row)) {
      return
    }
  }
  throw busy()
}

const blank = (programId: string, id: string): StoredPayment => ({
  programId,
  id,
  leadsTo: null,
  version: 0,
  facts: '',
  status: 'waiting',
  memberId: null,
  orderId: null,
})

/** Changes what is known of a payment, once more when somebody else has meanwhile. What was erased stays so. */
export async function change(
  env: Env,
  programId: string,
  id: string,
  work: (known: Known) => Known,
): Promise<Known> {
  const db = database(env, { programId })
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await follow(env, programId, id)
    const row = before ?? blank(programId, id)
    const known = { row, facts: await openFacts(env, row) }
    const next = row.status === 'erased' ? known : work(known)
    if (before !== null && next === known) {
      return known
    }
    const text = JSON.stringify(next.facts)
    const facts = await sealText(env.PROFILE_KEY, programId, PAYMENT, text)
    const stored = { ...next.row, facts, version: row.version + 1 }
    if (await writePayment(db, stored, before)) {
      return { row: stored, facts: next.facts }
    }
  }
  throw busy()
}

const claiming =
  (memberId: string | null) =>
  (known: Known): Known =>
    memberId === null || known.row.memberId !== null
      ? known
      : { ...known, row: { ...known.row, memberId } }

/** Says whose a payment is, unless that is known; answers whose it is. */
export async function claim(
  env: Env,
  programId: string,
  id: string,
  memberId: string,
): Promise<string | null> {
  const { row } = await change(env, programId, id, claiming(memberId))
  return row.memberId
}

/** Forgets a payment and its events: its member has left. */
export const forget = (env: Env, programId: string, id: string) =>
  dropSubject(database(env, { programId }), programId, id)

/** A payment as the API shows it. */
export const viewOf = ({ row, facts: { paid } }: Known) => ({
  id: row.id,
  status: row.status,
  orderId: row.orderId ?? paid?.orderId ?? null,
  memberId: row.memberId,
  amount: paid?.amount ?? null,
  currency: paid?.currency ?? null,
  paidAt: paid && instantText(paid.at),
  payer: paid?.payer ?? null,
})
export type PaymentView = ReturnType<typeof viewOf>

/** Rows of payments as the API shows them. */
export const viewsOf = (env: Env, rows: readonly StoredPayment[]): Promise<PaymentView[]> =>
  Promise.all(rows.map(async (row) => viewOf({ row, facts: await openFacts(env, row) })))

/** A member's payments, and what providers told of them. */
export interface Told {
  payments: PaymentView[]
  webhookEvents: { receivedAt: string; detail: string | null; event: unknown }[]
}

/** All that was told of what a member paid. */
export async function paymentsOf(env: Env, programId: string, memberId: string): Promise<Told> {
  const db = database(env, { programId, memberId })
  const [rows, events] = await Promise.all([
    listPaymentsOf(db, programId, memberId),
    listEventsOf(db, programId, memberId),
  ])
  const told = events.map(async (event) => ({
    receivedAt: instantText(event.receivedAt),
    detail: event.detail,
    event: await openBody(env, event),
  }))
  return { payments: await viewsOf(env, rows), webhookEvents: await Promise.all(told) }
}
