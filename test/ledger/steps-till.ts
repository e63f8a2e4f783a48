import fc from 'fast-check'
import type { Payment } from '../../src/ledger/sale'
import type { ModelTill, Redemption } from './model-order'
import type { ModelPayment } from './model-till'
import {
  basket,
  bought,
  index,
  maybeOrder,
  named,
  type Pair,
  pick,
  points,
  rewardId,
  run,
} from './step'
import { proofOf } from './world'

// Steps with coupons, at tills, and with members who are frozen.

/** A coupon of both: the ledger names it by its redemption. */
function couponAt({ world, model }: Pair, index: number): [seq: number, Redemption | undefined] {
  const given = world.entries.filter(({ kind, endsAt }) => kind === 'redeem' && endsAt !== null)
  const seq = pick(given, index)?.seq ?? 9_999
  return [
    seq,
    pick(
      model.redemptions.filter(({ coupon }) => coupon),
      index,
    ),
  ]
}

const useCoupon = named(
  'useCoupon',
  fc.record({ index, orderId: maybeOrder }),
  ({ index, orderId }) => {
    return (pair) => {
      const [seq, redemption] = couponAt(pair, index)
      return [
        run(pair, { type: 'useCoupon', ...proofOf(seq), orderId }),
        pair.model.useCoupon(redemption, orderId ?? null),
      ]
    }
  },
)

const voidCoupon = named(
  'voidCoupon',
  fc.record({ index, reason: fc.constantFrom(undefined, 'a', 'b') }),
  ({ index, reason }) => {
    return (pair) => {
      const [seq, redemption] = couponAt(pair, index)
      return [
        run(pair, { type: 'voidCoupon', ...proofOf(seq), reason }),
        pair.model.voidCoupon(redemption, reason),
      ]
    }
  },
)

const cheap = fc.constantFrom('gift', 'treat', 'treat', 'daily', 'season', 'coupon')

/** A reward that gives a coupon: without them the other steps find none. */
const redeemCoupon = named('redeemCoupon', cheap, (rewardId) => {
  return (pair) => [
    run(pair, { type: 'redeem', request: { rewardId } }),
    pair.model.redeem(rewardId, null),
  ]
})

const till = fc.constantFrom<ModelTill>({}, {}, { storeId: 's' }, { storeId: 's', terminalId: 't' })

type Paid = { points: number } | { rewardId: string } | { index: number } | undefined

const paid = fc.oneof<fc.Arbitrary<Paid>[]>(
  fc.constant(undefined),
  fc.record({ points }),
  fc.record({ rewardId }),
  fc.record({ index }),
  fc.record({ index }),
)

/** What pays, as each of both is told it. */
function paymentIn(pair: Pair, paid: Paid): [Payment | undefined, ModelPayment | undefined] {
  if (paid === undefined || !('index' in paid)) {
    return [paid, paid]
  }
  const [seq, coupon] = couponAt(pair, paid.index)
  return [proofOf(seq), { coupon }]
}

// Most orders are known soon: these are for tills alone.
const newOrder = fc.constantFrom('o1', 'o2', 's1', 's2', 's3', 's4', 's5', 's6')

const sold = fc.record({ basket, orderId: newOrder, till, paid })

const sale = named('sale', sold, ({ basket, orderId, till, paid }) => {
  return (pair) => {
    const { request, told } = bought({ ...basket, orderId }, pair.world.now)
    const [payment, modelPayment] = paymentIn(pair, paid)
    return [
      run(pair, { type: 'sale', request: { ...request, ...till }, payment }),
      pair.model.sale(...told, { till, payment: modelPayment }),
    ]
  }
})

const voidSale = named(
  'voidSale',
  fc.record({ index, isHere: fc.constantFrom(true, true, true, false), till }),
  ({ index, isHere, till }) => {
    return (pair) => {
      const order = pick(pair.model.orders, index)
      const orderId = order?.id ?? 'unknown'
      const where = isHere ? (order?.till ?? till) : till
      return [
        run(pair, { type: 'voidSale', orderId, till: where }),
        pair.model.voidSale(orderId, where),
      ]
    }
  },
)

/** Points for coupons: without them there are none to use. */
const give = named('give', fc.constantFrom(20, 60), (points) => {
  return (pair) => [
    run(pair, { type: 'adjust', request: { points, reason: 'because', allowDebt: false } }),
    pair.model.adjust(points, false, undefined),
  ]
})

const freeze = named('freeze', fc.constantFrom('freeze', 'unfreeze', 'unfreeze'), (type) => {
  return (pair) => [run(pair, { type }), pair.model.freeze(type === 'freeze')]
})

/** Once frozen, most steps come to nothing. */
const unfreeze = named('unfreeze', fc.constant(null), () => {
  return (pair) => [run(pair, { type: 'unfreeze' }), pair.model.freeze(false)]
})

export const tillStep = fc.oneof(
  { weight: 10, arbitrary: sale },
  { weight: 4, arbitrary: give },
  { weight: 8, arbitrary: redeemCoupon },
  { weight: 5, arbitrary: useCoupon },
  { weight: 2, arbitrary: voidCoupon },
  { weight: 5, arbitrary: voidSale },
  { weight: 1, arbitrary: freeze },
  { weight: 2, arbitrary: unfreeze },
)
