import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { openShop } from './shop'

describe('a move over a member with more news than one call projects', () => {
  it('is ready when the lists show all of it', async () => {
    const shop = await openShop({ clock: '2027-01-05T00:00:00Z', timeZone: 'UTC' })
    const member = await shop.enrol()
    await shop.buy(member, 'o1', 10)
    await expect.poll(() => shop.listed(member), { timeout: 15_000 }).toMatchObject({ seq: 1 })
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${member}`))
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n (seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < 2300)
         INSERT INTO entries
         SELECT n.seq, 4, 0, occurred_at, recorded_at, NULL, NULL, body, hash,
           NULL, NULL, NULL, NULL, NULL, NULL
         FROM n, entries e WHERE e.seq = 1`,
      )
      storage.sql.exec("UPDATE state SET value = json_set(value, '$.state.seq', 2300)")
    })
    const { evictDurableObject } = await import('cloudflare:test')
    await evictDurableObject(stub)
    const { status, json } = await shop.move('2027-02-05T00:00:00Z')
    expect([status, json.status]).toEqual([200, 'ready'])
    expect(await shop.listed(member)).toMatchObject({ seq: 2300 })
  })
})
