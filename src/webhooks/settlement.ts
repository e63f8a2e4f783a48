import { BASE32, randomText } from '../auth/random'
import { database } from '../db/client'
import { regionOf } from '../ledger/address'
import { execute } from '../ledger/client'
import type { Command } from '../ledger/decide'
import { indexContacts, readEmail, readPhone } from '../members/contact'
import { findMemberId } from '../members/contact-store'
import { findMember } from '../members/store'
import { nowIn, type Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import { busy, change, forget, type Known } from './client'
import { foreignOf, goneOf, type Payment } from './payment'
import type { Payer } from './provider'
import type { StoredEvent } from './store'

/** What became of a payment: booked at its member, waiting for news or for a claim, of no use any more, or refused. */
export type Outcome = Pick<StoredEvent, 'status' | 'detail'>

const TRIES = 20

const waiting = (detail: string): Outcome => ({ status: 'waiting', detail })
const erased: Outcome = { status: 'ignored', detail: 'The member was erased.' }

const keep = (known: Known): Known => known

/** Brings a payment's member to what is known of it: the order is awarded once, and what has gone back is taken back. */
export async function settlePayment(
  env: Env,
  program: Program,
  id: string,
  keyId: string,
): Promise<Outcome> {
  const programId = program.id
  for (let tries = 0; tries < TRIES; tries++) {
    const { row, facts } = await change(env, programId, id, keep)
    if (row.status === 'erased') {
      return erased
    }
    if (facts.paid === null) {
      return waiting('The payment itself was not told of yet.')
    }
    const memberId = row.memberId ?? (await payerOf(env, program, facts.paid.payer))
    if (memberId === null) {
      return waiting('Nobody is known who paid. Claim it for a member.')
    }
    if (row.memberId === null || row.orderId === null) {
      await change(env, programId, id, assigning(memberId, facts.paid.orderId ?? row.id))
      continue
    }
    const booked = await book(
      env,
      program,
      { id: row.id, memberId, orderId: row.orderId },
      facts,
      keyId,
    )
    if (!booked.ok && booked.failure.code === 'member_gone') {
      await forget(env, programId, row.id)
      return erased
    }
    const outcome: Outcome = booked.ok
      ? { status: 'applied', detail: null }
      : { status: 'failed', detail: booked.failure.detail }
    if (await close(env, { row, facts }, booked.ok ? 'applied' : 'failed')) {
      return outcome
    }
  }
  throw busy()
}

/** From the first booking on a payment keeps its member and its order, whatever is told later. */
const assigning =
  (memberId: string, orderId: string) =>
  (known: Known): Known => ({
    ...known,
    row: {
      ...known.row,
      memberId: known.row.memberId ?? memberId,
      orderId: known.row.orderId ?? orderId,
    },
  })

/** Notes what became of a payment; false when something became known meanwhile, and what was booked may be too old. */
async function close(env: Env, { row }: Known, status: 'applied' | 'failed'): Promise<boolean> {
  const { programId, id, version } = row
  let isCurrent = false
  await change(env, programId, id, (known) => {
    isCurrent = known.row.version === version
    return isCurrent && known.row.status !== status
      ? { ...known, row: { ...known.row, status } }
      : known
  })
  return isCurrent
}

// A ledger takes nothing older than 400 days; a day is for what passes until it is asked.
const PAST_MS = 399 * 86_400_000

/** How many refunds of a payment are undone and booked anew at most for one piece of news. */
const STEPS = 50

async function book(
  env: Env,
  program: Program,
  { id, memberId, orderId }: { id: string; memberId: string; orderId: string },
  facts: Payment,
  keyId: string,
): Promise<Result<null>> {
  const { amount, currency, at } = facts.paid!
  const now = nowIn(program)
  const run = async (idempotencyKey: string, command: Command) => {
    const { result } = await execute(env, program, memberId, {
      command,
      actor: { kind: 'webhook', keyId, requestId: randomText(BASE32, 16) },
      idempotencyKey,
      // The key says all: one payment is paid once.
      fingerprint: '',
    })
    return result
  }
  const paid = await run(`${id} paid`, {
    type: 'purchase',
    request: {
      orderId,
      currency,
      total: amount,
      lines: [],
      channel: 'webhook',
      occurredAt: Math.max(Math.min(at, now), now - PAST_MS),
    },
  })
  // The till or the shop has told of the order with its lines: it is counted.
  if (!paid.ok && paid.failure.code !== 'already_exists') {
    return paid
  }
  const gone = { type: 'refundTo', orderId, source: id, amount: goneOf(facts), currency } as const
  for (let step = 1; step <= STEPS; step++) {
    // Each is compared with the ledger as it is then: a key that was used would answer for another time.
    const moved = await run(`${id} ${randomText(BASE32, 16)}`, gone)
    if (!moved.ok || moved.value.entries.length === 0) {
      return moved.ok ? inOwn(facts) : moved
    }
  }
  throw busy()
}

/** Refuses what went back of a payment in other currencies: how much of it that is, nobody says. */
function inOwn(facts: Payment): Result<null> {
  const others = foreignOf(facts).join(', ')
  return others === ''
    ? ok(null)
    : fail(
        'validation_failed',
        `The payment is in ${facts.paid!.currency}, what went back of it in ${others}.`,
      )
}

/** Who paid: by the member's own id, else by what the index knows; null for nobody. */
async function payerOf(env: Env, program: Program, payer: Payer): Promise<string | null> {
  const { id: programId, country } = program
  const { memberId } = payer
  if (memberId !== null && regionOf(memberId)) {
    const member = await findMember(database(env, { programId, memberId }), programId, memberId)
    if (member !== null) {
      return memberId
    }
  }
  const given = {
    externalId: payer.customerId,
    email: payer.email && readEmail(payer.email),
    phone: payer.phone && readPhone(payer.phone, country),
  }
  for (const [kind, value] of Object.entries(given)) {
    const [contact] = await indexContacts(env.PROFILE_KEY, programId, { [kind]: value })
    const db = database(env, { programId, contactHash: contact?.hash })
    const found = contact ? await findMemberId(db, programId, contact) : null
    if (found !== null) {
      return found
    }
  }
  return null
}
