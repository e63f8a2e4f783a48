import { describe, expect, it } from 'vitest'
import { SQL } from '../db'
import { enrol, tally } from '../http/api'
import { mine, openStorefront, type Storefront } from '../me/storefront'

const ann = { email: 'ann@example.com' }

const countMembers = async ({ id }: Storefront) =>
  SQL.prepare('SELECT count(*) AS n FROM members WHERE program_id = ?').bind(id).first('n')

/** D1, where something else happens before the first batch: between look-up and enrolment. */
const slowly = (meanwhile: () => Promise<unknown>) => {
  let done: Promise<unknown> | null = null
  return {
    prepare: (sql: string) => SQL.prepare(sql),
    batch: async (all: D1PreparedStatement[]) => {
      await (done ??= meanwhile())
      return SQL.batch(all)
    },
  } as unknown as D1Database
}

describe('who signs in while the shop enrols the same person', () => {
  it('is one member, however they race', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    const [signedIn, ...enrolled] = await Promise.all([
      store.verify(ann, code),
      ...Array.from({ length: 5 }, () => enrol(store.key, ann)),
    ])
    const ids = [signedIn.json.memberId, ...enrolled.map(({ json }) => json.id)]
    expect(new Set(ids).size).toBe(1)
    expect(await countMembers(store)).toBe(1)
    expect((await mine(signedIn.json, 'GET')).json).toMatchObject(ann)
  })

  it('is told to be known when the shop was quicker', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    let shop = { status: 0, json: { id: '' } }
    const DB = slowly(async () => {
      shop = await enrol(store.key, ann)
    })
    const { status, json } = await store.verify(ann, code, { env: { DB } })
    expect([shop.status, json.memberId]).toEqual([201, shop.json.id])
    expect([status, json.isNew]).toEqual([200, false])
  })

  it('is one member when two programs are asked at once: each has its own', async () => {
    const stores = await Promise.all([openStorefront(), openStorefront()])
    const all = await Promise.all(
      stores.map(async (store) => store.verify(ann, await store.codeFor(ann))),
    )
    expect(tally(all)).toEqual({ 201: 2 })
    expect(all[0]!.json.memberId).not.toBe(all[1]!.json.memberId)
    expect((await mine(all[0]!.json, 'GET')).json.id).toBe(all[0]!.json.memberId)
  })
})
