import { isSameDigest } from '../auth/key'
import { sha256 } from '../hash'
import { fail, ok, type Result } from '../result'

// Who may speak for a member: the sessions of signed-in devices. They end by real time, whatever the program's clock.

/** A session as a member token names it; `epoch` is raised when all are ended at once. */
export interface SessionRef {
  id: string
  epoch: number
}

/** A signed-in device: what is kept of its refresh token (SHA-256, base64url), and when it is over (milliseconds). */
export interface Session {
  secret: string
  startedAt: number
  endsAt: number
}

/** What can be asked of a member's sessions; secrets in clear. */
export type SessionRequest =
  | { type: 'open'; id: string; secret: string }
  | { type: 'rotate'; id: string; secret: string; next: string }
  | { type: 'close'; id: string }
  | { type: 'closeAll' }

/** Where sessions are kept. */
export interface Sessions {
  get(id: string): Session | null
  put(id: string, session: Session): void
  drop(id: string): void
  all(): { id: string; session: Session }[]
}

/** How long a device stays signed in that is not used. */
const IDLE_MS = 90 * 86_400_000

/** How many devices are signed in at once. */
const MOST = 20

const over = fail('unauthorized', 'This session is over. Sign in again.')

/** Does what is asked of the sessions at `now`, real milliseconds. */
export function changeSessions(
  sessions: Sessions,
  request: SessionRequest,
  now: number,
): Result<null> {
  switch (request.type) {
    case 'open':
      makeRoom(sessions, now)
      sessions.put(request.id, {
        secret: hashOf(request.secret),
        startedAt: now,
        endsAt: now + IDLE_MS,
      })
      return ok(null)
    case 'rotate':
      return rotate(sessions, request, now)
    case 'close':
      sessions.drop(request.id)
      return ok(null)
    case 'closeAll':
      sessions.all().forEach(({ id }) => sessions.drop(id))
      return ok(null)
  }
}

/** A refresh token that was used before is in two hands: neither can be told from the other, and the session ends. */
function rotate(
  sessions: Sessions,
  { id, secret, next }: Extract<SessionRequest, { type: 'rotate' }>,
  now: number,
): Result<null> {
  const session = sessions.get(id)
  if (session === null) {
    return over
  }
  if (session.endsAt <= now || !isSameDigest(session.secret, hashOf(secret))) {
    sessions.drop(id)
    return over
  }
  sessions.put(id, { ...session, secret: hashOf(next), endsAt: now + IDLE_MS })
  return ok(null)
}

/** Sessions that are over go first, then those that were never refreshed, then the one that was longest ago. */
function makeRoom(sessions: Sessions, now: number): void {
  const rank = ({ startedAt, endsAt }: Session) =>
    endsAt <= now ? 0 : endsAt - startedAt === IDLE_MS ? 1 : 2
  const all = sessions
    .all()
    .toSorted(({ session: a }, { session: b }) => rank(a) - rank(b) || a.endsAt - b.endsAt)
  const ended = all.filter(({ session }) => session.endsAt <= now).length
  all.slice(0, Math.max(ended, all.length - MOST + 1)).forEach(({ id }) => sessions.drop(id))
}

/** Whether a token's session still is. */
export const isAlive = (
  sessions: Sessions,
  epoch: number,
  { id, epoch: claimed }: SessionRef,
): boolean => claimed === epoch && sessions.get(id) !== null

const hashOf = (secret: string): string => sha256(secret).toString('base64url')
