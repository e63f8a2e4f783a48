import * as z from 'zod/mini'
import { database } from '../db/client'
import type { Mark } from '../ledger/backup'
import { dump } from '../ledger/client'
import { listMemberIds } from '../members/store'
import { Unavailable } from '../result'
import { fields, type Line, sealOf } from './line'
import { kept, placeOf, readRows, type Row } from './store'

/** Where a backup goes on: in a table after a row, or in a member's ledger. */
export interface Cursor {
  section: string
  after: Row | null
  member: string
  mark: Mark | null
}

const sections = Object.keys(kept).flatMap((name) =>
  name === 'programVersions' ? ['ledgers', name] : [name],
)

const ROWS_A_PAGE = 500
const LEDGERS_A_PAGE = 50

export const start: Cursor = { section: sections[0]!, after: null, member: '', mark: null }

export const cursor = z.object({
  section: z.enum(sections),
  after: z.nullable(fields),
  member: z.string(),
  mark: z.nullable(z.object({ seq: z.int(), memo: z.string() })),
})

/** The next lines of a program's backup, and where it goes on; null at its end. */
export async function readPage(
  env: Env,
  programId: string,
  at: Cursor,
): Promise<{ lines: Line[]; next: Cursor | null }> {
  const { lines, next } =
    at.section === 'ledgers'
      ? await readLedgers(env, programId, at)
      : await readTable(env, programId, at)
  const following = sections[sections.indexOf(at.section) + 1]
  const begun = following === undefined ? null : { ...start, section: following }
  return { lines, next: next ?? begun }
}

async function readTable(env: Env, programId: string, at: Cursor) {
  const db = database(env, { programId })
  const rows = await readRows(db, at.section, programId, at.after, ROWS_A_PAGE)
  const seal = at.section === 'programs' ? { seal: await sealOf(env, programId) } : {}
  const lines = rows.map((row): Line => ({ table: at.section, row, ...seal }))
  const next =
    rows.length < ROWS_A_PAGE ? null : { ...at, after: placeOf(at.section, rows.at(-1)!) }
  return { lines, next }
}

async function readLedgers(env: Env, programId: string, at: Cursor) {
  const db = database(env, { programId })
  const ids = at.mark ? [at.member] : await listMemberIds(db, programId, at.member, LEDGERS_A_PAGE)
  const from = at.mark ?? { seq: 0, memo: '' }
  const dumps = await Promise.all(ids.map((id) => dumpOf(env, programId, id, from)))
  const lines: Line[] = []
  for (const [i, dumped] of dumps.entries()) {
    const member = ids[i]!
    lines.push(...(dumped ? [{ ledger: member, part: dumped.part }] : []))
    if (dumped?.next) {
      return { lines, next: { ...at, member, mark: dumped.next } }
    }
  }
  const member = ids.at(-1)
  return { lines, next: member === undefined ? null : { ...at, member, mark: null } }
}

/** The next part of a ledger; one that cannot be read is named. */
async function dumpOf(env: Env, programId: string, member: string, from: Mark) {
  try {
    return await dump(env, programId, member, from)
  } catch (cause) {
    throw new Unavailable(`The ledger of ${member} cannot be read.`, { cause })
  }
}
