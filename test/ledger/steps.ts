import fc from 'fast-check'
import { policies, programBy } from './model-rules'
import {
  basket,
  bought,
  index,
  maybeOrder,
  named,
  orderId,
  pick,
  points,
  refundId,
  rewardId,
  run,
  seqAt,
  type Step,
} from './step'
import { importStep } from './steps-import'
import { tillStep } from './steps-till'
import { DAY_MS, NOON } from './world'

const purchase = named('purchase', basket, (data) => {
  return (pair) => {
    const { request, told } = bought(data, pair.world.now)
    return [run(pair, { type: 'purchase', request }), pair.model.purchase(...told)]
  }
})

const pendingOrder = named(
  'pendingOrder',
  fc.record({
    orderId,
    points,
    wakes: fc.integer({ min: 1, max: 20 }),
    lives: fc.integer({ min: -2, max: 40 }),
  }),
  ({ orderId, points, wakes, lives }) => {
    return ({ world, model }) => {
      if (model.orders.some(({ id }) => id === orderId)) {
        return ['again', 'again']
      }
      const [activeAt, expiresAt] = [wakes, Math.max(1, wakes + lives)].map(
        (days) => world.now + days * DAY_MS,
      ) as [number, number]
      world.buyPending(orderId, points, activeAt, expiresAt)
      model.pendingOrder(orderId, points, activeAt, expiresAt)
      return ['done', 'done']
    }
  },
)

const activity = named(
  'activity',
  fc.record({
    type: fc.constantFrom('check-in', 'check-in', 'review', 'workshop', 'birthday', 'dance'),
    reference: fc.constantFrom(undefined, 'a', 'b'),
  }),
  (request) => {
    return (pair) => [
      run(pair, { type: 'activity', request }),
      pair.model.activity(request.type, request.reference),
    ]
  },
)

const refundLine = fc
  .record({
    lineId: fc.constantFrom('l0', 'l0', 'l1', 'l2'),
    units: fc.integer({ min: 1, max: 4 }),
    amount: fc.integer({ min: 0, max: 6_000 }),
    byUnits: fc.boolean(),
  })
  .map(({ lineId, units, amount, byUnits }) =>
    byUnits ? { lineId, quantity: units } : { lineId, amount },
  )

const refund = named(
  'refund',
  fc.record({
    index,
    refundId,
    amount: fc.constantFrom(undefined, 0, 1_000, 1_999, 3_000, 9_000, 9_000),
    lines: fc.array(refundLine, { minLength: 1, maxLength: 3 }),
  }),
  ({ index, refundId, amount, lines }) => {
    const what = amount === undefined ? { lines } : { amount }
    return (pair) => {
      const orderId = pick(pair.model.orders, index)?.id ?? 'unknown'
      return [
        run(pair, { type: 'refund', request: { orderId, refundId, ...what } }),
        pair.model.refund(orderId, refundId, amount, lines),
      ]
    }
  },
)

const reverseRefund = named(
  'reverseRefund',
  fc.record({ index, byOrder: fc.boolean() }),
  ({ index, byOrder }) => {
    return (pair) => {
      const refunds = pair.model.orders.flatMap(({ id, refunds }) =>
        refunds.map((each) => [id, each.id]),
      )
      const [id, refundId = 'unknown'] = pick(refunds, index) ?? []
      const orderId = byOrder ? id : undefined
      return [
        run(pair, { type: 'reverseRefund', refundId, orderId }),
        pair.model.reverseRefund(refundId, orderId),
      ]
    }
  },
)

const seconds = fc.constantFrom(60, 900, 86_400, 7 * 86_400)

const hold = named(
  'hold',
  fc.record({ points, expiresInSeconds: seconds, orderId: maybeOrder }),
  (request) => {
    return (pair) => [
      run(pair, { type: 'hold', request }),
      pair.model.hold(request.points, request.expiresInSeconds, request.orderId ?? null),
    ]
  },
)

const capture = named(
  'capture',
  fc.record({ index, points: fc.constantFrom(undefined, 1, 2, 5, 20), orderId: maybeOrder }),
  ({ index, points, orderId }) => {
    return (pair) => {
      const holdId = seqAt(pair.world, ['hold'], index)
      return [
        run(pair, { type: 'capture', holdId, request: { points, orderId } }),
        pair.model.capture(pick(pair.model.holds, index), points, orderId ?? null),
      ]
    }
  },
)

const release = named('release', index, (index) => {
  return (pair) => [
    run(pair, { type: 'release', holdId: seqAt(pair.world, ['hold'], index) }),
    pair.model.release(pick(pair.model.holds, index)),
  ]
})

const redeem = named(
  'redeem',
  fc.record({
    what: fc.oneof(points, rewardId, fc.constantFrom('yacht', 'constructor')),
    orderId: maybeOrder,
  }),
  ({ what, orderId }) => {
    const request = typeof what === 'number' ? { points: what } : { rewardId: what }
    return (pair) => [
      run(pair, { type: 'redeem', request: { ...request, orderId } }),
      pair.model.redeem(what, orderId ?? null),
    ]
  },
)

const reverseRedemption = named('reverseRedemption', index, (index) => {
  return (pair) => {
    const redemptionId = seqAt(pair.world, ['redeem', 'capture'], index)
    return [
      run(pair, { type: 'reverseRedemption', redemptionId }),
      pair.model.reverseRedemption(pick(pair.model.redemptions, index)),
    ]
  }
})

const adjust = named(
  'adjust',
  fc.record({
    points: fc.integer({ min: -80, max: 80 }).filter((each) => each !== 0),
    allowDebt: fc.boolean(),
    lives: fc.constantFrom(undefined, 10 * DAY_MS, 40 * DAY_MS, 900_000, 0),
  }),
  ({ points, allowDebt, lives }) => {
    return (pair) => {
      const expiresAt = lives === undefined ? undefined : pair.world.now + lives
      const request = { points, allowDebt, expiresAt, reason: 'because' }
      return [
        run(pair, { type: 'adjust', request }),
        pair.model.adjust(points, allowDebt, expiresAt),
      ]
    }
  },
)

/** When a cron settles on the way. */
const EARLY = [0.02, 0.1, 0.2, 0.35, 0.5, 0.63, 0.8, 0.9, 0.95]

/** Lets time pass for both. */
const passTo =
  (untilOf: (now: number) => number): Step =>
  ({ world, model, cron }) => {
    const until = untilOf(world.now)
    const ms = until - world.now
    for (const part of cron ? EARLY : []) {
      world.until(until - Math.floor(ms * (1 - part)))
    }
    world.now = until
    world.settle()
    model.pass(until)
    return ['done', 'done']
  }

const pass = named(
  'pass',
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(60_000, 900_000, DAY_MS, 10 * DAY_MS, 40 * DAY_MS) },
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 30 * DAY_MS }) },
    { weight: 1, arbitrary: fc.constantFrom(90 * DAY_MS, 200 * DAY_MS, 366 * DAY_MS) },
  ),
  (ms) => passTo((now) => now + ms),
)

/** To a midnight in Shanghai, or to just before it. */
const passToMidnight = named(
  'passToMidnight',
  fc.record({ days: fc.integer({ min: 1, max: 35 }), before: fc.constantFrom(0, 1) }),
  ({ days, before }) => {
    const midnight = (now: number) => now - ((now - NOON + DAY_MS / 2) % DAY_MS) + days * DAY_MS
    return passTo((now) => Math.max(now, midnight(now) - before))
  },
)

const publish = named('publish', policies, (policy) => {
  return ({ world, model }) => {
    model.publish(policy)
    const program = programBy({ ...model.rules, ...policy })
    const version = world.program.version + 1
    world.program = { ...program, version, publishedAt: world.now }
    return ['done', 'done']
  }
})

export const step = fc.oneof(
  { weight: 10, arbitrary: purchase },
  { weight: 2, arbitrary: pendingOrder },
  { weight: 4, arbitrary: activity },
  { weight: 10, arbitrary: refund },
  { weight: 6, arbitrary: reverseRefund },
  { weight: 6, arbitrary: hold },
  { weight: 4, arbitrary: capture },
  { weight: 2, arbitrary: release },
  { weight: 12, arbitrary: redeem },
  { weight: 4, arbitrary: reverseRedemption },
  { weight: 6, arbitrary: adjust },
  { weight: 8, arbitrary: pass },
  { weight: 2, arbitrary: passToMidnight },
  { weight: 1, arbitrary: publish },
  { weight: 30, arbitrary: tillStep },
  { weight: 12, arbitrary: importStep },
)
