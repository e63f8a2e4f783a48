import { fingerprint } from '../http/idempotency'
import { ask, executeAll } from '../ledger/client'
import { UNDO_ENTRIES } from '../ledger/undo'
import { forget } from '../members/erasure'
import type { Program } from '../program/program'
import { giveWay, project } from './booking'
import type { Import } from './import'
import type { Staging } from './staging'

const MEMBERS_A_STEP = 50

/** Takes back what was booked at the next members, and forgets whom it enrolled for nothing else; false when there are no more. */
export async function undoNext(
  env: Env,
  staging: Staging,
  job: Import,
  program: Program,
): Promise<boolean> {
  const members = staging.members(job.cursor, MEMBERS_A_STEP)
  await Promise.all(members.map((member) => undoMember(env, job, program, member)))
  await project(
    env,
    job,
    members.map(({ id }) => id),
  )
  staging.change(() => ({ cursor: members.at(-1)?.id ?? '' }))
  return members.length > 0
}

async function undoMember(
  env: Env,
  { id, keyId }: Import,
  program: Program,
  member: { id: string; isNew: boolean },
): Promise<void> {
  const actor = { kind: 'server', keyId, requestId: id } as const
  const command = { type: 'undoImport', importId: id } as const
  const call = { command, actor, fingerprint: fingerprint('UNDO', id, command) }
  for (let part = 0, isMore = true; isMore; part++) {
    if (part > 0) {
      await giveWay()
    }
    const idempotencyKey = `\nundo ${id} ${part}`
    const came = await executeAll(env, program, member.id, [{ ...call, idempotencyKey }])
    // Who has left meanwhile has nothing that could be taken back.
    isMore = came.ok && came.value.some((each) => each.ok && each.value.count >= UNDO_ENTRIES)
  }
  if (member.isNew) {
    const only = await ask(env, program, member.id, { type: 'only', requestId: id })
    if (only.ok && only.value) {
      await forget(env, program, member.id, actor)
    }
  }
}
