import { sha256 } from '../hash'
import { closes } from './coupon'
import { erasedTexts } from './erase'
import type { Key } from './call'
import { type Entry } from './ledger'
import { type History, threadOf, withoutUndone } from './thread'
import { type EntryRow, packEntry, unpackEntry } from './pack'
import type { Standing } from './receipt'
import type { ChainedEntry } from './statement'
import { packStanding } from './standing'

/** Writes entries; the last carries the key that asked for them and how many of them there are. */
export function appendEntries(
  sql: SqlStorage,
  entries: readonly { entry: Entry; hash: Uint8Array }[],
  asked: { key: Key; span: number; standing: Standing } | null,
): void {
  for (const { entry, hash } of entries) {
    const row = packEntry(entry)
    const thread = threadOf(entry)
    const last = asked && entry === entries.at(-1)!.entry ? asked : null
    sql.exec(
      'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      row.seq,
      row.kind,
      row.points,
      row.occurred_at,
      row.recorded_at,
      thread === null ? null : hash48(thread),
      row.texts,
      row.body,
      hash,
      last && hash48(last.key.key),
      last && last.key.key,
      last && last.key.fingerprint,
      last && last.key.content,
      last && last.span,
      last && packStanding(last.standing),
    )
    if (entry.detail.refund) {
      rememberRefund(sql, entry)
    }
    if (closes(entry)) {
      sql.exec('REPLACE INTO memos VALUES (?, ?)', `coupon:${entry.ref}`, String(entry.seq))
    }
  }
}

/** Entries after a `seq`, oldest first, at most `limit`. */
export function readEntries(sql: SqlStorage, after: number, limit: number): Entry[] {
  const rows = sql.exec<EntryRow>(
    `SELECT ${COLUMNS} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?`,
    after,
    limit,
  )
  return Array.from(rows, unpackEntry)
}

/** Entries after a `seq` with their hashes, oldest first, at most `limit`. */
export function readChained(sql: SqlStorage, after: number, limit: number): ChainedEntry[] {
  const rows = sql.exec<EntryRow & { hash: ArrayBuffer }>(
    `SELECT ${COLUMNS}, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?`,
    after,
    limit,
  )
  return Array.from(rows, (row) => ({
    ...unpackEntry(row),
    hash: Buffer.from(row.hash).toString('hex'),
  }))
}

/** The last `limit` entries of a thread, newest first. */
export function readLastOf(sql: SqlStorage, thread: string, limit: number): Entry[] {
  const rows = sql.exec<EntryRow>(
    `SELECT ${COLUMNS} FROM entries WHERE thread_hash = ? ORDER BY seq DESC LIMIT ?`,
    hash48(thread),
    limit,
  )
  return Array.from(rows, unpackEntry).filter((entry) => threadOf(entry) === thread)
}

/** Entries before a `seq`, newest first, at most `limit`. */
export function readEntriesBefore(sql: SqlStorage, before: number, limit: number): Entry[] {
  const rows = sql.exec<EntryRow>(
    `SELECT ${COLUMNS} FROM entries WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
    before,
    limit,
  )
  return Array.from(rows, unpackEntry)
}

/** The entries that were there at an instant (milliseconds), oldest first, one at a time. */
export function* entriesAt(sql: SqlStorage, atMs: number): Generator<Entry> {
  for (const row of sql.exec<EntryRow>(`SELECT ${COLUMNS} FROM entries ORDER BY seq`)) {
    if (row.recorded_at > atMs) {
      return
    }
    yield unpackEntry(row)
  }
}

export function readEntry(sql: SqlStorage, seq: number): Entry | undefined {
  const [row] = sql.exec<EntryRow>(`SELECT ${COLUMNS} FROM entries WHERE seq = ?`, seq)
  return row && unpackEntry(row)
}

/** Earlier entries as decisions ask for them. */
export const historyOf = (sql: SqlStorage): History => ({
  entry: (seq) => readEntry(sql, seq),
  thread: (name) => {
    const rows = sql.exec<EntryRow>(
      `SELECT ${COLUMNS} FROM entries WHERE thread_hash = ? ORDER BY seq`,
      hash48(name),
    )
    return withoutUndone(Array.from(rows, unpackEntry).filter((entry) => threadOf(entry) === name))
  },
  told: (ownKeys) => readTold(sql, ownKeys),
  all: () => entriesAt(sql, Infinity),
  closing: (redemptionId) => {
    const seq = readMemo<number>(sql, `coupon:${redemptionId}`)
    return seq === null ? undefined : readEntry(sql, seq)
  },
  refunds: (refundId) => refundSeqs(sql, refundId).map((seq) => readEntry(sql, seq)!),
})

const COLUMNS = 'seq, kind, points, occurred_at, recorded_at, texts, body'

/** Erases what links entries to a person: texts become digests, keys and what can be guessed go, and all memos. */
export function eraseTexts(sql: SqlStorage, salt: Uint8Array): void {
  const rows = sql.exec<EntryRow>(`SELECT ${COLUMNS} FROM entries WHERE texts IS NOT NULL`)
  for (const row of rows.toArray()) {
    const texts = erasedTexts(salt, unpackEntry(row))
    sql.exec('UPDATE entries SET texts = ? WHERE seq = ?', texts, row.seq)
  }
  sql.exec(
    `UPDATE entries SET thread_hash = NULL, key_hash = NULL, key = NULL, fingerprint = NULL, content = NULL
     WHERE thread_hash IS NOT NULL OR key_hash IS NOT NULL`,
  )
  sql.exec('DELETE FROM memos')
}

const refundSeqs = (sql: SqlStorage, refundId: string): number[] =>
  readMemo<number[]>(sql, `refund:${refundId}`) ?? []

function rememberRefund(sql: SqlStorage, { seq, reference }: Entry): void {
  const seqs = [...refundSeqs(sql, reference!), seq]
  sql.exec('REPLACE INTO memos VALUES (?, ?)', `refund:${reference}`, JSON.stringify(seqs))
}

/** The entries to which keys lead that made none; but for those that begin so. */
export function readTold(sql: SqlStorage, ownKeys: string): Set<number> {
  const rows = sql.exec<{ key: string; seq: number | null }>(
    "SELECT key, value ->> '$.outcome.seq' AS seq FROM memos WHERE key >= 'key:' AND key < 'key;'",
  )
  const others = rows.toArray().filter(({ key }) => !key.startsWith(`key:${ownKeys}`))
  return new Set(others.flatMap(({ seq }) => (seq === null ? [] : [seq])))
}

/** The first 48 bits of SHA-256: a whole number that a double holds and an index keeps in six bytes. */
export const hash48 = (text: string): number => sha256(text).readUIntBE(0, 6)

/** What is kept under a name beside the entries; null for nothing. */
export function readMemo<T>(sql: SqlStorage, key: string): T | null {
  const [row] = sql.exec<{ value: string }>('SELECT value FROM memos WHERE key = ?', key)
  return row ? (JSON.parse(row.value) as T) : null
}
