import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { BASE32, randomText } from '../auth/random'
import { database } from '../db/client'
import { type Api, originOf } from '../http/context'
import { isLimited } from '../http/limit'
import { problem } from '../http/problem'
import { body } from '../http/validate'
import { enrolOne } from '../members/enrolment'
import { indexContacts, readPhoneOf } from '../members/contact'
import { renewSession, startSession } from '../members/session'
import { findMemberId } from '../members/contact-store'
import { codeMessage } from '../messages/message'
import { senderFor } from '../messages/sender'
import { ok, type Failure, type Result } from '../result'
import { codesOf, type Identifier } from './client'
import { renewal, start, verification } from './schema'
import { LIFE_MS } from './sign-in'

const tooMany: Failure = {
  code: 'too_many_requests',
  detail: 'Too many codes. Wait, then try again.',
}
/** The limiter of addresses counts by the minute. */
const crowded: Failure = { ...tooMany, retryAfterSeconds: 60 }
const refused: Failure = {
  code: 'code_refused',
  detail: 'The code is wrong, was used, or is too old. Ask for a new one.',
}

/** `/me/sign-in` and `/me/tokens`: how somebody becomes who calls `/me`. With the program's publishable key. */
export const signIn = new Hono<Api>()

// Who is known and who is not is answered alike: no member is looked up before the code was right.
signIn.post('/sign-in', body(start), async (c) => {
  const program = c.get('program')
  const { locale, ...given } = c.req.valid('json')
  const identifier = identifierIn(given, program.country)
  if (!identifier.ok) {
    return problem(c, identifier.failure)
  }
  const { kind, value } = identifier.value
  const sender = senderFor(c.env, program, kind)
  if (!sender.ok) {
    return problem(c, sender.failure)
  }
  if (await isCrowded(c)) {
    return problem(c, crowded)
  }
  const codes = await codesOf(c.env, program, identifier.value)
  const begun = await codes.begin(program.clockMs)
  if ('retryAfterSeconds' in begun) {
    return problem(c, { ...tooMany, ...begun })
  }
  const { code } = begun
  await sender.value.send(codeMessage(program, { channel: kind, to: value, code, locale }))
  return c.json({ expiresInSeconds: LIFE_MS / 1000 }, 202)
})

signIn.post('/sign-in/verify', body(verification), async (c) => {
  const program = c.get('program')
  const { locale, code, ...given } = c.req.valid('json')
  const identifier = identifierIn(given, program.country)
  if (!identifier.ok) {
    return problem(c, identifier.failure)
  }
  if (await isCrowded(c)) {
    return problem(c, crowded)
  }
  const codes = await codesOf(c.env, program, identifier.value)
  if (!(await codes.verify(code, program.clockMs))) {
    return problem(c, refused)
  }
  const { kind, value } = identifier.value
  const identity = { [kind]: value }
  const [contact] = await indexContacts(c.env.PROFILE_KEY, program.id, identity)
  const db = database(c.env, { programId: program.id, contactHash: contact!.hash })
  const known = await findMemberId(db, program.id, contact!)
  const attempt = {
    identity,
    locale,
    source: 'sign-in' as const,
    key: randomText(BASE32, 16),
    origin: originOf(c),
  }
  const member =
    known === null ? await enrolOne(c.env, program, attempt) : ok({ memberId: known, isNew: false })
  if (!member.ok) {
    return problem(c, member.failure)
  }
  const { memberId, isNew } = member.value
  const tokens = await startSession(c.env, program, memberId)
  return tokens.ok
    ? c.json({ ...tokens.value, isNew }, isNew ? 201 : 200)
    : problem(c, tokens.failure)
})

signIn.post('/tokens', body(renewal), async (c) => {
  const tokens = await renewSession(c.env, c.get('program'), c.req.valid('json').refreshToken)
  return tokens.ok ? c.json(tokens.value) : problem(c, tokens.failure)
})

function identifierIn(
  given: { email?: string | undefined; phone?: string | undefined },
  country: string | null,
): Result<Identifier> {
  const read = readPhoneOf(given, country)
  if (!read.ok) {
    return read
  }
  const { email, phone } = read.value
  return ok(
    email === undefined ? { kind: 'phone', value: phone! } : { kind: 'email', value: email },
  )
}

/** Whether too much comes from one address; one that is not known lets pass. */
async function isCrowded(c: Context<Api>): Promise<boolean> {
  const address = c.req.header('CF-Connecting-IP')
  const key = `${c.get('program').id}:${address}`
  return address !== undefined && isLimited(c.env.SIGN_IN_LIMITER, key)
}
