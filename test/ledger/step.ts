import fc from 'fast-check'
import type { Command } from '../../src/ledger/decide'
import type { Outcome } from './model'
import { programBy, type WalkRules } from './model-rules'
import { ImportModel } from './model-import'
import { actor, DAY_MS, NOON, World } from './world'

// What the steps of a walk are made of.

/** A ledger and a model of it, side by side; with `cron`, time passes for the ledger in many small steps. */
export interface Pair {
  world: World
  model: ImportModel
  cron: boolean
}
/** One thing to do to both. Answers what each made of it. */
export type Step = (pair: Pair) => [ledger: Outcome, model: Outcome]

/** A step that a counterexample shows by its name and data. */
export const named = <T>(name: string, data: fc.Arbitrary<T>, step: (data: T) => Step) =>
  data.map((each) =>
    Object.assign(step(each), { [fc.toStringMethod]: () => `${name} ${fc.stringify(each)}` }),
  )

export function pairOf(rules: WalkRules, cron = false): Pair {
  const [world, model] = [new World(programBy(rules)), new ImportModel(rules, NOON)]
  world.now += rules.beginsAfter * DAY_MS
  model.now = world.now
  return { world, model, cron }
}

export const run = ({ world }: Pair, command: Command, requestId = 'request'): Outcome => {
  const { code, first, entries } = world.do(command, { ...actor, requestId })
  return code ?? (first ? 'again' : entries.length === 0 ? 'nothing' : 'done')
}

/** The `seq` of the ledger's counterpart: its entries of those kinds come in the order of the model's things. */
export const seqAt = (world: World, kinds: string[], index: number): number =>
  pick(
    world.entries.filter((entry) => kinds.includes(entry.kind)),
    index,
  )?.seq ?? 9_999

/** Which of the things that are there, the latest first; none at −1. */
export const index = fc.constantFrom(-1, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5)
export const pick = <T>(things: readonly T[], index: number): T | undefined =>
  index < 0 ? undefined : things[things.length - 1 - (index % Math.max(1, things.length))]

export const orderId = fc.constantFrom('o1', 'o1', 'o2', 'o3', 'o4', 'o5')
export const maybeOrder = fc.constantFrom(undefined, 'o1', 'o1', 'o2', 'o3')
export const refundId = fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5')
export const points = fc.integer({ min: 1, max: 40 })

export const rewardId = fc.constantFrom('gift', 'gift', 'coupon', 'treat', 'daily', 'season')

const line = fc.record({
  quantity: fc.integer({ min: 1, max: 4 }),
  amount: fc.oneof(fc.integer({ min: 0, max: 6_000 }), fc.constant(0)),
})

/** What is bought, at which price, how much of it by points, and how many days ago. */
export const basket = fc.record({
  orderId,
  lines: fc.array(line, { maxLength: 3 }),
  bare: fc.integer({ min: 0, max: 8_000 }),
  shipping: fc.constantFrom(0, 0, 700),
  paid: fc.constantFrom(0, 0, 0.5, 1),
  daysAgo: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 20, 45, 401, -1 / 400),
})
type Drawn = typeof basket extends fc.Arbitrary<infer T> ? T : never
type Basket = Omit<Drawn, 'orderId'> & { orderId: string }

/** A basket as the ledger is told it, and as the model is. */
export function bought({ orderId, lines, bare, shipping, paid, daysAgo }: Basket, now: number) {
  const kept = lines.map((each, i) => ({ ...each, sku: 'sku', lineId: `l${i}` }))
  const goods = kept.length > 0 ? kept.reduce((sum, { amount }) => sum + amount, 0) : bare
  const total = goods + shipping
  const byPoints = Math.floor(total * paid)
  const occurredAt = now - daysAgo * DAY_MS
  const request = {
    orderId,
    currency: 'CNY',
    lines: kept,
    shipping,
    total,
    channel: 'pos' as const,
    occurredAt,
    payments: [
      { method: 'points', amount: byPoints },
      { method: 'card', amount: total - byPoints },
    ],
  }
  const order = { id: orderId, total, lines: kept }
  return { request, told: [order, { shipping, byPoints }, occurredAt] as const }
}
