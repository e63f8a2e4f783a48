import { database } from '../db/client'
import { restore } from '../ledger/client'
import { indexContacts } from '../members/contact'
import { contactKey } from '../members/contact-store'
import { openProfile } from '../members/profile'
import { eraseMember } from '../members/store'
import { fail, ok, type Result } from '../result'
import { type LedgerLine, type Line, parseLine, sealOf } from './line'
import { addRows, enforceNewest, findMembers, type Row } from './store'

/** Adds what a backup's lines say and this deployment lacks, and erases who had left; answers how many lines. A refused one leaves those before it. */
export async function addLines(env: Env, programId: string, text: string): Promise<Result<number>> {
  const lines: Line[] = []
  for (const each of text.split('\n').filter((line) => line !== '')) {
    const line = await readLine(env, programId, each)
    if (!line.ok) {
      return fail(line.failure.code, `Line ${lines.length + 1}: ${line.failure.detail}`)
    }
    lines.push(line.value)
  }
  const rows = lines.flatMap((line) => ('table' in line ? [line] : []))
  const isKey = ({ table }: { table: string }) => table === 'apiKeys'
  const parts = lines.flatMap((line) => ('ledger' in line ? [line] : []))
  // Keys come last: nobody calls what is half there.
  const added = await addTables(
    env,
    programId,
    rows.filter((row) => !isKey(row)),
  )
  const restored = added.ok ? await restoreLedgers(env, programId, parts) : added
  const done = restored.ok ? await addTables(env, programId, rows.filter(isKey)) : restored
  if (!done.ok) {
    return done
  }
  // One who left while the backup was written has a profile in it, and a ledger that says so.
  const left = [
    ...rows.flatMap(({ table, row }) =>
      table === 'members' && row.wrappedKey === null ? [String(row.id)] : [],
    ),
    ...parts.flatMap(({ ledger, part }) => (part.fields?.erasedAt ? [ledger] : [])),
  ]
  for (const id of left) {
    await eraseMember(database(env, { programId }), programId, id)
  }
  return ok(lines.length)
}

async function addTables(
  env: Env,
  programId: string,
  rows: readonly { table: string; row: Row }[],
): Promise<Result<null>> {
  const db = database(env, { programId })
  for (const [table, of] of Map.groupBy(rows, (each) => each.table)) {
    const values = of.map(({ row }) => row)
    const own = table === 'contacts' ? await ownContacts(env, programId, values) : values
    if (!(await addRows(db, table, own))) {
      return fail('validation_failed', `These are no rows of ${table}.`)
    }
    if (table === 'programVersions') {
      await enforceNewest(db, programId)
    }
  }
  return ok(null)
}

/** The contacts that their members have as they are here: nobody gets back what they gave up. */
async function ownContacts(env: Env, programId: string, rows: readonly Row[]): Promise<Row[]> {
  const ids = [...new Set(rows.map(({ memberId }) => String(memberId)))]
  const found = await findMembers(database(env, { programId }), programId, ids)
  const own = await Promise.all(
    found.map(async (member) => {
      const subject = { programId, memberId: member.id }
      const profile = await openProfile(env.PROFILE_KEY, subject, member)
      const { cardNumber } = member
      const contacts = await indexContacts(env.PROFILE_KEY, programId, { ...profile, cardNumber })
      return contacts.map((contact) => `${member.id}:${contactKey(contact)}`)
    }),
  )
  const known = new Set(own.flat())
  return rows.filter(({ memberId, ...row }) =>
    known.has(`${String(memberId)}:${contactKey(row as never)}`),
  )
}

/** Adds the parts of ledgers, each ledger's in their order. */
async function restoreLedgers(
  env: Env,
  programId: string,
  parts: readonly LedgerLine[],
): Promise<Result<null>> {
  const restored = await Promise.all(
    Array.from(Map.groupBy(parts, ({ ledger }) => ledger).values(), (of) =>
      restoreAll(env, programId, of),
    ),
  )
  return restored.find((each) => !each.ok) ?? ok(null)
}

/** Adds the parts of one ledger in their order. */
async function restoreAll(
  env: Env,
  programId: string,
  parts: readonly LedgerLine[],
): Promise<Result<null>> {
  for (const { ledger, part } of parts) {
    const added = await restore(env, programId, ledger, part)
    if (added?.ok !== true) {
      const detail = added?.failure.detail ?? 'That is no id of a member.'
      return fail(added?.failure.code ?? 'validation_failed', `${ledger}: ${detail}`)
    }
  }
  return ok(null)
}

/** A line that belongs to this program and was sealed by this deployment's secret. */
async function readLine(env: Env, programId: string, text: string): Promise<Result<Line>> {
  const line = parseLine(text)
  if (line === null) {
    return fail('malformed_json', 'It is none of a backup.')
  }
  if (!('table' in line)) {
    const { memberId = line.ledger, programId: of = programId } = line.part.fields ?? {}
    return memberId === line.ledger && of === programId
      ? ok(line)
      : fail('validation_failed', 'It is the ledger of somebody else.')
  }
  const { table, row, seal } = line
  if ((table === 'programs' ? row.id : row.programId) !== programId) {
    return fail('validation_failed', 'It is of another program.')
  }
  return table === 'programs' && seal !== (await sealOf(env, programId))
    ? fail('validation_failed', 'It was written under another PROFILE_KEY. Set that first.')
    : ok(line)
}
