import { locale } from './words.js'
import { products } from './shelf.js'
import { identity } from './who.js'

/** The till as a shop calls it; a sale is undone where it was made. */
export const TERMINAL = 'till-1'
/** What ten points pay, in fen. */
const TEN_POINTS = 100
/** What the reward `coupon` takes off, in fen. */
const TEN_OFF = 1_000

/** What is in the basket: products with how many. */
export const picked = ({ basket }) =>
  products
    .map((product) => ({ ...product, quantity: basket[product.sku] ?? 0 }))
    .filter(({ quantity }) => quantity > 0)

/** What is sold and what it comes to: amounts in fen. */
export function price(state) {
  const lines = picked(state)
  const sum = lines.reduce((total, { quantity, price: each }) => total + quantity * each, 0)
  const discount = Math.min(sum, discountOf(state, lines))
  const most = Math.floor((sum - discount) / TEN_POINTS) * 10
  const points = state.redeem === 'points' ? Math.min(state.points, most) : 0
  return { lines, discount, points, paid: (points / 10) * TEN_POINTS, total: sum - discount }
}

/** The body of `POST /v1/pos/sales` for what the till shows. */
export function saleOf(state) {
  const { lines, discount, points, paid, total } = price(state)
  const who = identity(state.scanned)
  return {
    ...who,
    ...(who.phone && state.isEnrolling && { enrolIfNew: true }),
    locale: locale(),
    sale: {
      orderId: `till-${crypto.randomUUID()}`,
      currency: 'CNY',
      lines: lines.map(({ sku, quantity, price: each }) => ({
        sku,
        quantity,
        amount: quantity * each,
      })),
      ...(discount > 0 && { discount }),
      ...(paid > 0 && { payments: paymentsOf(paid, total) }),
      terminalId: TERMINAL,
    },
    ...(redeemOf(state, points) && { redeem: redeemOf(state, points) }),
  }
}

const paymentsOf = (paid, total) =>
  [
    { method: 'points', amount: paid },
    { method: 'cash', amount: total - paid },
  ].filter(({ amount }) => amount > 0)

/** The reward that is redeemed, or that the coupon is for. */
function rewardOf({ redeem, found }) {
  const [kind, id] = redeem.split(' ')
  return kind === 'coupon' ? found?.coupons.find(({ code }) => code === id)?.rewardId : id
}

function discountOf(state, lines) {
  const rewardId = rewardOf(state)
  const dearest = Math.max(0, ...lines.map((line) => line.price))
  return { coupon: TEN_OFF, item: dearest }[rewardId] ?? 0
}

function redeemOf({ redeem, found }, points) {
  const [kind, id] = redeem.split(' ')
  if (kind === 'points' && points > 0) {
    return { points }
  }
  if (kind === 'coupon') {
    return { coupon: id }
  }
  const reward = kind === 'reward' && found?.rewards.find((each) => each.id === id)
  return reward ? { rewardId: id, expectedPoints: reward.points } : null
}
