import { BASE32, randomText } from '../auth/random'
import { signToken, verifyToken } from '../auth/token'
import type { Shown } from '../ledger/card'
import { fail, ok, type Result } from '../result'

/** How long the code on a card is good; it is shown anew before that. */
const TTL_SECONDS = 60
export const REFRESH_SECONDS = 45

/** Whose card, as of which epoch of the sessions, and when in real milliseconds. */
interface Holder {
  programId: string
  memberId: string
  epoch: number
  now: number
}

/** The code of a member's card for the next sale: a token that says whose it is. */
export const cardToken = (
  env: Pick<Env, 'TOKEN_KEYS'>,
  { programId, memberId, epoch, now }: Holder,
): Promise<string> => {
  const claims = { aud: programId, sub: memberId, epoch, jti: randomText(BASE32, 16) }
  return signToken(env, 'card+jwt', claims, { ttlSeconds: TTL_SECONDS, now })
}

/** When a code that is made at `now` is over: JWT counts whole seconds. */
export const cardEnd = (now: number): number => (Math.floor(now / 1000) + TTL_SECONDS) * 1000

const strange = fail('validation_failed', 'The card is none of this program.', [
  { pointer: '#/card', detail: 'Not the code of a card of this program.' },
])

/** Whose card was shown. Whether it is over is the ledger's to say: a sale that was booked is answered again. */
export async function readCard(
  env: Pick<Env, 'TOKEN_KEYS'>,
  programId: string,
  token: string,
): Promise<Result<{ memberId: string; shown: Shown }>> {
  const claims = await verifyToken(env, 'card+jwt', token, { now: 0 })
  if (!claims.ok || claims.value.aud !== programId || !Number.isInteger(claims.value.epoch)) {
    return strange
  }
  const { sub: memberId, jti: id, exp, epoch } = claims.value
  return ok({ memberId, shown: { id, endsAt: exp * 1000, epoch: epoch as number } })
}
