import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../src/ledger/ledger'
import { Audit, fallOfWorld, folded, stateOf, stateOfModel, untimed } from './model-check'
import { rules } from './model-rules'
import { type Pair, pairOf } from './step'
import { step } from './steps'
import { DAY_MS, levelOf, NOON, programOf, tiersOf, World } from './world'

const RUNS = 800

const steps = fc.array(step, { minLength: 20, maxLength: 100, size: 'max' })

/** Refunds what is left of every order, of both. */
function refundAll({ world, model }: Pair): void {
  for (const { id: orderId, total: amount } of model.orders) {
    const request = { orderId, refundId: 'rest', amount }
    const { code, first } = world.do({ type: 'refund', request })
    expect([code, first]).toEqual([null, null])
    model.refund(orderId, 'rest', amount, [])
  }
}

/** Awards of orders of which the refunds that stand do not take back exactly what they earned. */
const notTaken = ({ entries }: World): Entry[] => {
  const undone = new Set(entries.filter(({ kind }) => kind === 'restore').map(({ ref }) => ref))
  const withdrawn = new Set(entries.filter(({ detail }) => detail.undo).map(({ ref }) => ref))
  const taken = (seq: number) =>
    entries
      .filter((entry) => entry.ref === seq && !undone.has(entry.seq))
      .reduce((sum, { detail }) => sum + (detail.refund?.owed ?? 0), 0)
  const orders = entries.filter(({ kind, orderId }) => kind === 'award' && orderId !== null)
  return orders.filter(({ seq, points }) => !withdrawn.has(seq) && taken(seq) !== points)
}

describe('a random walk over all commands', () => {
  it('makes no difference between the ledger and a naive model of it', () => {
    fc.assert(
      fc.property(rules, steps, (some, each) => {
        const pair = pairOf(some)
        const audit = new Audit(pair.world)
        for (const step of each) {
          const [ledger, model] = step(pair)
          expect(ledger).toBe(model)
          expect(stateOf(pair.world)).toEqual(stateOfModel(pair.model))
          expect(audit.look()).toEqual([])
        }
        expect(fallOfWorld(pair.world)).toEqual(pair.model.falls)
        expect(folded(pair.world.entries, audit.start)).toEqual(pair.world.state)
        refundAll(pair)
        expect(stateOf(pair.world)).toEqual(stateOfModel(pair.model))
        expect(audit.look()).toEqual([])
        expect(notTaken(pair.world)).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('writes the same before the cron and after it', () => {
    fc.assert(
      fc.property(rules, steps, (some, each) => {
        const [late, early] = [pairOf(some), pairOf(some, true)]
        each.forEach((step) => expect(step(early)[0]).toBe(step(late)[0]))
        expect(early.world.entries.map(untimed)).toEqual(late.world.entries.map(untimed))
      }),
      { numRuns: RUNS / 4 },
    )
  })
})

describe('awards', () => {
  it('end in the same lots in any order and with repetition', () => {
    const orders = fc.array(fc.record({ major: fc.nat(50), daysAgo: fc.nat(300) }), {
      maxLength: 8,
    })
    const shuffled = orders.chain((all) => {
      const indexes = all.map((_, i) => i)
      return fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...indexes, ...indexes], { minLength: indexes.length * 2 }),
      )
    })
    fc.assert(
      fc.property(shuffled, ([all, again]) => {
        const buy = (world: World, i: number) =>
          world.buy(`o${i}`, all[i]!.major, { occurredAt: NOON - all[i]!.daysAgo * DAY_MS })
        const [once, twice] = [new World(), new World()]
        all.forEach((_, i) => buy(once, i))
        again.forEach((i) => buy(twice, i))
        const sorted = ({ lots }: World) => lots.sort(([a, b], [c, d]) => a - c || b - d)
        expect(sorted(twice)).toEqual(sorted(once))
        expect(twice.entries.filter(({ kind }) => kind === 'award')).toHaveLength(all.length)
      }),
    )
  })
})

describe('refunds', () => {
  it('take back by the cumulative formula, and all at the end, whatever the split', () => {
    const split = fc.record({
      net: fc.array(fc.integer({ min: 1, max: 9_999 }), { minLength: 1, maxLength: 4 }),
      factor: fc.constantFrom(100, 150, 333),
      parts: fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 6 }),
    })
    fc.assert(
      fc.property(split, ({ net, factor, parts }) => {
        const tiers = tiersOf([levelOf('bronze', 0, { factor })])
        const world = new World(programOf({ tiers }))
        const lines = net.map((amount) => ({ sku: 'sku', quantity: 3, amount }))
        const total = net.reduce((sum, amount) => sum + amount, 0)
        const earned = world.buy('o', 0, { lines, total }).entries[0]!.points
        let back = 0
        parts.forEach((amount, i) => {
          world.do({ type: 'refund', request: { orderId: 'o', refundId: `r${i}`, amount } })
          back = Math.min(total, back + amount)
          expect(world.balance).toBe(earned - Math.floor((earned * back) / total))
        })
        const all = net.map((_, i) => ({ lineId: String(i + 1), quantity: 3 }))
        world.do({ type: 'refund', request: { orderId: 'o', refundId: 'rest', lines: all } })
        expect(world.balance).toBe(0)
        const after = world.do({
          type: 'refund',
          request: { orderId: 'o', refundId: 'x', amount: 1 },
        })
        expect(after).toEqual({ code: null, entries: [], first: null })
      }),
    )
  })
})
