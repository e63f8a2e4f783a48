import { newMemberId, regionOf } from '../ledger/address'
import { indexHash } from '../members/contact'
import { sealText } from '../members/seal'
import type { Program } from '../program/program'
import { fail, type Failure, type Refusal } from '../result'
import type { Import } from './import'
import { openPiece, openPlace, sealPlace } from './pieces'
import { type FileRecord, readPiece } from './records'
import { fieldNames, readRow, type Row, type Who } from './row'
import type { Staging } from './staging'

/** Under which purpose people wait sealed. */
export const PERSON = 'import'

/** What a record becomes: a row under an identity, with a sealed person, or a fault. */
type Staged =
  | { number: number; row: Row; who: string; sealed: string | null }
  | { number: number; failure: Failure }

/** Reads the next piece of the file; answers false when all was read. Refuses a file that cannot be read. */
export async function readNext(
  env: Env,
  staging: Staging,
  job: Import,
  program: Program,
): Promise<boolean | Refusal> {
  const piece = staging.nextPiece()
  if (piece === null) {
    return job.rows > 0 ? false : fail('validation_failed', 'The file has no rows.')
  }
  const whose = [env.PROFILE_KEY, job.programId] as const
  const bytes = await openPiece(whose, piece.sealed)
  const bytesRead = piece.position + bytes.length
  const read = readPiece(await openPlace(whose, job.place), bytes, bytesRead === job.bytes)
  if (!read.ok) {
    return read
  }
  const { place, records } = read.value
  const missing = place.header && missingIn(place.header, job)
  if (missing) {
    return missing
  }
  const hashes = new Map<string, Promise<string>>()
  const whoOf = (who: Who) => identityOf(env, job.programId, who, hashes)
  const isFirst = firstOf(staging)
  const staged = await Promise.all(
    records.map((record) => stage(env, { ...job, place }, program, record, { whoOf, isFirst })),
  )
  const kept = await sealPlace(whose, place)
  staging.atomically(() => {
    staged.forEach((each) => keep(staging, job, each))
    staging.dropPiece(piece.position)
    staging.change((before) => ({
      place: kept,
      bytesRead,
      rows: place.number,
      failed: before.failed + staged.filter((each) => 'failure' in each).length,
    }))
  })
  return true
}

/** Whether a row is about a person, or the first to name them. */
function firstOf(staging: Staging) {
  const known = new Set<string>()
  return (who: string, isRow: boolean): boolean => {
    const isKnown = known.has(who) || staging.hasPerson(who)
    known.add(who)
    return isRow || !isKnown
  }
}

/** Refuses a file without a column that was named, or with none that means anything. */
function missingIn(header: readonly string[], { options }: Import): Refusal | null {
  const named = Object.values(options.column)
  const missing = named.filter((name) => !header.includes(name))
  const isKnown = named.length > 0 || header.some((name) => fieldNames.has(name))
  return missing.length === 0 && isKnown
    ? null
    : fail(
        'validation_failed',
        `The file has no column ${missing.join(', ') || 'that is known'}. Its first row names them.`,
      )
}

async function stage(
  env: Env,
  job: Import,
  program: Program,
  { number, fields }: FileRecord,
  {
    whoOf,
    isFirst,
  }: { whoOf: (who: Who) => Promise<string>; isFirst: (who: string, isRow: boolean) => boolean },
): Promise<Staged> {
  const { id, options, place } = job
  const name = `import:${id}:${number}`
  const format = place.format.kind
  const row = fields.ok ? readRow(fields.value, { options, format, program, name }) : fields
  if (!row.ok) {
    return { number, failure: row.failure }
  }
  const { person } = row.value
  const who = await whoOf(row.value.who)
  const sealed =
    person !== null && isFirst(who, row.value.command === null)
      ? await sealText(env.PROFILE_KEY, job.programId, PERSON, JSON.stringify(person))
      : null
  return { number, row: row.value, who, sealed }
}

/** An identity as it is kept here: an id in clear, all else as the contact index knows it. */
async function identityOf(
  env: Env,
  programId: string,
  { kind, value }: Who,
  hashes: Map<string, Promise<string>>,
): Promise<string> {
  if (kind === 'memberId') {
    return `${kind}:${value}`
  }
  const key = `${kind}:${value}`
  const hash = hashes.get(key) ?? indexHash(env.PROFILE_KEY, programId, kind, value)
  hashes.set(key, hash)
  return `${kind}:${await hash}`
}

/** Keeps what a record became. */
function keep(staging: Staging, job: Import, staged: Staged): void {
  const { number } = staged
  if ('failure' in staged) {
    staging.addFault(number, staged.failure)
    return
  }
  const { row, who, sealed } = staged
  const isRow = row.command === null
  if (sealed !== null) {
    staging.addPerson({ who, number, isRow, id: newMemberId(job.region), sealed })
  }
  if (row.command !== null) {
    const { kind, value } = row.who
    staging.addIdentity(who, kind === 'memberId' && regionOf(value) ? value : null)
    staging.addRow({ who, at: row.at, number, command: row.command })
  }
}
