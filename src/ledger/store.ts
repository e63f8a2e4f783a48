import ledgerSql from '../../migrations/ledger/0001_ledger.sql'
import idleSql from '../../migrations/ledger/0002_idle.sql'
import { NEVER } from '../program/expiry'
import type { Program } from '../program/program'
import { GENESIS } from './chain'
import { readEntry, readMemo } from './entries'
import { empty, type Entry, holdOf, type Lot, type Start, startIn, type State } from './ledger'
import type { Session, Sessions } from './session'

/** Every schema there ever was, oldest first. Append only. */
export const SCHEMAS: readonly string[] = [ledgerSql, idleSql]

/** The one row that is rewritten: the state, and what the object knows of itself. */
export interface Ledger {
  programId: string
  memberId: string
  start: Start
  /** Hides what links to a person in the chain; base64. */
  salt: string
  /** The last entry's hash, base64. */
  head: string
  /** When the alarm rings, in real milliseconds; null while none is armed. */
  alarmAt: number | null
  /** How often in a row the projection was found behind. */
  attempt: number
  /** When the last entries were written, in real milliseconds, whatever the program's clock. */
  committedAt: number
  /** When time alone next changes something, by the program's clock and the rules of `version`; null for never. */
  dueAt: number | null
  /** The version of the program that the ledger last obeyed. */
  version: number
  /** Of all sessions: raised when they are ended at once. */
  epoch: number
  /** The language in which the member is written to; null for the program's. */
  locale: string | null
  /** Makes coupon codes; base64. */
  couponKey: string
  /** Shown cards that were used and are not over yet: their id, and when they are, in real milliseconds. */
  cards: readonly (readonly [id: string, endsAt: number])[]
  /** When the member was erased, in real milliseconds. */
  erasedAt: number | null
  /** When storage was last put back to an earlier time, in real milliseconds; 0 for never. */
  history: number
  /** When it was last brought here by a backup, in real milliseconds; 0 for never. */
  restoredAt: number
  /** Up to which entry a backup that is being put back is known to go. */
  restoringTo: number
  state: State
}

/** Makes the tables of a new member, in the program's lowest tier. */
export function create(
  sql: SqlStorage,
  memberId: string,
  program: Program,
  locale: string | null,
): Ledger {
  const start = startIn(program)
  const ledger: Ledger = {
    programId: program.id,
    memberId,
    start,
    salt: newKey(),
    head: Buffer.from(GENESIS).toString('base64'),
    alarmAt: null,
    attempt: 0,
    committedAt: 0,
    dueAt: null,
    version: program.version,
    ...addedSince(),
    locale,
    state: empty(start),
  }
  createTables(sql, ledger)
  return ledger
}

/** Makes the tables of a ledger that has no entries yet. */
export function createTables(sql: SqlStorage, ledger: Ledger): void {
  for (const statements of SCHEMAS) {
    sql.exec(statements)
  }
  sql.exec('INSERT INTO state VALUES (1, ?, ?)', SCHEMAS.length, packLedger(ledger))
}

/** 128 random bits in base64. */
const newKey = (): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')

/** What the first ledgers did not have. */
const addedSince = () => ({
  epoch: 0,
  locale: null,
  couponKey: newKey(),
  cards: [],
  erasedAt: null,
  history: 0,
  restoredAt: 0,
  restoringTo: 0,
})

/** What a ledger forgets of a member who has left. */
export const FORGOTTEN = { salt: '', couponKey: '', locale: null, cards: [], dueAt: null }

/**
 * The ledger as it was last written, or null where no member was enrolled: then nothing is left behind.
 * Brings an older schema up to date, so it runs in a transaction.
 */
export function load(sql: SqlStorage, schemas = SCHEMAS): Ledger | null {
  const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'state'").toArray()
  if (tables.length === 0) {
    return null
  }
  const { schema: version, value } = sql
    .exec<{ schema: number; value: string }>('SELECT schema, value FROM state')
    .one()
  if (version < schemas.length) {
    for (const statements of schemas.slice(version)) {
      sql.exec(statements)
    }
    sql.exec('UPDATE state SET schema = ?', schemas.length)
  }
  const { holds, start = FIRST_START, ...ledger } = JSON.parse(value) as Stored
  const state = { ...empty(start), ...ledger.state }
  return {
    ...addedSince(),
    ...ledger,
    start,
    state: {
      ...state,
      lots: readLots(sql, state),
      holds: holds.map((seq) => holdOf(readEntry(sql, seq)!)),
    },
  }
}

/** Under which keys sessions are kept among the memos. */
export const SESSION = 'session:'

/** The member's sessions, as memos. */
export const sessionsOf = (sql: SqlStorage): Sessions => ({
  get: (id) => readMemo<Session>(sql, SESSION + id),
  put: (id, session) => {
    sql.exec('REPLACE INTO memos VALUES (?, ?)', SESSION + id, JSON.stringify(session))
  },
  drop: (id) => {
    sql.exec('DELETE FROM memos WHERE key = ?', SESSION + id)
  },
  all: () => {
    const rows = sql.exec<{ key: string; value: string }>(
      "SELECT key, value FROM memos WHERE key >= 'session:' AND key < 'session;'",
    )
    return Array.from(rows, ({ key, value }) => ({
      id: key.slice(SESSION.length),
      session: JSON.parse(value) as Session,
    }))
  },
})

/** The state row: lots have rows of their own, holds are known by their entries. */
type Stored = Omit<Ledger, 'start'> & { start?: Start; holds: number[] }

/** Where every member of the first schema began. */
const FIRST_START: Start = { tier: 'bronze', enrolledOn: 0 }

/** Rewrites the state row. */
export function save(sql: SqlStorage, ledger: Ledger): void {
  sql.exec('UPDATE state SET value = ?', packLedger(ledger))
}

function packLedger({ state, ...ledger }: Ledger): string {
  const { lots: _, holds, ...rest } = state
  return JSON.stringify({ ...ledger, state: rest, holds: holds.map((hold) => hold.seq) })
}

/** The lots in the order of spending; the end of an idle one is in the state. */
function readLots(sql: SqlStorage, { idle: lives }: State): Lot[] {
  const ends = new Map(lives.map(([life, expiresAt]) => [life, expiresAt]))
  const rows = sql.exec<{
    expires_at: number
    seq: number
    active_at: number | null
    remaining: number
    held: number
    idle: string | null
  }>('SELECT * FROM lots ORDER BY expires_at, seq')
  const lots = Array.from(rows, ({ seq, remaining, held, idle, ...row }) => ({
    seq,
    expiresAt: idle === null ? row.expires_at : ends.get(idle)!,
    activeAt: row.active_at,
    remaining,
    held,
    ...(idle !== null && { idle }),
  }))
  return ends.size === 0 ? lots : lots.sort((a, b) => a.expiresAt - b.expiresAt || a.seq - b.seq)
}

/** The end in a lot's row: that of an idle one moves with the state. */
const endIn = ({ expiresAt, idle }: Lot): number => (idle === undefined ? expiresAt : NEVER)

/** Brings the rows of lots that the entries touched from one state to another. */
export function writeLots(sql: SqlStorage, before: State, after: State, entries: Entry[]): void {
  const touched = new Set(entries.flatMap((e) => [e.seq, ...e.lots.map(([seq]) => seq)]))
  if (entries.some(({ detail }) => detail.renews)) {
    const idle = new Set(after.lots.filter((lot) => lot.idle !== undefined).map((lot) => lot.seq))
    const ended = before.lots.filter((lot) => lot.idle !== undefined && !idle.has(lot.seq))
    ended.forEach(({ seq }) => touched.add(seq))
  }
  const rowsIn = ({ lots }: State) =>
    new Map(lots.filter(({ seq }) => touched.has(seq)).map((lot) => [lot.seq, lot]))
  const was = rowsIn(before)
  const is = rowsIn(after)
  for (const [seq, lot] of was) {
    const now = is.get(seq)
    if (!now || endIn(now) !== endIn(lot)) {
      sql.exec('DELETE FROM lots WHERE expires_at = ? AND seq = ?', endIn(lot), seq)
    }
  }
  for (const [seq, lot] of is) {
    const old = was.get(seq)
    const { activeAt, remaining, held, idle = null } = lot
    if (old && endIn(old) === endIn(lot)) {
      sql.exec(
        'UPDATE lots SET active_at = ?, remaining = ?, held = ? WHERE expires_at = ? AND seq = ?',
        activeAt,
        remaining,
        held,
        endIn(lot),
        seq,
      )
    } else {
      const values = [endIn(lot), seq, activeAt, remaining, held, idle]
      sql.exec('INSERT INTO lots VALUES (?, ?, ?, ?, ?, ?)', ...values)
    }
  }
}
