import { database } from '../db/client'
import { findSpeaker } from '../db/lookup'
import type { Program } from '../program/program'
import { findProgram } from '../program/store'
import { type Failure, ok, type Result } from '../result'
import { regionOf } from './address'
import type { LedgerPart, Mark } from './backup'
import type { BatchCall, BatchHow, Booked } from './batch'
import { type Call, gone, type Reply, type Unready } from './call'
import type { Actor } from './ledger'
import type { MemberLedger } from './object'
import type { Answered, Answers, Query, Unprojected } from './query'
import { nameOf, type Told } from './rules'
import type { SessionRef, SessionRequest } from './session'

/** The object's methods as they are called from outside; the platform's own type for this loses tuples. */
type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never
}
type Ledger = Remote<
  Pick<
    MemberLedger,
    | 'enrol'
    | 'execute'
    | 'executeAll'
    | 'read'
    | 'settle'
    | 'changeSessions'
    | 'setLocale'
    | 'erase'
    | 'unprojected'
    | 'dump'
    | 'restore'
    | 'rewind'
    | 'restart'
    | 'renew'
  >
>

const ATTEMPTS = 3

const unknown: Failure = { code: 'not_found', detail: 'There is no such member.' }

/** Makes the ledger of a member who is in D1 already. Once more changes nothing. */
export const enrol = (
  env: Env,
  program: Program,
  memberId: string,
  locale: string | null = null,
): Promise<void | null> =>
  reach(env, program.id, memberId, (ledger) => ledger.enrol(memberId, program, locale))

/** Has a member's ledger decide a command by the rules of a program. */
export async function execute(
  env: Env,
  program: Program,
  memberId: string,
  call: Omit<Call, 'program'>,
): Promise<Reply> {
  const reply = await prepared(env, program, memberId, (ledger, told) =>
    ledger.execute({ ...call, program: told }),
  )
  return reply.ok ? reply.value : { result: reply, replayed: false, locale: null }
}

/** Has a member's ledger decide commands in their order, at once. */
export const executeAll = (
  env: Env,
  program: Program,
  memberId: string,
  calls: readonly BatchCall[],
  how?: BatchHow,
): Promise<Result<Booked[]>> =>
  prepared(env, program, memberId, (ledger, told) => ledger.executeAll(calls, told, how))

/** Asks a member's ledger; with a session, for the member who is signed in by it. */
export async function ask<T extends Query['type']>(
  env: Env,
  program: Program,
  memberId: string,
  query: Extract<Query, { type: T }>,
  session?: SessionRef,
): Promise<Answered<Answers[T]>> {
  const answer = await prepared(env, program, memberId, (ledger, told) =>
    ledger.read(query, told, session),
  )
  return answer.ok ? (answer.value as Answered<Answers[T]>) : answer
}

/** Signs devices of a member in or out; answers the epoch of the sessions that are left. */
export async function changeSessions(
  env: Env,
  program: Program,
  memberId: string,
  request: SessionRequest,
  session?: SessionRef,
): Promise<Result<number>> {
  const answer = await prepared(env, program, memberId, (ledger) =>
    ledger.changeSessions(request, session),
  )
  return answer.ok ? answer.value : answer
}

/** Tells a member's ledger in which language the member is written to. */
export const setLocale = (
  env: Env,
  programId: string,
  memberId: string,
  locale: string | null,
): Promise<void | null> => reach(env, programId, memberId, (ledger) => ledger.setLocale(locale))

/** Erases a member's ledger; `member_gone` when it was before. */
export async function erase(
  env: Env,
  program: Program,
  memberId: string,
  actor: Actor,
): Promise<Result<null>> {
  const answer = await prepared(env, program, memberId, (ledger, told) => ledger.erase(actor, told))
  return answer.ok ? answer.value : answer
}

/** Has a member's ledger put back to what it was at an instant, real milliseconds, once it is renewed. */
export async function rewind(
  env: Env,
  program: Program,
  memberId: string,
  atMs: number,
): Promise<Result<null>> {
  const answer = await prepared(env, program, memberId, (ledger) => ledger.rewind(atMs))
  return answer.ok ? answer.value : answer
}

/** Starts a member's ledger anew, as a history of its own. Throws where it is not to be had. */
export async function renew(env: Env, program: Program, memberId: string): Promise<void> {
  // It answers by failing, and so may what comes too soon after it.
  await reach(env, program.id, memberId, (ledger) => ledger.restart()).catch(() => null)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const renewed = await prepared(env, program, memberId, (ledger) => ledger.renew()).catch(
      () => null,
    )
    if (renewed?.ok && renewed.value) {
      return
    }
  }
  throw Object.assign(new Error('The ledger was not put back yet'), { retryable: true })
}

/** Does what is due for a member. */
export const settle = (env: Env, program: Program, memberId: string): Promise<unknown> =>
  tell(env, program, memberId, (ledger, told) => ledger.settle(told))

/** What the projection lacks of a member when it has everything up to `seq`; null for an unknown one. */
export const unprojected = (
  env: Env,
  programId: string,
  memberId: string,
  seq: number,
): Promise<Unprojected | null> =>
  reach(env, programId, memberId, (ledger) => ledger.unprojected(seq))

/** The next part of a member's ledger as a backup keeps it; null where there is none. */
export const dump = (env: Env, programId: string, memberId: string, after: Mark) =>
  reach(env, programId, memberId, (ledger) => ledger.dump(after))

/** Adds a part of a backup to a member's ledger, or makes the ledger by it. */
export const restore = (env: Env, programId: string, memberId: string, part: LedgerPart) =>
  reach(env, programId, memberId, (ledger) => ledger.restore(part))

/** Names the program to a ledger, and tells it in full where that version is not known there. */
async function tell<T>(
  env: Env,
  program: Program,
  memberId: string,
  work: (ledger: Ledger, told: Told) => Promise<T | Unready>,
): Promise<T | Unready | null> {
  const askWith = (told: Told) => reach(env, program.id, memberId, (ledger) => work(ledger, told))
  const answer = await askWith(nameOf(program))
  return answer === 'unread' ? askWith(program) : answer
}

/**
 * Asks a ledger, and once more when it was not ready: with a newer program, or after making the ledger of a member
 * whose enrolment ended half-way. Only then is D1 asked.
 */
async function prepared<T>(
  env: Env,
  program: Program,
  memberId: string,
  work: (ledger: Ledger, told: Told) => Promise<T | Unready>,
): Promise<Result<T>> {
  const askWith = (current: Program) => tell(env, current, memberId, work)
  const db = () => database(env, { programId: program.id, memberId })
  let answer = await askWith(program)
  if (answer === 'stale') {
    answer = await askWith((await findProgram(db(), program.id)) ?? program)
  }
  const member = answer === 'unknown' ? await findSpeaker(db(), program.id, memberId) : null
  if (member) {
    await enrol(env, program, memberId, member.locale)
    answer = await askWith(program)
  }
  if (answer === 'stale' || answer === 'unread') {
    throw Object.assign(new Error('D1 is behind the ledger'), { retryable: true })
  }
  if (answer === 'gone' || answer === 'unknown' || answer === null) {
    return { ok: false, failure: answer === 'gone' ? gone : unknown }
  }
  return ok(answer as T)
}

/** Calls a member's object, up to three times: all that it does may be repeated. Null where no object can be. */
async function reach<T>(
  { LEDGER }: Env,
  programId: string,
  memberId: string,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T | null> {
  const locationHint = regionOf(memberId)
  if (locationHint === undefined) {
    return null
  }
  for (let attempt = 1; ; attempt++) {
    try {
      // A stub whose object was reset stays broken.
      const stub = LEDGER.get(LEDGER.idFromName(`${programId}:${memberId}`), { locationHint })
      return await work(stub as unknown as Ledger)
    } catch (error) {
      if (attempt === ATTEMPTS || !(error as { retryable?: boolean }).retryable) {
        throw error
      }
    }
  }
}
