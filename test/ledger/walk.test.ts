import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold, madeBy } from '../../src/ledger/apply'
import { balanceOf, type Entry } from '../../src/ledger/ledger'
import type { Model } from './model'
import { pairOf, rules, step } from './steps'
import { DAY_MS, NOON, programOf, World } from './world'

const RUNS = 1_000

const steps = fc.array(step, { minLength: 20, maxLength: 100, size: 'max' })

/** Everything by which two ledgers are compared. */
const stateOf = ({ state }: World) => ({
  available: state.available,
  held: state.held,
  pending: state.pending,
  debt: state.debt,
  lots: state.lots.map((lot) => [lot.expiresAt, lot.activeAt, lot.remaining, lot.held]),
  holds: state.holds.length,
  tier: state.tier,
})

const stateOfModel = (model: Model) => ({
  available: model.available,
  held: model.held,
  pending: model.pending,
  debt: model.debt,
  lots: model.open,
  holds: model.holds.filter((hold) => hold.open).length,
  tier: model.tier.id,
})

/** An entry without the moment at which the ledger took it. */
const untimed = (entry: Entry) => ({ ...entry, recordedAt: 0 })

const total = (entries: readonly Entry[]) => entries.reduce((sum, { points }) => sum + points, 0)

/** What must always hold (design §11) and does not. */
function broken(world: World): string[] {
  const { state, entries } = world
  const faults: string[] = []
  const must = (holds: boolean, what: string) => holds || faults.push(what)
  const remaining = state.lots.reduce((sum, lot) => sum + lot.remaining, 0)
  const { available, held, pending, debt } = state
  must(total(entries) === balanceOf(state), 'balance = fold')
  must(remaining - debt === balanceOf(state), 'balance = Σ remaining − debt')
  must([available, held, pending, debt].every(Number.isSafeInteger), 'integers')
  must(Math.min(available, held, pending, debt) >= 0, 'no part is negative')
  must(debt === 0 || available === 0, 'debt only when nothing is available')
  for (const lot of state.lots) {
    const amount = madeBy(entries[lot.seq - 1]!)
    must(lot.held >= 0 && lot.held <= lot.remaining, 'held ≤ remaining')
    must(lot.remaining > 0 && lot.remaining <= amount, 'remaining ≤ amount')
    must(lot.expiresAt > world.now || lot.held === lot.remaining, 'nothing lapsed stays')
  }
  entries.forEach((entry, i) => {
    must(entry.seq === i + 1, 'dense')
    must(i === 0 || entries[i - 1]!.recordedAt <= entry.recordedAt, 'recordedAt is monotone')
    const ref = (kinds: string[]) =>
      entries.filter((other) => other.ref === entry.seq && kinds.includes(other.kind))
    if (entry.kind === 'hold') {
      must(ref(['capture', 'release']).length <= 1, 'a hold ends once')
    }
    if (entry.kind === 'hold' || entry.kind === 'redeem') {
      const lots = entry.lots.map(([seq]) => entries[seq - 1]!.lot!)
      const live = lots.every(
        (lot) => lot.expiresAt > entry.recordedAt && (lot.activeAt ?? 0) <= entry.recordedAt,
      )
      must(live, 'nothing lapsed or pending is spent')
      const times = lots.map((lot) => lot.expiresAt)
      must(
        times.every((time, at) => at === 0 || times[at - 1]! <= time),
        'soonest expiry first',
      )
    }
    if (entry.kind === 'redeem' || entry.kind === 'capture') {
      const restores = ref(['restore'])
      const undone = entries.filter(
        (e) => e.kind === 'clawback' && restores.some(({ seq }) => seq === e.ref),
      )
      must(total(restores) + total(undone) <= -entry.points, 'Σ restored ≤ spent')
    }
    if (entry.kind === 'award') {
      const taken = ref(['clawback'])
      const back = entries.filter(
        (e) => e.kind === 'restore' && taken.some(({ seq }) => seq === e.ref),
      )
      must(-total(taken) - total(back) <= entry.points, 'Σ clawback ≤ earned')
    }
  })
  return faults
}

describe('a random walk over all commands', () => {
  it('makes no difference between the ledger and a naive model of it', () => {
    fc.assert(
      fc.property(rules, steps, (some, each) => {
        const pair = pairOf(some)
        for (const step of each) {
          const [ledger, model] = step(pair)
          expect(ledger).toBe(model)
          expect(stateOf(pair.world)).toEqual(stateOfModel(pair.model))
          expect(broken(pair.world)).toEqual([])
        }
        const stored = JSON.parse(JSON.stringify(pair.world.entries)) as Entry[]
        expect(fold(stored, 'bronze')).toEqual(pair.world.state)
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
        const tier = { id: 'bronze', name: 'Bronze', from: 0, factor }
        const world = new World(programOf({ tiers: [tier] }))
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
