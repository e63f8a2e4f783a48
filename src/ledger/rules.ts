import type { Program } from '../program/program'

/** A program as a call names it: where its clock stands, and which version is in force. */
export type Named = Pick<Program, 'id' | 'version' | 'clockMs'>

/** A program named, or told in full to who does not know that version. */
export type Told = Named | Program

/** How many versions an isolate remembers. */
const MOST = 100

// Versions never change, so what one object was told all objects of the isolate know.
const versions = new Map<string, Program>()

/** The rules of a version; null where this isolate was never told. */
export function rulesOf(told: Told): Program | null {
  const key = `${told.id}:${told.version}`
  if ('tiers' in told) {
    versions.delete(key)
    versions.set(key, told)
    if (versions.size > MOST) {
      versions.delete(versions.keys().next().value!)
    }
  }
  const program = versions.get(key)
  return program ? { ...program, clockMs: told.clockMs } : null
}

/** The name of a program. */
export const nameOf = ({ id, version, clockMs }: Named): Named => ({ id, version, clockMs })
