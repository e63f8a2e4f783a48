import { describe, expect, it } from 'vitest'
import { openShop, type Rules } from '../clock/shop'
import { call, createKey } from '../http/api'

const NOW = '2027-08-31T02:00:00.000Z'

const level = (id: string, from: number, rest: object = {}) => ({
  id,
  name: { en: id.toUpperCase(), 'zh-CN': '级' },
  from,
  ...rest,
})

const tiers = (rest: object = {}): Rules => ({
  tiers: {
    basis: 'spend',
    window: { kind: 'rolling', months: 12 },
    down: 'qualifying',
    levels: [
      level('bronze', 0),
      level('silver', 10_000, { factor: 150, benefits: [{ en: 'Tea', 'zh-CN': '茶' }] }),
      level('gold', 50_000, { factor: 200, neverBelow: 'silver' }),
    ],
    ...rest,
  },
})

const open = (rules: Rules = tiers()) => openShop({ clock: NOW }, rules)

const tierOf = async (shop: Awaited<ReturnType<typeof open>>, member: string) =>
  (await shop.get(`/v1/members/${member}/tier`)).json

describe('GET /v1/members/:id/tier', () => {
  describe('happy', () => {
    it('begins at the lowest tier, with everything still to be reached', async () => {
      const shop = await open()
      expect(await tierOf(shop, await shop.enrol())).toEqual({
        id: 'bronze',
        name: 'BRONZE',
        next: { id: 'silver', remaining: 10_000 },
        falls: null,
        factor: 100,
        benefits: [],
        reached: { basis: 'spend', amount: 0, from: '2026-09-01', until: '2027-08-31' },
        neverBelow: null,
        history: [],
      })
    })

    it('says what was reached, what it brings, what is missing, and when it is lost', async () => {
      const shop = await open(tiers({ grace: { toMonthEnd: true } }))
      const member = await shop.enrol()
      const { json } = await shop.buy(member, 'o1', 120)
      expect(json.entries.map(({ kind, points }: never) => [kind, points])).toEqual([
        ['award', 120],
        ['tier', 0],
      ])
      const tier = await tierOf(shop, member)
      expect(tier).toMatchObject({
        id: 'silver',
        next: { id: 'gold', remaining: 38_000 },
        falls: { at: '2028-08-31T16:00:00.000Z', to: 'bronze' },
        factor: 150,
        benefits: ['Tea'],
        reached: { amount: 12_000 },
        neverBelow: null,
        history: [{ seq: 2, at: NOW, tier: 'silver', reason: 'reached', ref: 1, version: 2 }],
      })
      expect(json.tier).toEqual({
        id: tier.id,
        name: tier.name,
        next: tier.next,
        falls: tier.falls,
      })
      // The purchase that reaches a tier earns at the one before, the next at the new one.
      expect((await shop.buy(member, 'o2', 10)).json.entries[0].points).toBe(15)
    })

    it('falls when it said, and not before', async () => {
      const shop = await open()
      const member = await shop.enrol()
      const { falls } = (await shop.buy(member, 'o1', 120)).json.tier
      expect(falls).toEqual({ at: '2028-08-30T16:00:00.000Z', to: 'bronze' })
      await shop.move(new Date(Date.parse(falls.at) - 1).toISOString())
      expect(await tierOf(shop, member)).toMatchObject({ id: 'silver', falls })
      await shop.move(falls.at)
      expect(await tierOf(shop, member)).toMatchObject({
        id: 'bronze',
        falls: null,
        history: [{ at: falls.at, tier: 'bronze', reason: 'fell', ref: null }, { tier: 'silver' }],
      })
    })

    it('keeps what was promised never to be lost', async () => {
      const shop = await open()
      const member = await shop.enrol()
      await shop.buy(member, 'o1', 600)
      expect(await tierOf(shop, member)).toMatchObject({
        id: 'gold',
        next: null,
        neverBelow: 'silver',
      })
      expect((await shop.entries(member))[1]).toMatchObject({ tier: 'gold', floor: 'silver' })
      await shop.move('2031-01-01T00:00:00Z')
      expect(await tierOf(shop, member)).toMatchObject({ id: 'silver', falls: null })
    })

    it('names the refund that put a tier at risk, and the purchase that kept it', async () => {
      const shop = await open(tiers({ grace: { days: 30 } }))
      const member = await shop.enrol()
      await shop.buy(member, 'o1', 120)
      await shop.post(member, 'refunds', { orderId: 'o1', refundId: 'r', amount: 10_000 })
      const fallsAt = '2027-09-29T16:00:00.000Z'
      expect(await tierOf(shop, member)).toMatchObject({
        id: 'silver',
        falls: { at: fallsAt, to: 'bronze' },
        history: [{ reason: 'at-risk', tier: 'silver', fallsAt, ref: 3 }, { reason: 'reached' }],
      })
      await shop.move('2027-09-29T15:59:59.999Z')
      await shop.buy(member, 'o2', 100)
      const [kept] = (await tierOf(shop, member)).history
      expect(kept).toMatchObject({ reason: 'kept', tier: 'silver', fallsAt: null, ref: 5 })
    })

    it('shows the whole span of a calendar or anniversary window', async () => {
      const year = await open(tiers({ window: { kind: 'calendar', unit: 'quarter' } }))
      const own = await open(tiers({ window: { kind: 'anniversary' }, basis: 'orders' }))
      const [one, two] = [await year.enrol(), await own.enrol()]
      expect((await tierOf(year, one)).reached).toMatchObject({
        from: '2027-07-01',
        until: '2027-09-30',
      })
      expect((await tierOf(own, two)).reached).toEqual({
        basis: 'orders',
        amount: 0,
        from: '2027-08-31',
        until: '2028-08-30',
      })
    })

    it('has the last hundred changes', async () => {
      const shop = await open(tiers({ window: { kind: 'rolling', days: 1 } }))
      const member = await shop.enrol()
      for (let i = 0; i < 60; i++) {
        await shop.buy(member, `o${i}`, 100)
        await shop.move(new Date(Date.parse(NOW) + (i + 1) * 86_400_000).toISOString())
      }
      const { history } = await tierOf(shop, member)
      expect(history).toHaveLength(100)
      const seqs = history.map(({ seq }: { seq: number }) => seq)
      expect(seqs).toEqual(seqs.toSorted((a: number, b: number) => b - a))
      expect(history.slice(0, 2)).toMatchObject([{ reason: 'fell' }, { reason: 'reached' }])
    }, 30_000)

    it('reads a tier that the program no longer has as the lowest', async () => {
      const shop = await open()
      const member = await shop.enrol()
      await shop.buy(member, 'o1', 120)
      await shop.publish(
        tiers({ levels: [level('guest', 0), level('friend', 11_000), level('star', 90_000)] }),
      )
      expect(await tierOf(shop, member)).toMatchObject({
        id: 'friend',
        history: [{ tier: 'friend', reason: 'program', version: 3 }, { tier: 'silver' }],
      })
    })
  })

  describe('error', () => {
    it('answers 404 for a member that is not there', async () => {
      const shop = await open()
      for (const id of ['mp0000000000000', 'nobody', '%00']) {
        expect((await shop.get(`/v1/members/${id}/tier`)).status).toBe(404)
      }
    })
  })

  describe('security', () => {
    it('answers 404 to the key of another program', async () => {
      const [mine, theirs] = [await open(), await open()]
      const member = await theirs.enrol()
      expect((await mine.get(`/v1/members/${member}/tier`)).status).toBe(404)
    })

    it('is for tills, too, but for no publishable key', async () => {
      const shop = await open()
      const path = `/v1/members/${await shop.enrol()}/tier`
      for (const [kind, status] of [
        ['pos', 200],
        ['publishable', 403],
      ] as const) {
        const { key } = await createKey(shop.key, kind)
        expect((await call('GET', path, { key })).status).toBe(status)
      }
    })
  })
})
