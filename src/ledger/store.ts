import schema from '../../migrations/ledger/0001_ledger.sql'
import type { Program } from '../program/program'
import { GENESIS } from './chain'
import { readEntry } from './entries'
import { empty, type Entry, holdOf, type Lot, type State } from './ledger'

/** Every schema there ever was, oldest first. Append only. */
export const SCHEMAS: readonly string[] = [schema]

/** The one row that is rewritten: the state, and what the object knows of itself. */
export interface Ledger {
  programId: string
  memberId: string
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
  state: State
}

/** Makes the tables of a new member, in the program's lowest tier. */
export function create(sql: SqlStorage, memberId: string, program: Program): Ledger {
  const ledger: Ledger = {
    programId: program.id,
    memberId,
    salt: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64'),
    head: Buffer.from(GENESIS).toString('base64'),
    alarmAt: null,
    attempt: 0,
    committedAt: 0,
    dueAt: null,
    version: program.version,
    state: empty(program.rules.tiers[0].id),
  }
  for (const statements of SCHEMAS) {
    sql.exec(statements)
  }
  sql.exec('INSERT INTO state VALUES (1, ?, ?)', SCHEMAS.length, packLedger(ledger))
  return ledger
}

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
  const { holds, ...ledger } = JSON.parse(value) as Omit<Ledger, 'holds'> & { holds: number[] }
  const state: State = {
    ...ledger.state,
    lots: readLots(sql),
    holds: holds.map((seq) => holdOf(readEntry(sql, seq)!)),
  }
  return { ...ledger, state }
}

/** Rewrites the state row. */
export function save(sql: SqlStorage, ledger: Ledger): void {
  sql.exec('UPDATE state SET value = ?', packLedger(ledger))
}

function packLedger({ state, ...ledger }: Ledger): string {
  const { lots: _, holds, ...rest } = state
  return JSON.stringify({ ...ledger, state: rest, holds: holds.map((hold) => hold.seq) })
}

function readLots(sql: SqlStorage): Lot[] {
  const rows = sql.exec<{
    expires_at: number
    seq: number
    active_at: number | null
    remaining: number
    held: number
  }>('SELECT * FROM lots ORDER BY expires_at, seq')
  return Array.from(rows, (row) => ({
    seq: row.seq,
    expiresAt: row.expires_at,
    activeAt: row.active_at,
    remaining: row.remaining,
    held: row.held,
  }))
}

/** Brings the rows of lots that the entries touched from one state to another. */
export function writeLots(sql: SqlStorage, before: State, after: State, entries: Entry[]): void {
  const touched = new Set(entries.flatMap((e) => [e.seq, ...e.lots.map(([seq]) => seq)]))
  const was = new Map(
    before.lots.filter((lot) => touched.has(lot.seq)).map((lot) => [lot.seq, lot]),
  )
  const is = new Map(after.lots.filter((lot) => touched.has(lot.seq)).map((lot) => [lot.seq, lot]))
  for (const [seq, lot] of was) {
    if (!is.has(seq)) {
      sql.exec('DELETE FROM lots WHERE expires_at = ? AND seq = ?', lot.expiresAt, seq)
    }
  }
  for (const [seq, { expiresAt, activeAt, remaining, held }] of is) {
    if (was.has(seq)) {
      sql.exec(
        'UPDATE lots SET active_at = ?, remaining = ?, held = ? WHERE expires_at = ? AND seq = ?',
        activeAt,
        remaining,
        held,
        expiresAt,
        seq,
      )
    } else {
      sql.exec('INSERT INTO lots VALUES (?, ?, ?, ?, ?)', expiresAt, seq, activeAt, remaining, held)
    }
  }
}
