import { type Contact, indexHash } from '../members/contact'
import type { Program } from '../program/program'
import type { SignIn } from './object'

/** What somebody signs in with: one of a member's identities, normalised. */
export interface Identifier {
  kind: Extract<Contact['kind'], 'email' | 'phone'>
  value: string
}

/** The codes of an identifier. Its object's name tells nobody whose it is. */
export async function codesOf(
  env: Env,
  { id: programId }: Program,
  { kind, value }: Identifier,
): Promise<DurableObjectStub<SignIn>> {
  const hash = await indexHash(env.PROFILE_KEY, programId, kind, value)
  const name = `${programId}:${kind}:${hash}`
  return env.SIGN_IN.get(env.SIGN_IN.idFromName(name))
}
