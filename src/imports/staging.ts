import schema from '../../migrations/import/0001_import.sql'
import type { Command } from '../ledger/decide'
import type { Failure } from '../result'
import type { Import } from './import'
import type { Fault, Person, StagedRow, Touched } from './staged'

/** Behind all numbers of rows come those of who is only named. */
const NAMED = 2 ** 40

/** Where a file lies until it is booked: what is read of it sorted by member and time. Emptied when it is done. */
export class Staging {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
  }

  /** All of it or nothing. */
  atomically<T>(work: () => T): T {
    return this.#storage.transactionSync(work)
  }

  /** Null where nothing was begun; then nothing is left behind. */
  load(): Import | null {
    const tables = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'import'").toArray()
    const [row] =
      tables.length > 0 ? this.#sql.exec<{ value: string }>('SELECT value FROM import') : []
    return row ? (JSON.parse(row.value) as Import) : null
  }

  /** Begins with nothing, whatever was here. */
  begin(begun: Import): void {
    if (this.load() === null) {
      this.#sql.exec(schema)
    }
    this.clear()
    for (const table of ['faults', 'members']) {
      this.#sql.exec(`DELETE FROM ${table}`)
    }
    this.#sql.exec('REPLACE INTO import VALUES (1, ?)', JSON.stringify(begun))
  }

  /** Changes the import as it is now. */
  change(changed: (before: Import) => Partial<Import>): Import {
    const before = this.load()!
    const after = { ...before, ...changed(before) }
    this.#sql.exec('UPDATE import SET value = ?', JSON.stringify(after))
    return after
  }

  addPiece(position: number, sealed: Uint8Array): void {
    this.#sql.exec('INSERT INTO pieces VALUES (?, ?)', position, sealed)
  }

  /** The next piece of the file that was not read. */
  nextPiece(): { position: number; sealed: Uint8Array } | null {
    const [row] = this.#sql.exec<{ position: number; bytes: ArrayBuffer }>(
      'SELECT position, bytes FROM pieces ORDER BY position LIMIT 1',
    )
    return row ? { position: row.position, sealed: new Uint8Array(row.bytes) } : null
  }

  dropPiece(position: number): void {
    this.#sql.exec('DELETE FROM pieces WHERE position = ?', position)
  }

  /** Throws away what came of a file, for another beginning. */
  clear(): void {
    for (const table of ['pieces', 'rows', 'people', 'identities']) {
      this.#sql.exec(`DELETE FROM ${table}`)
    }
  }

  hasPerson(who: string): boolean {
    return this.#sql.exec('SELECT 1 FROM people WHERE who = ? LIMIT 1', who).toArray().length > 0
  }

  /** Adds somebody, in the place of who was only named before. */
  addPerson({ who, number, isRow, id, sealed }: Person): void {
    this.#sql.exec('DELETE FROM people WHERE who = ? AND number >= ?', who, NAMED)
    const values = [isRow ? number : number + NAMED, who, isRow ? 1 : 0, id, sealed]
    this.#sql.exec('INSERT INTO people VALUES (?, ?, ?, ?, ?)', ...values)
  }

  /** The next people: whom a row is about, then whom others only name, each in the order of the file. */
  people(count: number): Person[] {
    const rows = this.#sql.exec<{
      who: string
      number: number
      is_row: number
      id: string
      body: string
    }>('SELECT * FROM people ORDER BY number LIMIT ?', count)
    return Array.from(rows, ({ number, is_row, body, ...rest }) => ({
      ...rest,
      number: number % NAMED,
      isRow: is_row === 1,
      sealed: body,
    }))
  }

  /** Drops those up to one whom `people` gave. */
  dropPeople({ number, isRow }: Person): void {
    this.#sql.exec('DELETE FROM people WHERE number <= ?', isRow ? number : number + NAMED)
  }

  /** Notes an identity, and whose it is where that is known. */
  addIdentity(who: string, member: string | null): void {
    this.#sql.exec(
      `INSERT INTO identities VALUES (?, ?)
       ON CONFLICT DO UPDATE SET member = excluded.member WHERE excluded.member IS NOT NULL`,
      who,
      member,
    )
  }

  /** Whose an identity is; undefined where that is not known. */
  identity(who: string): string | undefined {
    const sql = 'SELECT member FROM identities WHERE who = ?'
    return this.#sql.exec<{ member: string | null }>(sql, who).toArray()[0]?.member ?? undefined
  }

  unknownIdentities(count: number): string[] {
    const rows = this.#sql.exec<{ who: string }>(
      'SELECT who FROM identities WHERE member IS NULL LIMIT ?',
      count,
    )
    return Array.from(rows, ({ who }) => who)
  }

  /** What happened at one time is sorted so that an order comes before what came back of it. */
  addRow({ who, at, number, command }: StagedRow): void {
    const rank = command.type === 'purchase' ? 0 : 1
    const values = [who, at, rank, number, JSON.stringify(command)]
    this.#sql.exec('INSERT INTO rows VALUES (?, ?, ?, ?, ?)', ...values)
  }

  /** The first rows of a member in the order in which they happened. */
  rowsOf(member: string, count: number): StagedRow[] {
    const rows = this.#sql.exec<{ who: string; at: number; number: number; body: string }>(
      `SELECT r.who, r.at, r.number, r.body FROM identities i JOIN rows r ON r.who = i.who
       WHERE i.member = ? ORDER BY r.at, r.rank, r.number LIMIT ?`,
      member,
      count,
    )
    return Array.from(rows, ({ body, ...rest }) => ({
      ...rest,
      command: JSON.parse(body) as Command,
    }))
  }

  dropRows(rows: readonly StagedRow[]): void {
    const sql = 'DELETE FROM rows WHERE who = ? AND at = ? AND rank < 2 AND number = ?'
    for (const { who, at, number } of rows) {
      this.#sql.exec(sql, who, at, number)
    }
  }

  /** Makes faults of all rows of a member; answers how many. */
  refuseRows(member: string, failure: Failure): number {
    const theirs = 'who IN (SELECT who FROM identities WHERE member = ?)'
    const value = JSON.stringify(failure)
    this.#sql.exec(`INSERT INTO faults SELECT number, ? FROM rows WHERE ${theirs}`, value, member)
    const dropped = this.#sql.exec(`DELETE FROM rows WHERE ${theirs} RETURNING number`, member)
    return dropped.toArray().length
  }

  /** Members who have rows, after one of them. */
  membersWithRows(after: string, count: number): string[] {
    const rows = this.#sql.exec<{ member: string }>(
      'SELECT DISTINCT member FROM identities WHERE member > ? ORDER BY member LIMIT ?',
      after,
      count,
    )
    return Array.from(rows, ({ member }) => member)
  }

  addFault(row: number, failure: Failure): void {
    this.#sql.exec('INSERT OR IGNORE INTO faults VALUES (?, ?)', row, JSON.stringify(failure))
  }

  faults(after: number, count: number): Fault[] {
    const rows = this.#sql.exec<{ number: number; value: string }>(
      'SELECT * FROM faults WHERE number > ? ORDER BY number LIMIT ?',
      after,
      count,
    )
    return Array.from(rows, ({ number, value }) => ({
      row: number,
      ...(JSON.parse(value) as Failure),
    }))
  }

  /** Notes a member who was touched; false when that is known. */
  addMember({ id, isNew, locale }: Touched): boolean {
    const values = [id, isNew ? 1 : 0, locale]
    const added = this.#sql.exec('INSERT OR IGNORE INTO members VALUES (?, ?, ?)', ...values)
    return added.rowsWritten > 0
  }

  /** Notes whoever may have been, by a step that was cut off: enrolled under the id that waits, or booked for. */
  touchAll(): void {
    this.#sql.exec('INSERT OR IGNORE INTO members SELECT id, 1, NULL FROM people')
    this.#sql.exec(
      "INSERT OR IGNORE INTO members SELECT member, 0, NULL FROM identities WHERE member NOT LIKE '!%'",
    )
  }

  /** A member who was touched, or null. */
  member(id: string): Touched | null {
    const [row] = this.#sql.exec<TouchedRow>('SELECT * FROM members WHERE id = ?', id)
    return row ? touchedOf(row) : null
  }

  members(after: string, count: number): Touched[] {
    const rows = this.#sql.exec<TouchedRow>(
      'SELECT * FROM members WHERE id > ? ORDER BY id LIMIT ?',
      after,
      count,
    )
    return Array.from(rows, touchedOf)
  }
}

type TouchedRow = { id: string; is_new: number; locale: string | null }

const touchedOf = ({ is_new, ...rest }: TouchedRow): Touched => ({ ...rest, isNew: is_new === 1 })
