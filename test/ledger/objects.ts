import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { BASE32, randomText } from '../../src/auth/random'
import type { Reply } from '../../src/ledger/call'
import type { Command } from '../../src/ledger/decide'
import type { Answers, Query } from '../../src/ledger/query'
import type { Program } from '../../src/program/program'
import { fingerprint } from '../../src/http/idempotency'
import { NOON, programOf } from './world'

let members = 0

/** The real object of one new member, called as the client calls it. */
export async function newObject(program: Program = { ...programOf(), clockMs: NOON }) {
  const object = unknownObject(program)
  await object.stub.enrol(object.memberId, program)
  return object
}

/** The object of a member whom nobody enrolled. */
export function unknownObject(program: Program = { ...programOf(), clockMs: NOON }) {
  const memberId = `member-${++members}`
  const name = `${program.id}:${memberId}`
  const stub = env.LEDGER.get(env.LEDGER.idFromName(name))
  const object = {
    memberId,
    program,
    stub,
    /** Lets the program's clock pass to an instant. */
    at(now: number) {
      object.program = { ...object.program, clockMs: now }
    },
    async send(command: Command, key: string = crypto.randomUUID()): Promise<Reply> {
      const call = {
        command,
        actor: { kind: 'server' as const, keyId: 'wq5dca40', requestId: randomText(BASE32, 16) },
        idempotencyKey: key,
        fingerprint: fingerprint('POST', command.type, command),
        program: object.program,
      }
      const reply = await stub.execute(call)
      if (typeof reply === 'string') {
        throw new Error(`The ledger is ${reply}`)
      }
      return reply as unknown as Reply
    },
    async ask<T extends Query['type']>(query: Extract<Query, { type: T }>): Promise<Answers[T]> {
      const answer = await stub.read(query, object.program)
      if (typeof answer === 'string' || !answer.ok) {
        throw new Error(`No answer to ${query.type}`)
      }
      return answer.value as unknown as Answers[T]
    },
    /** Everything in storage, table by table. */
    dump: () => runInDurableObject(stub, (_, state) => dump(state.storage.sql)),
    /** Rows of one statement. */
    sql: (statement: string) =>
      runInDurableObject(stub, (_, state) => state.storage.sql.exec(statement).toArray()),
  }
  return object
}

export type TestObject = ReturnType<typeof unknownObject>

function dump(sql: SqlStorage) {
  const tables = sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .toArray()
  return Object.fromEntries(
    tables.map(({ name }) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()]),
  )
}

/** The codes and successes of replies, counted. */
export function outcomes(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { result } of replies) {
    const name = result.ok ? 'ok' : result.failure.code
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** The receipt of a reply that must have one. */
export function receiptOf({ result }: Reply) {
  if (!result.ok) {
    throw new Error(`Refused: ${result.failure.code}`)
  }
  return result.value
}
