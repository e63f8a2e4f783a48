import type { Failure } from '../result'
import type { Key } from './call'
import type { Entry } from './ledger'
import type { Standing } from './receipt'
import { hash48, readEntries, readMemo } from './entries'
import { unpackStanding } from './standing'

/** What was answered to a key that made no entry: a refusal, nothing to do, or an earlier entry's receipt. */
export type Outcome = { failure: Failure } | { standing: Standing } | { seq: number }

/** Remembers what was answered to a key that made no entry. */
export function remember(sql: SqlStorage, key: Key, outcome: Outcome): void {
  const fingerprint = Buffer.from(key.fingerprint).toString('base64url')
  const value = JSON.stringify({ fingerprint, outcome })
  sql.exec('INSERT INTO memos VALUES (?, ?)', `key:${key.key}`, value)
}

/** What was answered to this key before; null for a key that is new. */
export function recall(
  sql: SqlStorage,
  key: string,
): { fingerprint: Uint8Array; outcome: Outcome } | null {
  const rows = sql.exec<{ seq: number; key: string; fingerprint: ArrayBuffer }>(
    'SELECT seq, key, fingerprint FROM entries WHERE key_hash = ?',
    hash48(key),
  )
  for (const row of rows) {
    if (row.key === key) {
      return { fingerprint: new Uint8Array(row.fingerprint), outcome: { seq: row.seq } }
    }
  }
  const memo = readMemo<{ fingerprint: string; outcome: Outcome }>(sql, `key:${key}`)
  return (
    memo && {
      fingerprint: new Uint8Array(Buffer.from(memo.fingerprint, 'base64url')),
      outcome: memo.outcome,
    }
  )
}

/** The entries of one command, by any of them, and where the member stood after: what its first answer was. */
export function readCommand(
  sql: SqlStorage,
  seq: number,
): { entries: Entry[]; standing: Standing; content: Uint8Array } {
  const last = sql
    .exec<{ seq: number; span: number; standing: string; content: ArrayBuffer }>(
      `SELECT seq, span, standing, content FROM entries
       WHERE seq >= ? AND key_hash IS NOT NULL ORDER BY seq LIMIT 1`,
      seq,
    )
    .one()
  return {
    entries: readEntries(sql, last.seq - last.span, last.span),
    standing: unpackStanding(last.standing, last.seq),
    content: new Uint8Array(last.content),
  }
}

/** The key under which the command was asked whose last entry this is. */
export const readKey = (sql: SqlStorage, seq: number): string | null =>
  sql.exec<{ key: string | null }>('SELECT key FROM entries WHERE seq = ?', seq).one().key
