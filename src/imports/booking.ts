import { fingerprint } from '../http/idempotency'
import type { BatchCall, Booked } from '../ledger/batch'
import { executeAll } from '../ledger/client'
import { rehearse } from '../ledger/rehearsal'
import { importKey } from '../ledger/undo'
import { clash } from '../members/crowd'
import type { Program } from '../program/program'
import { catchUpAll } from '../projection/consumer'
import { fail, type Failure, ok, type Result } from '../result'
import { add, countMember, type Import } from './import'
import { CANDIDATE } from './people'
import type { RowType } from './schema'
import { CLASH, NOBODY, type StagedRow, type Touched } from './staged'
import type { Staging } from './staging'

const MEMBERS_A_STEP = 20
const ROWS_A_CALL = 500
/** A rehearsal is forgotten after its call: all of a member's rows should be in one. */
const ROWS_A_REHEARSAL = 5_000
/** How often a member who cannot be reached is tried. */
const MOST_ATTEMPTS = 8

/** Why rows of nobody in particular are refused. */
const refusals: Record<string, Failure> = {
  [NOBODY]: { code: 'not_found', detail: 'Nobody is known by that.' },
  [CLASH]: clash.failure,
}
const unreachable = fail('unavailable', 'The ledger could not be reached. Import the row again.')

/** Books the rows of the next members; false when there are no more. Throws when a member cannot be reached for now. */
export async function bookNext(
  env: Env,
  staging: Staging,
  job: Import,
  program: Program,
): Promise<boolean> {
  const members = staging.membersWithRows(job.cursor, MEMBERS_A_STEP)
  const done = await Promise.allSettled(
    members.map((member) => bookMember(env, staging, job, program, member)),
  )
  if (!job.options.dryRun) {
    await project(
      env,
      job,
      members.filter((member) => !(member in refusals)),
    )
  }
  const failed = done.find((each) => each.status === 'rejected')
  if (failed) {
    throw failed.reason
  }
  staging.change(() => ({ cursor: members.at(-1) ?? '' }))
  return members.length > 0
}

/** Leaves a turn to others: a call that is followed by the next at once does not. */
export const giveWay = () => scheduler.wait(1)

/** Brings the lists up to date. Who cannot be reached now is brought by their ledger's alarm. */
export const project = (env: Env, { programId }: Import, memberIds: readonly string[]) =>
  catchUpAll(
    env,
    memberIds.map((memberId) => ({ programId, memberId })),
  )

async function bookMember(
  env: Env,
  staging: Staging,
  job: Import,
  program: Program,
  member: string,
): Promise<void> {
  const refusal = refusals[member]
  if (refusal) {
    staging.atomically(() => {
      const refused = staging.refuseRows(member, refusal)
      staging.change(({ failed }) => ({ failed: failed + refused }))
    })
    return
  }
  const atOnce = job.options.dryRun ? ROWS_A_REHEARSAL : ROWS_A_CALL
  const isCandidate = member.startsWith(CANDIDATE)
  for (let isFirst = true; !staging.load()!.isUndoAsked; isFirst = false) {
    const rows = staging.rowsOf(member, atOnce)
    // Who was enrolled without any rows needs a ledger too.
    if (!isFirst) {
      if (rows.length === 0) {
        return
      }
      await giveWay()
    }
    const came = await book(env, job, program, staging.member(member) ?? { id: member }, rows)
    staging.atomically(() => {
      staging.dropRows(rows)
      if (
        came.ok &&
        !isCandidate &&
        staging.addMember({ id: member, isNew: false, locale: null })
      ) {
        staging.change(({ members }) => ({ members: countMember(members, false) }))
      }
      note(staging, rows, came.ok ? came.value.map(nameless) : rows.map(() => came))
    })
  }
}

/** Has a member's ledger book rows, or only say what they would come to. */
async function book(
  env: Env,
  job: Import,
  program: Program,
  { id, isNew = false, locale = null }: Partial<Touched> & Pick<Touched, 'id'>,
  rows: readonly StagedRow[],
): Promise<Result<Booked[]>> {
  const calls = rows.map((row) => callOf(job, row))
  if (id.startsWith(CANDIDATE)) {
    return ok(rehearse(calls, program))
  }
  const how = {
    isRehearsal: job.options.dryRun,
    enrolling: isNew ? { memberId: id, locale } : undefined,
  }
  try {
    return await executeAll(env, program, id, calls, how)
  } catch (error) {
    if (job.attempt < MOST_ATTEMPTS) {
      throw error
    }
    return unreachable
  }
}

/** A row as its ledger is asked. */
const callOf = ({ id, keyId }: Import, { number, command }: StagedRow): BatchCall => ({
  command,
  actor: { kind: 'server', keyId, requestId: id },
  idempotencyKey: importKey(id, number),
  fingerprint: fingerprint('IMPORT', id, command),
})

/** What a row came to, without the order that a refusal names: faults stay, and outlive who ordered. */
const nameless = (came: Booked): Booked =>
  !came.ok && came.failure.code === 'not_found'
    ? fail('not_found', 'This member has no such purchase.')
    : came

/** Counts what rows came to. */
function note(staging: Staging, rows: readonly StagedRow[], came: readonly Booked[]): void {
  const faults = rows.flatMap(({ number }, i) => (came[i]!.ok ? [] : [{ number, ...came[i]! }]))
  faults.forEach(({ number, failure }) => staging.addFault(number, failure))
  staging.change(({ booked, duplicates, failed, sums }) => {
    let [next, twice] = [sums, 0]
    for (const [i, { command }] of rows.entries()) {
      const each = came[i]!
      if (each.ok && each.value.isDuplicate) {
        twice += 1
      } else if (each.ok) {
        const { points, total } = each.value
        const currency = command.type === 'purchase' ? command.request.currency : null
        const money = total === null || currency === null ? {} : { amount: total, currency }
        next = add(next, typeOf(command), { points, ...money })
      }
    }
    return {
      sums: next,
      duplicates: duplicates + twice,
      failed: failed + faults.length,
      booked: booked + rows.length - twice - faults.length,
    }
  })
}

const typeOf = ({ type }: StagedRow['command']): RowType =>
  type === 'purchase' || type === 'refund' ? type : 'balance'
