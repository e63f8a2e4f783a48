import { createMessageBatch } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import type { EntryView } from '../../src/ledger/receipt'
import type { Pointer } from '../../src/projection/projection'
import { sumUp } from '../../src/projection/totals'
import { SQL } from '../db'
import { call, createKey } from '../http/api'
import { openShop, type Shop } from '../clock/shop'
import { live, START, step } from './live'

/** Of Pacific/Kiritimati, all year. */
const OFFSET_MS = 14 * 3_600_000

const figures = ['issued', 'redeemed', 'lapsed', 'clawedBack'] as const

const totalsOf = async (shop: Shop) => (await shop.get('/v1/program/totals')).json

/** Delivers the news of members, each so many times, in batches at once. */
const deliver = (shop: Shop, members: readonly string[], times = 1) =>
  Promise.all(
    Array.from({ length: times }, () => {
      const messages = members.map((memberId, i) => ({
        id: `${i}`,
        timestamp: new Date(),
        attempts: 1,
        body: { programId: shop.id, memberId },
      }))
      return worker.queue(createMessageBatch<Pointer>('punchcard-projection', messages), env)
    }),
  )

/** What an entry adds to a figure, told from the documentation: a positive number is more of it. */
function counted(entry: EntryView): [(typeof figures)[number], number] | null {
  const { kind, points } = entry
  const { refundId, reversal } = entry as { refundId?: string; reversal?: true }
  if (kind === 'award' || (kind === 'adjust' && points > 0)) {
    return ['issued', points]
  }
  if (kind === 'expire') {
    return ['lapsed', -points]
  }
  if (kind === 'redeem' || kind === 'capture') {
    return ['redeemed', -points]
  }
  if (kind === 'restore') {
    return [reversal && refundId !== undefined ? 'clawedBack' : 'redeemed', -points]
  }
  return points === 0 ? null : ['clawedBack', -points]
}

/** The totals as they must be, from the ledgers alone. */
function expected(ledgers: readonly EntryView[][]) {
  const none = { issued: 0, redeemed: 0, lapsed: 0, clawedBack: 0 }
  const months = new Map<string, typeof none>()
  const all = { ...none }
  for (const entry of ledgers.flat()) {
    const month = new Date(Date.parse(entry.occurredAt) + OFFSET_MS).toISOString().slice(0, 7)
    const [figure, points] = counted(entry) ?? ['issued', 0]
    if (points !== 0) {
      const sums = months.get(month) ?? { ...none }
      sums[figure] += points
      all[figure] += points
      months.set(month, sums)
    }
  }
  let outstanding = 0
  const list = [...months].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...all,
    outstanding: all.issued - all.redeemed - all.lapsed - all.clawedBack,
    months: list.map(([month, sums]) => {
      outstanding += sums.issued - sums.redeemed - sums.lapsed - sums.clawedBack
      return { month, ...sums, outstanding }
    }),
  }
}

const rules = {
  pending: { activeAfterDays: 1 },
  expiry: { kind: 'after', months: 1, to: 'day' },
  restoreGraceDays: 5,
}

const open = (changes: object = rules) =>
  openShop({ clock: START, timeZone: 'Pacific/Kiritimati' }, changes)

describe('GET /v1/program/totals', () => {
  describe('happy', () => {
    it('is the sum over all ledgers after whatever happened, however often it was told', async () => {
      const done: Record<string, number> = {}
      const property = fc.asyncProperty(
        fc.array(step, { minLength: 60, maxLength: 80 }),
        fc.boolean(),
        async (steps, isClamp) => {
          const shop = await open({ ...rules, clawback: isClamp ? 'clamp' : 'debt' })
          const members = [await shop.enrol(), await shop.enrol(), await shop.enrol()]
          for (const [what, times] of Object.entries(await live(shop, members, steps))) {
            done[what] = (done[what] ?? 0) + times
          }
          await deliver(shop, members, 3)
          const ledgers = await Promise.all(members.map(shop.entries))
          ledgers.flat().forEach(({ kind }) => (done[kind] = (done[kind] ?? 0) + 1))
          const totals = await totalsOf(shop)
          expect(totals).toEqual(expected(ledgers))
          const balances = await Promise.all(members.map(shop.balance))
          const sum = balances.reduce((all, { balance }) => all + balance.balance, 0)
          expect(totals.outstanding).toBe(sum)
          expect(totals.months.at(-1)?.outstanding ?? 0).toBe(sum)
          await deliver(shop, members, 2)
          expect(await totalsOf(shop)).toEqual(totals)
        },
      )
      await fc.assert(property, { numRuns: 12, seed: 20_270_831, endOnFailure: true })
      const acts = ['buy', 'late', 'capture', 'release', 'refund', 'part', 'reverse', 'undo']
      const kinds = ['award', 'redeem', 'clawback', 'restore', 'adjust', 'expire', 'activate']
      expect([...acts, ...kinds].filter((what) => (done[what] ?? 0) < 5)).toEqual([])
    }, 60_000)

    it('is nothing where nothing happened', async () => {
      const shop = await open()
      await shop.enrol()
      expect(await totalsOf(shop)).toEqual({
        issued: 0,
        redeemed: 0,
        lapsed: 0,
        clawedBack: 0,
        outstanding: 0,
        months: [],
      })
    })

    it('does not change by a rebuild, and comes back by one after all lists were dropped', async () => {
      const shop = await open()
      const members = [await shop.enrol(), await shop.enrol()]
      for (const member of members) {
        await shop.buy(member, member, 50)
        await shop.post(member, 'adjustments', { points: 9, reason: 'x' })
      }
      await shop.move('2027-12-01T00:00:00Z')
      const before = await totalsOf(shop)
      expect(before).toMatchObject({ issued: 118, lapsed: 118, outstanding: 0 })
      const rebuild = async () => {
        const [path, key] = ['/v1/admin/reproject', env.ROOT_KEY]
        const body = { programId: shop.id }
        expect((await call('POST', path, { key, body })).json.data).toMatchObject([{ members: 2 }])
        await vi.waitFor(
          async () => {
            const { data } = (await call('GET', path, { key })).json
            const own = { programId: shop.id, status: 'done', rebuilt: 2 }
            expect(data).toContainEqual(expect.objectContaining(own))
          },
          { timeout: 60_000 },
        )
        return totalsOf(shop)
      }
      expect(await rebuild()).toEqual(before)
      for (const table of ['entries', 'purchases', 'balances', 'totals']) {
        await SQL.prepare(`DELETE FROM ${table} WHERE program_id = ?`).bind(shop.id).run()
      }
      expect((await totalsOf(shop)).months).toEqual([])
      expect(await rebuild()).toEqual(before)
    })

    it('puts an entry into the month in which it happened where the program is', async () => {
      const shop = await open({})
      const member = await shop.enrol()
      // The clock stands at 10:00 on 31 August there.
      await shop.buy(member, 'o1', 10, { occurredAt: '2027-07-31T09:59:59Z' })
      await shop.buy(member, 'o2', 20, { occurredAt: '2027-07-31T10:00:00Z' })
      await shop.move('2027-08-31T10:00:00Z')
      await shop.buy(member, 'o3', 40)
      await deliver(shop, [member])
      expect((await totalsOf(shop)).months).toMatchObject([
        { month: '2027-07', issued: 10, outstanding: 10 },
        { month: '2027-08', issued: 20, outstanding: 30 },
        { month: '2027-09', issued: 40, outstanding: 70 },
      ])
    })

    it('takes a late report into a month that was over', async () => {
      const shop = await open({})
      const member = await shop.enrol()
      await shop.buy(member, 'o1', 10)
      await deliver(shop, [member])
      await shop.buy(member, 'late', 5, { occurredAt: '2027-03-01T00:00:00Z' })
      await deliver(shop, [member])
      expect((await totalsOf(shop)).months).toMatchObject([
        { month: '2027-03', issued: 5, outstanding: 5 },
        { month: '2027-08', issued: 10, outstanding: 15 },
      ])
    })
  })

  describe('security', () => {
    it('has nothing of another program', async () => {
      const [mine, theirs] = [await open(), await open()]
      const member = await theirs.enrol()
      await theirs.buy(member, 'o1', 10)
      await deliver(theirs, [member])
      expect(await totalsOf(theirs)).toMatchObject({ issued: 10 })
      expect(await totalsOf(mine)).toMatchObject({ issued: 0, months: [] })
    })

    it('is for secret keys with the scope alone', async () => {
      const shop = await open()
      const keys = [
        (await createKey(shop.key, 'pos')).key,
        (await createKey(shop.key, 'publishable')).key,
        (await createKey(shop.key, 'secret', ['feed:read', 'program:read'])).key,
        env.ROOT_KEY,
      ]
      for (const key of keys) {
        expect((await call('GET', '/v1/program/totals', { key })).status).toBe(403)
      }
      const { key } = await createKey(shop.key, 'secret', ['totals:read'])
      expect((await call('GET', '/v1/program/totals', { key })).status).toBe(200)
    })
  })
})

describe('sumUp', () => {
  it('shows what was undone in a later month as less than nothing, and no −0', () => {
    const rows = [
      { month: '2027-01', figure: 'issued', points: 50 },
      { month: '2027-01', figure: 'redeemed', points: -50 },
      { month: '2027-02', figure: 'redeemed', points: 50 },
      { month: '2027-03', figure: 'lapsed', points: 0 },
    ] as const
    const none = { issued: 0, redeemed: 0, lapsed: 0, clawedBack: 0 }
    expect(sumUp(rows)).toEqual({
      ...none,
      issued: 50,
      outstanding: 50,
      months: [
        { month: '2027-01', ...none, issued: 50, redeemed: 50, outstanding: 0 },
        { month: '2027-02', ...none, redeemed: -50, outstanding: 50 },
        { month: '2027-03', ...none, outstanding: 50 },
      ],
    })
  })
})
