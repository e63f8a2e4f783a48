import { fail, ok, type Result } from '../result'
import { apply } from './apply'
import { chain, GENESIS } from './chain'
import { eraseTexts } from './entries'
import { empty, type Entry } from './ledger'
import { type EntryRow, unpackEntry } from './pack'
import { inPage } from './query'
import { createTables, FORGOTTEN, type Ledger, SESSION, writeLots } from './store'

/**
 * What a ledger keeps beside its entries, and up to which of them it speaks of; but for when its alarm rings. The state is
 * a fold of the entries.
 */
export type Fields = Omit<
  Ledger,
  'state' | 'alarmAt' | 'attempt' | 'head' | 'restoredAt' | 'restoringTo'
> & {
  seq: number
}

/** Where a backup of a ledger goes on: after an entry, then after a memo. */
export interface Mark {
  seq: number
  memo: string
}

/** A part of a ledger as its tables hold it, bytes in base64. `fields` come with the first, to begin by, and with the last. */
export interface LedgerPart {
  fields?: Fields
  entries: Record<string, string | number | null>[]
  memos: { key: string; value: string }[]
}

const ENTRIES_A_PART = 100
const MEMOS_A_PART = 200
const COLUMNS = [
  'seq',
  'kind',
  'points',
  'occurred_at',
  'recorded_at',
  'thread_hash',
  'texts',
  'body',
  'hash',
  'key_hash',
  'key',
  'fingerprint',
  'content',
  'span',
  'standing',
] as const
const INSERT = `INSERT INTO entries (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`
const BLOBS = ['hash', 'fingerprint', 'content'] as const

const broken = (seq: number) =>
  fail('validation_failed', `Entry ${seq} does not follow from the one before it.`)
const other = (seq: number) =>
  fail('already_exists', `The ledger has another entry ${seq}; it has gone its own way.`)

/** The next part of a ledger, and where the one after it begins; null after the last. */
export function dump(
  sql: SqlStorage,
  ledger: Ledger,
  after: Mark,
): { part: LedgerPart; next: Mark | null } {
  const { state, alarmAt: _a, attempt: _t, head: _h, ...beside } = ledger
  const { restoredAt: _r, restoringTo: _u, ...fields } = beside
  const rows = sql
    .exec<EntryRow>(
      'SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?',
      after.seq,
      ENTRIES_A_PART,
    )
    .toArray()
  const entries = inPage(rows)
  const seq = entries.at(-1)?.seq ?? after.seq
  const isPast = rows.length < ENTRIES_A_PART && entries.length === rows.length
  const memos = isPast
    ? sql
        .exec<{ key: string; value: string }>(
          // Sessions stay behind: who was signed out would be in again.
          `SELECT key, value FROM memos WHERE key > ? AND key NOT GLOB 'session:*'
           ORDER BY key LIMIT ?`,
          after.memo,
          MEMOS_A_PART,
        )
        .toArray()
    : []
  const isLast = isPast && memos.length < MEMOS_A_PART
  const isFirst = after.seq === 0 && after.memo === ''
  return {
    part: {
      ...((isFirst || isLast) && { fields: sorted({ ...fields, seq: state.seq }) }),
      entries: entries.map(withoutBytes),
      memos,
    },
    next: isLast ? null : { seq, memo: memos.at(-1)?.key ?? after.memo },
  }
}

/** The same fields in one order, wherever they were read. */
const sorted = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ) as unknown as Fields

const withoutBytes = (row: EntryRow) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof ArrayBuffer ? Buffer.from(value).toString('base64') : value,
    ]),
  )

/**
 * Adds what a ledger lacks, each entry checked against the chain before anything is written. What is there must be the
 * same; that there is more is well. Of who has left meanwhile nothing comes back. Answers the ledger, unsaved.
 */
export function restore(sql: SqlStorage, present: Ledger | null, part: LedgerPart): Result<Ledger> {
  const ledger = baseOf(present, part)
  if (ledger === null) {
    return fail('validation_failed', 'The first part of this ledger is missing.')
  }
  const rows = part.entries.map(withBytes)
  const gap = rows.find(({ seq }, i) => seq !== rows[0]!.seq + i)
  if (gap) {
    return broken(gap.seq)
  }
  const known = rows.filter(({ seq }) => seq <= ledger.state.seq)
  const differs = known.find((row) => !isSame(sql, row))
  if (differs) {
    return other(differs.seq)
  }
  const linked = link(ledger, rows.slice(known.length))
  if (!linked.ok) {
    return linked
  }
  if (present === null) {
    createTables(sql, ledger)
  }
  for (const row of rows.slice(known.length)) {
    sql.exec(INSERT, ...COLUMNS.map((name) => row[name] ?? null))
  }
  const { entries, state } = linked.value
  writeLots(sql, ledger.state, state, entries)
  for (const { key, value } of ledger.erasedAt === null ? part.memos : []) {
    if (!key.startsWith(SESSION)) {
      sql.exec('INSERT OR IGNORE INTO memos VALUES (?, ?)', key, value)
    }
  }
  const told = toldOf(part, ledger, { seq: state.seq, isLonger: entries.length > 0 || !present })
  const restoringTo = Math.max(ledger.restoringTo, part.fields?.seq ?? 0)
  const restored = { ...ledger, ...told, ...linked.value.at, restoringTo, state }
  const left = entries.find(({ kind }) => kind === 'erase')
  if (left === undefined || ledger.erasedAt !== null) {
    return ok(restored)
  }
  // Who had left when the backup was written leaves here too.
  eraseTexts(sql, Buffer.from(ledger.salt, 'base64'))
  return ok({ ...restored, ...FORGOTTEN, epoch: ledger.epoch + 1, erasedAt: left.recordedAt })
}

/** What a part says of a ledger beside its entries: nothing of another end of it, or of one that went on by itself. */
function toldOf(
  { fields }: LedgerPart,
  before: Ledger,
  { seq, isLonger }: { seq: number; isLonger: boolean },
): Partial<Ledger> {
  const unsettled = { dueAt: 0 }
  if (fields?.seq === seq && (isLonger || before.dueAt === unsettled.dueAt)) {
    const { seq: _seq, epoch, history, ...rest } = fields
    const { max } = Math
    return { ...rest, epoch: max(epoch, before.epoch), history: max(history, before.history) }
  }
  // The next call does what is due, and says anew when the next is.
  return isLonger ? unsettled : {}
}

/** The ledger that a part is added to: where nothing was booked yet, as the backup knows it. */
function baseOf(present: Ledger | null, { fields }: LedgerPart): Ledger | null {
  if (!fields || (present !== null && present.state.seq > 0)) {
    return present
  }
  const head = Buffer.from(GENESIS).toString('base64')
  const { seq: _seq, ...rest } = fields
  return {
    ...rest,
    head,
    restoredAt: 0,
    restoringTo: 0,
    alarmAt: present?.alarmAt ?? null,
    attempt: 0,
    state: empty(fields.start),
  }
}

/** The entries of rows that follow a ledger's last one, and where they bring it. */
function link({ state: before, head: last, salt }: Ledger, rows: readonly EntryRow[]) {
  let state = before
  let head: Uint8Array = Buffer.from(last, 'base64')
  const entries: Entry[] = []
  for (const row of rows) {
    const entry = readEntry(row)
    head = entry ? chain(head, entry, Buffer.from(salt, 'base64')) : head
    if (entry?.seq !== state.seq + 1 || !Buffer.from(head).equals(hashOf(row))) {
      return broken(row.seq)
    }
    state = apply(state, entry)
    entries.push(entry)
  }
  return ok({ entries, state, at: { head: Buffer.from(head).toString('base64') } })
}

/** The entry of a row; null where it is none. */
function readEntry(row: EntryRow): Entry | null {
  try {
    return unpackEntry(row)
  } catch {
    return null
  }
}

function withBytes(packed: LedgerPart['entries'][number]): EntryRow {
  const row = { ...packed } as EntryRow
  for (const name of BLOBS) {
    const text = packed[name]
    row[name] = typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')).buffer : null
  }
  return row
}

const hashOf = (row: EntryRow): Uint8Array => new Uint8Array(row.hash as ArrayBuffer)

const isSame = (sql: SqlStorage, row: EntryRow): boolean => {
  const [there] = sql.exec<EntryRow>('SELECT * FROM entries WHERE seq = ?', row.seq)
  return there !== undefined && Buffer.from(hashOf(there)).equals(hashOf(row))
}
