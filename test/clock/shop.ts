import type { EntryView } from '../../src/ledger/receipt'
import type { ProgramDocument } from '../../src/program/document'
import { SQL } from '../db'
import { type Answer, call, createProgram, enrol } from '../http/api'

/** What a test changes of the program document, as it may be sent. */
export type Rules = { [K in keyof ProgramDocument]?: unknown }

/** A program of its own whose clock a test moves, called over HTTP. */
export class Shop {
  readonly id: string
  readonly key: string

  constructor({ id, key }: { id: string; key: string }) {
    this.id = id
    this.key = key
  }

  get = (path: string, headers?: Record<string, string>): Promise<Answer> =>
    call('GET', path, { key: this.key, ...(headers && { headers }) })

  /** Posts something about a member under a fresh Idempotency-Key. */
  post = (memberId: string, path: string, body: object = {}): Promise<Answer> =>
    call('POST', `/v1/members/${memberId}/${path}`, {
      key: this.key,
      body,
      headers: { 'idempotency-key': crypto.randomUUID() },
    })

  /** Buys for so many whole units of the program's currency, which has two digits. */
  buy = (memberId: string, orderId: string, major: number, rest: object = {}): Promise<Answer> =>
    this.post(memberId, 'purchases', {
      orderId,
      currency: 'CNY',
      total: major * 100,
      channel: 'pos',
      ...rest,
    })

  enrol = async (): Promise<string> => (await enrol(this.key, {})).json.id

  /** Publishes the rules that are in force with some of them changed. */
  async publish(changes: Rules): Promise<Answer> {
    const { json, headers } = await this.get('/v1/program')
    return this.put({ ...json, ...changes }, headers.get('etag')!)
  }

  put = (body: unknown, ifMatch?: string): Promise<Answer> =>
    call('PUT', '/v1/program', {
      key: this.key,
      body,
      ...(ifMatch !== undefined && { headers: { 'if-match': ifMatch } }),
    })

  move = (now: unknown, bindings: Partial<Env> = {}): Promise<Answer> =>
    call('POST', '/v1/test-clock', { key: this.key, body: { now }, env: bindings })

  /** All entries of a member, oldest first. */
  entries = async (memberId: string): Promise<EntryView[]> => {
    const all: EntryView[] = []
    for (let cursor = ''; ;) {
      const { json } = await this.get(`/v1/members/${memberId}/entries?limit=100${cursor}`)
      all.push(...json.data)
      if (json.nextCursor === null) {
        return all.toReversed()
      }
      cursor = `&cursor=${json.nextCursor}`
    }
  }

  balance = async (memberId: string) => (await this.get(`/v1/members/${memberId}/balance`)).json

  /** What D1 shows of a member's balance. */
  listed = (memberId: string) =>
    SQL.prepare('SELECT * FROM balances WHERE program_id = ? AND member_id = ?')
      .bind(this.id, memberId)
      .first()
}

/** Opens a shop whose clock stands at an instant, with some of the default rules changed. */
export async function openShop(fields: object, changes?: Rules): Promise<Shop> {
  const shop = new Shop(await createProgram(fields))
  if (changes) {
    const { status, text } = await shop.publish(changes)
    if (status !== 200) {
      throw new Error(text)
    }
  }
  return shop
}

/** Texts as instants, in milliseconds. */
export const at = (text: string): number => Date.parse(text)
