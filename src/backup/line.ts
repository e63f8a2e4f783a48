import * as z from 'zod/mini'
import type { LedgerPart } from '../ledger/backup'
import { indexHash } from '../members/contact'
import { kept, type Row } from './store'

/** A line of a backup: rows of a table, or a part of a ledger. The first says of which program, under which secret. */
export type Line = { table: string; row: Row; seal?: string } | LedgerLine

export interface LedgerLine {
  ledger: string
  part: LedgerPart
}

export const fields = z.record(z.string(), z.unknown())

/** Says of a deployment's secret whether it is the same, and nothing else. */
export const sealOf = ({ PROFILE_KEY }: Env, programId: string): Promise<string> =>
  indexHash(PROFILE_KEY, programId, 'backup', 'seal')

const text = z.nullable(z.string())
const entry = z.object({
  seq: z.int().check(z.minimum(1)),
  kind: z.int(),
  points: z.int(),
  occurred_at: z.int(),
  recorded_at: z.int(),
  thread_hash: z.nullable(z.int()),
  texts: text,
  body: z.string(),
  hash: z.string(),
  key_hash: z.nullable(z.int()),
  key: text,
  fingerprint: text,
  content: text,
  span: z.nullable(z.int()),
  standing: text,
})

/** What every ledger has beside its entries; later versions may have more. */
const ledgerFields = z.looseObject({
  programId: z.string(),
  memberId: z.string(),
  start: z.object({ tier: z.string(), enrolledOn: z.int() }),
  salt: z.string(),
  couponKey: z.string(),
  version: z.int(),
  epoch: z.int(),
  history: z.int(),
  seq: z.optional(z.int()),
})

const part = z.object({
  fields: z.optional(ledgerFields),
  entries: z.array(entry),
  memos: z.array(z.object({ key: z.string(), value: z.string() })),
})

const lineShape = z.union([
  z.object({ table: z.enum(Object.keys(kept)), row: fields, seal: z.optional(z.string()) }),
  z.object({ ledger: z.string(), part }),
])

/** A line of a backup, read; null where it is none. */
export function parseLine(text: string): Line | null {
  try {
    return lineShape.parse(JSON.parse(text)) as Line
  } catch {
    return null
  }
}
