import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { jobOf } from '../../src/imports/client'
import { type Import, isAtWork, type viewOf } from '../../src/imports/import'
import type { Fault } from '../../src/imports/staged'
import { openShop, type Rules, type Shop } from '../clock/shop'
import { type Answer, call } from '../http/api'

/** Where an import stands, as its storage has it: its object, when it is asked, goes on. */
export const standing = ({ sql }: DurableObjectStorage): Import =>
  JSON.parse(sql.exec<{ value: string }>('SELECT value FROM import').one().value) as Import

export const look = (programId: string, id: string): Promise<Import> =>
  runInDurableObject(jobOf(env, programId, id), (_, { storage }) => standing(storage))

/** Everything that the object of an import keeps, table by table. */
export const dumpOf = (programId: string, id: string): Promise<Record<string, unknown[]>> =>
  runInDurableObject(jobOf(env, programId, id), (_, { storage: { sql } }) => {
    const tables = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf*'",
      )
      .toArray()
    return Object.fromEntries(
      tables.map(({ name }) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()]),
    )
  })

/** Has an import work until nothing more happens by itself. */
export async function finish(programId: string, id: string): Promise<Import> {
  for (;;) {
    if (!(await runDurableObjectAlarm(jobOf(env, programId, id)))) {
      // It rings by itself just now: what it waits for needs a turn.
      await scheduler.wait(1)
    }
    const job = await look(programId, id)
    if (!isAtWork(job)) {
      return job
    }
  }
}

export type View = ReturnType<typeof viewOf>

/** What is said of a file that is sent. */
export interface Sending {
  key?: string
  headers?: Record<string, string>
  env?: Partial<Env>
}

/** A shop's office, which sends files and has them worked on. */
export class Office {
  readonly shop: Shop

  constructor(shop: Shop) {
    this.shop = shop
  }

  /** Sends a file of CSV, or of NDJSON by its header. */
  post = (file: string | Uint8Array, query = '', sending: Sending = {}): Promise<Answer> => {
    const { key = crypto.randomUUID(), headers, env: bindings } = sending
    return call('POST', `/v1/imports?${query}`, {
      key: this.shop.key,
      body: file,
      headers: { 'content-type': 'text/csv', 'idempotency-key': key, ...headers },
      ...(bindings && { env: bindings }),
    })
  }

  /** Sends more of a file from a byte on. */
  patch = (id: string, offset: number | string, file: string | Uint8Array, headers: object = {}) =>
    call('PATCH', `/v1/imports/${id}`, {
      key: this.shop.key,
      body: file,
      headers: { 'upload-offset': String(offset), ...headers },
    })

  get = (path = ''): Promise<Answer> => this.shop.get(`/v1/imports${path}`)

  undo = (id: string): Promise<Answer> =>
    call('POST', `/v1/imports/${id}/undo`, { key: this.shop.key })

  /** Where an import stands once nothing more happens. */
  async finished(id: string): Promise<View> {
    await finish(this.shop.id, id)
    return (await this.get(`/${id}`)).json
  }

  /** Imports a file and waits. */
  async run(file: string | Uint8Array, query = '', sending?: Sending): Promise<View> {
    const { status, json, text } = await this.post(file, query, sending)
    if (status !== 202) {
      throw new Error(text)
    }
    return this.finished(json.id)
  }

  /** Undoes an import and waits. */
  async undone(id: string): Promise<View> {
    await this.undo(id)
    return this.finished(id)
  }

  /** Why rows were not taken: `[row, code]`. */
  async faults(id: string): Promise<[row: number, code: string][]> {
    const { json } = await this.get(`/${id}/faults?limit=100`)
    return json.data.map(({ row, code }: Fault) => [row, code])
  }

  /** The id of a member by the shop's own. */
  async member(externalId: string): Promise<string> {
    const { json } = await this.shop.get(`/v1/members?externalId=${externalId}`)
    return json.data[0]?.id
  }

  /** How a member stands: points and tier. */
  async standing(externalId: string): Promise<[balance: number, tier: string]> {
    const { balance, tier } = await this.shop.balance(await this.member(externalId))
    return [balance.balance, tier.id]
  }

  /** What happened to a member: `[kind, points]`, tiers left out. */
  async story(externalId: string): Promise<[kind: string, points: number][]> {
    const entries = await this.shop.entries(await this.member(externalId))
    return entries.filter(({ kind }) => kind !== 'tier').map(({ kind, points }) => [kind, points])
  }
}

/** Where the clock of an office stands. */
export const TODAY = '2026-11-20T12:00:00+08:00'

/** An office of a shop of its own: one point a yuan, lots that live for a year, silver from 100 yuan. */
export async function openOffice(changes: Rules = {}, fields: object = {}): Promise<Office> {
  const shop = await openShop({ clock: TODAY, ...fields }, changes)
  return new Office(shop)
}

/** Lines of CSV. */
export const lines = (...rows: string[]): string => rows.map((row) => `${row}\n`).join('')
