import { database } from '../db/client'
import { erase } from '../ledger/client'
import type { Actor } from '../ledger/ledger'
import type { Program } from '../program/program'
import { catchUp } from '../projection/consumer'
import type { Result } from '../result'
import { eraseMember } from './store'

/**
 * Forgets a member: who it was, then the ledger, then the lists. In that order, so that one who is cut off half-way can
 * still ask again; the lists are finished by the ledger's alarm in any case.
 */
export async function forget(
  env: Env,
  program: Program,
  memberId: string,
  actor: Actor,
): Promise<Result<null>> {
  const { id: programId } = program
  await eraseMember(database(env, { programId, memberId }), programId, memberId)
  const erased = await erase(env, program, memberId, actor)
  if (erased.ok) {
    await catchUp(env, [{ programId, memberId }])
  }
  return erased
}
