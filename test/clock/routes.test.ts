import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { call, createKey, createProgram, pointers } from '../http/api'
import { at, openShop } from './shop'

const START = '2027-08-31T10:00:00.000Z'
const LATER = '2027-09-30T10:00:00.000Z'

afterEach(() => {
  vi.useRealTimers()
})

const clockOf = (shop: { id: string }) =>
  SQL.prepare('SELECT clock FROM programs WHERE id = ?').bind(shop.id).first<number>('clock')

const movesOf = async (shop: { id: string }) =>
  (await SQL.prepare('SELECT * FROM clock_moves WHERE program_id = ?').bind(shop.id).run()).results

describe('GET /v1/test-clock', () => {
  it('shows where the clock of a program stands that was created in the past', async () => {
    const shop = await openShop({ clock: '1999-12-31T23:59:59+08:00' })
    expect(await shop.get('/v1/test-clock')).toMatchObject({
      status: 200,
      json: { now: '1999-12-31T15:59:59.000Z', status: 'ready', members: 0, settled: 0 },
    })
  })

  it('shows real time while it was never set', async () => {
    const shop = await openShop({})
    const before = Date.now()
    const { json } = await shop.get('/v1/test-clock')
    expect(at(json.now)).toBeGreaterThanOrEqual(before)
    expect(at(json.now)).toBeLessThanOrEqual(Date.now())
  })

  it('stands still', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const shop = await openShop({ clock: START })
    vi.setSystemTime(Date.now() + 3_600_000)
    expect((await shop.get('/v1/test-clock')).json.now).toBe(START)
  })

  it('answers 403 on a live program', async () => {
    const shop = await openShop({ mode: 'live' })
    expect(await shop.get('/v1/test-clock')).toMatchObject({
      status: 403,
      json: { code: 'forbidden', detail: 'A live program runs on real time.' },
    })
  })
})

describe('POST /v1/test-clock', () => {
  describe('happy', () => {
    it('moves forward, with whatever offset the instant is written', async () => {
      const shop = await openShop({ clock: START })
      const member = await shop.enrol()
      const moved = await shop.move('2027-09-30T18:00:00+08:00')
      expect([moved.status, moved.json]).toEqual([
        200,
        { now: LATER, status: 'ready', members: 1, settled: 1 },
      ])
      expect((await shop.get('/v1/test-clock')).json).toEqual(moved.json)
      const { json } = await shop.buy(member, 'o1', 10)
      expect(json.entries[0]).toMatchObject({ occurredAt: LATER, recordedAt: LATER })
    })

    it('starts a clock that ran on real time, and stops it there', async () => {
      const shop = await openShop({})
      const member = await shop.enrol()
      const now = new Date(Date.now() + 86_400_000).toISOString()
      expect((await shop.move(now)).json).toMatchObject({ now, status: 'ready', settled: 1 })
      expect((await shop.buy(member, 'o1', 10)).json.entries[0].recordedAt).toBe(now)
    })

    it('does nothing at the same instant again', async () => {
      const shop = await openShop({ clock: START })
      const member = await shop.enrol()
      await shop.buy(member, 'o1', 10)
      const first = await shop.move(LATER)
      const entries = await shop.entries(member)
      const row = await movesOf(shop)
      for (const each of [await shop.move(LATER), await shop.move(LATER)]) {
        expect([each.status, each.json]).toEqual([200, first.json])
      }
      expect([await shop.entries(member), await movesOf(shop)]).toEqual([entries, row])
    })

    it('may be told where it stands already', async () => {
      const shop = await openShop({ clock: START })
      expect((await shop.move(START)).json).toMatchObject({ now: START, status: 'ready' })
    })

    it('takes the last millisecond before 2200', async () => {
      const shop = await openShop({ clock: START })
      const member = await shop.enrol()
      await shop.buy(member, 'o1', 10)
      expect((await shop.move('2199-12-31T23:59:59.999Z')).status).toBe(200)
      expect((await shop.balance(member)).balance).toMatchObject({ balance: 0, nextExpiry: null })
    })
  })

  describe('error', () => {
    it.each([
      ['missing', {}, '#/now'],
      ['null', { now: null }, '#/now'],
      ['a number', { now: 1_800_000_000_000 }, '#/now'],
      ['no time', { now: 'tomorrow' }, '#/now'],
      ['a day', { now: '2027-09-30' }, '#/now'],
      ['a time without offset', { now: '2027-09-30T10:00:00' }, '#/now'],
      ['a day that does not exist', { now: '2027-02-29T10:00:00Z' }, '#/now'],
      ['beyond 2200', { now: '2200-01-01T00:00:00Z' }, '#/now'],
      ['before 1970', { now: '1969-12-31T23:59:59Z' }, '#/now'],
      ['accompanied', { now: LATER, speed: 2 }, '#/speed'],
    ])('answers 400 and moves nothing when now is %s', async (_, body, pointer) => {
      const shop = await openShop({ clock: START })
      const answer = await call('POST', '/v1/test-clock', { key: shop.key, body })
      expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
      expect(pointers(answer)).toEqual([pointer])
      expect([await clockOf(shop), await movesOf(shop)]).toEqual([at(START), []])
    })

    it.each(['2027-09-30T09:59:59.999Z', START, '1970-01-01T00:00:00Z'])(
      'answers 400 and changes nothing when it would go back to %s',
      async (now) => {
        const shop = await openShop({ clock: START })
        const member = await shop.enrol()
        await shop.buy(member, 'o1', 10)
        const { json } = await shop.move(LATER)
        const before = [await movesOf(shop), await shop.entries(member)]
        const answer = await shop.move(now)
        expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
        expect(pointers(answer)).toEqual(['#/now'])
        expect([await movesOf(shop), await shop.entries(member)]).toEqual(before)
        expect((await shop.get('/v1/test-clock')).json).toEqual(json)
      },
    )

    it('answers 400 for the past of a program on real time, and lets it run on', async () => {
      const shop = await openShop({})
      const answer = await shop.move(new Date(Date.now() - 1_000).toISOString())
      expect([answer.status, pointers(answer)]).toEqual([400, ['#/now']])
      expect([await clockOf(shop), await movesOf(shop)]).toEqual([null, []])
    })
  })

  describe('security', () => {
    it('answers 403 on a live program, whose time goes on', async () => {
      const shop = await openShop({ mode: 'live' })
      const now = new Date(Date.now() + 86_400_000).toISOString()
      for (const wanted of [now, undefined, 'tomorrow']) {
        expect(await shop.move(wanted)).toMatchObject({ status: 403, json: { code: 'forbidden' } })
      }
      expect([await clockOf(shop), await movesOf(shop)]).toEqual([null, []])
    })

    it('refuses tills, publishable keys, keys without the scope, and the root key', async () => {
      const shop = await openShop({ clock: START })
      const keys = [
        (await createKey(shop.key, 'pos')).key,
        (await createKey(shop.key, 'publishable')).key,
        (await createKey(shop.key, 'secret', ['clock:read', 'program:write'])).key,
        env.ROOT_KEY,
      ]
      for (const key of keys) {
        const answer = await call('POST', '/v1/test-clock', { key, body: { now: LATER } })
        expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } })
      }
      expect(await clockOf(shop)).toBe(at(START))
    })

    it('moves the clock of the key’s own program alone', async () => {
      const [mine, theirs] = [await openShop({ clock: START }), await openShop({ clock: START })]
      const member = await theirs.enrol()
      await theirs.buy(member, 'o1', 10)
      await mine.move('2030-01-01T00:00:00Z')
      expect((await theirs.get('/v1/test-clock')).json).toMatchObject({ now: START, members: 0 })
      expect(await theirs.entries(member)).toHaveLength(1)
    })
  })
})

describe('real time', () => {
  it('is what keys live by, whatever the clock says', async () => {
    const { key, id } = await createProgram({ clock: '2001-01-01T00:00:00Z' })
    const old = await createKey(key, 'secret')
    await call('POST', `/v1/keys/${old.id}/rotate`, { key, body: { overlapSeconds: 3_600 } })
    const body = { now: '2101-01-01T00:00:00Z' }
    expect((await call('POST', '/v1/test-clock', { key: old.key, body })).status).toBe(200)
    const { data } = (await call('GET', '/v1/keys', { key: old.key })).json
    const shown = data.find((each: { id: string }) => each.id === old.id)
    expect(Math.abs(at(shown.expiresAt) - Date.now() - 3_600_000)).toBeLessThan(60_000)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    expect((await call('GET', '/v1/keys', { key: old.key })).status).toBe(401)
    expect(await clockOf({ id })).toBe(at(body.now))
  })

  it('is what the alarm of a member rings by', async () => {
    const shop = await openShop({ clock: '2001-01-01T00:00:00Z' })
    const member = await shop.enrol()
    await shop.move('2101-01-01T00:00:00Z')
    await shop.buy(member, 'o1', 10)
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${member}`))
    const alarm = await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())
    expect(Math.abs(alarm! - Date.now())).toBeLessThan(60_000)
  })
})
