import { createMessageBatch, evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { database } from '../../src/db/client'
import worker from '../../src/index'
import { execute } from '../../src/ledger/client'
import type { Program } from '../../src/program/program'
import { findProgram } from '../../src/program/store'
import { type DueMembers, sendDue } from '../../src/projection/cron'
import type { Pointer } from '../../src/projection/projection'
import { createKey, call } from '../http/api'
import { openShop, type Shop } from '../clock/shop'
import { newObject, receiptOf } from '../ledger/objects'
import { earningOf, NOON, programOf, purchaseOf, ruleOf } from '../ledger/world'

const NOW = '2027-08-31T02:00:00.000Z'

describe('GET /v1/program/versions', () => {
  let shop: Shop

  beforeAll(async () => {
    shop = await openShop({ clock: NOW })
    await shop.publish({ name: 'Second' })
    await shop.move('2027-09-30T00:00:00Z')
    await shop.publish({ name: 'Third' })
  })

  it('lists what was published when by the program’s clock, and by which key, newest first', async () => {
    const keyId = shop.key.split('_')[4]
    expect(await shop.get('/v1/program/versions')).toMatchObject({
      status: 200,
      json: {
        data: [
          { version: 3, publishedAt: '2027-09-30T00:00:00.000Z', keyId },
          { version: 2, publishedAt: NOW, keyId },
          { version: 1, publishedAt: NOW, keyId: 'root' },
        ],
        nextCursor: null,
      },
    })
  })

  it('is paged', async () => {
    const first = (await shop.get('/v1/program/versions?limit=2')).json
    const rest = (await shop.get(`/v1/program/versions?limit=2&cursor=${first.nextCursor}`)).json
    const numbers = [...first.data, ...rest.data].map(({ version }) => version)
    expect([numbers, rest.nextCursor]).toEqual([[3, 2, 1], null])
  })

  it('shows each of them as it was', async () => {
    for (const [version, name] of [
      [1, 'Tea house'],
      [2, 'Second'],
      [3, 'Third'],
    ]) {
      const { status, headers, json } = await shop.get(`/v1/program/versions/${version}`)
      expect([status, headers.get('etag'), json.name]).toEqual([200, `"${version}"`, name])
    }
    const current = await shop.get('/v1/program')
    expect((await shop.get('/v1/program/versions/3')).json).toEqual(current.json)
  })

  it.each(['0', '4', '-1', '01', '1.0', '1e0', 'x', '%31%00', '99999999999999999999', "1'--"])(
    'answers 404 for version %s',
    async (version) => {
      expect((await shop.get(`/v1/program/versions/${version}`)).status).toBe(404)
    },
  )

  it.each(['limit=0', 'limit=101', 'cursor=x', 'cursor=IngiLCJ5Ig', 'colour=red'])(
    'answers 400 for ?%s',
    async (query) => {
      expect((await shop.get(`/v1/program/versions?${query}`)).status).toBe(400)
    },
  )

  it('shows nothing of another program', async () => {
    const other = await openShop({ name: 'Other' })
    expect((await other.get('/v1/program/versions')).json.data).toHaveLength(1)
    expect((await other.get('/v1/program/versions/2')).status).toBe(404)
    expect((await other.get('/v1/program/versions/1')).json.name).toBe('Other')
  })

  it.each(['/v1/program/versions', '/v1/program/versions/1'])(
    'refuses tills and publishable keys at %s',
    async (path) => {
      for (const kind of ['pos', 'publishable'] as const) {
        const { key } = await createKey(shop.key, kind)
        expect((await call('GET', path, { key })).status).toBe(403)
      }
    },
  )
})

describe('a ledger that has obeyed a version', () => {
  const rules = (version: number): Program => ({
    ...programOf({ earning: earningOf([ruleOf(version, 100)]) }),
    id: 'versions',
    version,
    clockMs: NOON,
  })

  it('does not obey an older one, whether told its name or all of it, evicted or not', async () => {
    const object = await newObject(rules(1))
    receiptOf(await object.send(purchaseOf('o1', 10)))
    object.program = rules(2)
    receiptOf(await object.send(purchaseOf('o2', 10)))
    const before = await object.dump()
    for (const isEvicted of [false, true]) {
      if (isEvicted) {
        await evictDurableObject(object.stub)
      }
      object.program = rules(1)
      await expect(object.send(purchaseOf('o3', 10))).rejects.toThrow('The ledger is stale')
      const { id, version, clockMs } = rules(1)
      const named = { id, version, clockMs }
      expect(await object.stub.read({ type: 'balance' }, rules(1))).toBe('stale')
      expect(await object.stub.read({ type: 'balance' }, named)).toBe('stale')
      expect(await object.stub.settle(named)).toBe('stale')
      expect(await object.dump()).toEqual(before)
    }
    object.program = rules(2)
    const { entries } = receiptOf(await object.send(purchaseOf('o3', 10)))
    expect(entries).toMatchObject([{ version: 2, points: 20 }])
  })

  it('keeps it although all that was asked was a question', async () => {
    const object = await newObject(rules(1))
    object.program = rules(3)
    await object.ask({ type: 'balance' })
    await evictDurableObject(object.stub)
    object.program = rules(2)
    await expect(object.send(purchaseOf('o1', 10))).rejects.toThrow('stale')
  })

  it('asks for one that it was never told, and takes it in full', async () => {
    const object = await newObject(rules(1))
    const named = { id: 'versions', version: 17, clockMs: NOON }
    expect(await object.stub.read({ type: 'balance' }, named)).toBe('unread')
    object.program = rules(17)
    receiptOf(await object.send(purchaseOf('o1', 10)))
    expect(await object.stub.read({ type: 'balance' }, named)).toMatchObject({ ok: true })
  })

  it('is served by a Worker that is behind, with what is in force', async () => {
    const shop = await openShop({ clock: NOW })
    const member = await shop.enrol()
    const find = () => findProgram(database(env, { programId: shop.id }), shop.id)
    const behind = (await find())!
    const [rule] = behind.earning.rules
    await shop.publish({ earning: { ...behind.earning, rules: [{ ...rule!, points: 3 }] } })
    await shop.buy(member, 'o1', 10)
    await evictDurableObject(env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${member}`)))
    const { result } = await execute(env, behind, member, {
      command: purchaseOf('o2', 10),
      actor: { kind: 'server', keyId: 'behind', requestId: 'r' },
      idempotencyKey: 'k',
      fingerprint: '00',
    })
    expect(result).toMatchObject({ ok: true, value: { entries: [{ version: 2, points: 30 }] } })
  })
})

describe('new tiers', () => {
  const settleAllDue = async (now: number) => {
    const sent: DueMembers[] = []
    const SETTLE = { send: (body: DueMembers) => Promise.resolve(sent.push(body)) }
    await sendDue({ ...env, SETTLE: SETTLE as unknown as Queue }, now)
    const messages = sent.map((body, i) => ({
      id: `${i}`,
      timestamp: new Date(),
      attempts: 1,
      body,
    }))
    await worker.queue(createMessageBatch<DueMembers>('punchcard-settle', messages), env)
    return sent
  }
  const lower = async (shop: Shop, from: number) => {
    const { tiers } = (await shop.get('/v1/program')).json
    const [bronze, silver, gold] = tiers.levels
    return shop.publish({ tiers: { ...tiers, levels: [bronze, { ...silver, from }, gold] } })
  }

  it.each([
    ['on real time', {}],
    ['by a test clock', { clock: NOW }],
  ])('make members due, and the cron settles them though nobody asks, %s', async (_, fields) => {
    const shop = await openShop(fields)
    const [rich, poor, idle] = [await shop.enrol(), await shop.enrol(), await shop.enrol()]
    await shop.buy(rich, 'o1', 100)
    await shop.buy(poor, 'o2', 10)
    for (const id of [rich, poor]) {
      await expect.poll(() => shop.listed(id), { timeout: 15_000 }).toMatchObject({ seq: 1 })
    }
    await lower(shop, 10_000)
    const { publishedAt } = (await shop.get('/v1/program/versions')).json.data[0]
    const sent = await settleAllDue(Date.now())
    const asked = sent.filter(({ programId }) => programId === shop.id)
    expect(asked.flatMap(({ memberIds }) => memberIds).toSorted()).toEqual([rich, poor].toSorted())
    expect(await shop.listed(rich)).toMatchObject({ seq: 2, tier: 'silver' })
    expect(await shop.listed(poor)).toMatchObject({ seq: 1, tier: 'bronze' })
    expect(await shop.listed(idle)).toBe(null)
    expect((await shop.entries(rich))[1]).toMatchObject({
      kind: 'tier',
      version: 2,
      tier: 'silver',
      reason: 'program',
      occurredAt: publishedAt,
    })
    // Nobody is due any more by that.
    const again = await settleAllDue(Date.now())
    expect(again.filter(({ programId }) => programId === shop.id)).toEqual([])
  })

  it('leave members due although an old message comes late', async () => {
    const shop = await openShop({ clock: NOW })
    const member = await shop.enrol()
    await shop.buy(member, 'o1', 100)
    await expect.poll(() => shop.listed(member), { timeout: 15_000 }).toMatchObject({ seq: 1 })
    await lower(shop, 10_000)
    const body = { programId: shop.id, memberId: member }
    const message = { id: '1', timestamp: new Date(), attempts: 1, body }
    await worker.queue(createMessageBatch<Pointer>('punchcard-projection', [message]), env)
    const asked = (await settleAllDue(Date.now())).filter(({ programId }) => programId === shop.id)
    expect(asked.flatMap(({ memberIds }) => memberIds)).toEqual([member])
    expect(await shop.listed(member)).toMatchObject({ tier: 'silver' })
  })

  it('take effect at the next command of a member, too', async () => {
    const shop = await openShop({ clock: NOW })
    const member = await shop.enrol()
    await shop.buy(member, 'o1', 100)
    await lower(shop, 10_000)
    const { json } = await shop.buy(member, 'o2', 1)
    expect(json.tier.id).toBe('silver')
    expect((await shop.get(`/v1/members/${member}/tier`)).json.history).toMatchObject([
      { tier: 'silver', reason: 'program', at: NOW, ref: null, version: 2 },
    ])
  })

  it('are what makes members due: other changes do not', async () => {
    const shop = await openShop({ clock: NOW })
    const member = await shop.enrol()
    await shop.buy(member, 'o1', 100)
    await expect.poll(() => shop.listed(member), { timeout: 15_000 }).toMatchObject({ seq: 1 })
    const before = await shop.listed(member)
    await shop.publish({ name: 'Tea room', returnWindowDays: 3 })
    expect(await shop.listed(member)).toEqual(before)
  })
})
