import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { SQL } from '../db'
import { type Answer, call, rootKey } from '../http/api'

/** Everything of a program, page by page, as `npm run export` asks for it. */
export async function exportOf(programId: string, key = rootKey): Promise<string> {
  let [text, path] = ['', `/v1/programs/${programId}/backup`]
  for (;;) {
    const page = await call('GET', path, { key })
    if (page.status !== 200) {
      throw new Error(`${page.status}: ${page.text}`)
    }
    text += page.text
    const next = /^<(.+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
    if (next === undefined) {
      return text
    }
    path = `/v1/programs/${programId}/backup${next}`
  }
}

/** Puts lines back, as many a call as are told. */
export async function importTo(
  programId: string,
  text: string,
  { linesACall = 50, bindings = {} }: { linesACall?: number; bindings?: Partial<Env> } = {},
): Promise<Answer[]> {
  const lines = text.split('\n').filter((line) => line !== '')
  const answers: Answer[] = []
  for (let i = 0; i < lines.length; i += linesACall) {
    const body = lines.slice(i, i + linesACall).join('\n')
    const headers = { 'content-type': 'application/x-ndjson' }
    const path = `/v1/programs/${programId}/backup`
    answers.push(await call('POST', path, { key: rootKey, body, headers, env: bindings }))
  }
  return answers
}

const tables =
  'program_versions members contacts enrolments imports webhook_endpoints webhook_events payments api_keys outbox clock_moves balances entries purchases totals'

const stubOf = (programId: string, memberId: string) =>
  env.LEDGER.get(env.LEDGER.idFromName(`${programId}:${memberId}`))

/** Leaves nothing of a program: as in a deployment that never had it. */
export async function wipe(programId: string, memberIds: readonly string[]): Promise<void> {
  await SQL.batch([
    SQL.prepare('DELETE FROM programs WHERE id = ?').bind(programId),
    ...tables
      .split(' ')
      .map((table) => SQL.prepare(`DELETE FROM ${table} WHERE program_id = ?`).bind(programId)),
  ])
  for (const id of memberIds) {
    await wipeLedger(programId, id)
  }
}

/** Leaves nothing of a ledger. */
export async function wipeLedger(programId: string, memberId: string): Promise<void> {
  const stub = stubOf(programId, memberId)
  await runInDurableObject(stub, (_, state) => state.storage.deleteAll())
  await evictDurableObject(stub)
}
