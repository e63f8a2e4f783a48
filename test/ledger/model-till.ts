import { isVoid, Model, type Outcome } from './model'
import { isWhole, type ModelTill, type Order, type Redemption } from './model-order'

/** What a sale is paid with: points, a reward, or the coupon of a redemption. */
export type ModelPayment =
  | { points: number }
  | { rewardId: string }
  | { coupon: Redemption | undefined }

/** The naive ledger with what happens at tills. */
export class TillModel extends Model {
  /** A sale at a till: what pays it, then what it earns. */
  sale(
    order: Pick<Order, 'id' | 'total' | 'lines'>,
    money: { shipping: number; byPoints: number },
    occurredAt: number,
    { till, payment }: { till: ModelTill; payment: ModelPayment | undefined },
  ): Outcome {
    if (this.isLate(occurredAt)) {
      return 'validation_failed'
    }
    const known = this.orders.find(({ id }) => id === order.id)
    if (known && !isVoid(known) && (!payment || this.#isPaidBy(order.id, payment))) {
      return 'again'
    }
    if (this.isFrozen) {
      return 'member_frozen'
    }
    if (known) {
      return 'already_exists'
    }
    const paid = payment ? this.#pay(order.id, payment) : 'done'
    return paid === 'done' || paid === 'again'
      ? this.purchase(order, money, occurredAt, till)
      : paid
  }

  #pay(orderId: string, payment: ModelPayment): Outcome {
    if ('coupon' in payment) {
      return this.useCoupon(payment.coupon, orderId)
    }
    return this.redeem('points' in payment ? payment.points : payment.rewardId, orderId)
  }

  #isPaidBy(orderId: string, payment: ModelPayment): boolean {
    if ('coupon' in payment) {
      return payment.coupon?.coupon?.orders.has(orderId) ?? false
    }
    const [points, rewardId] =
      'points' in payment ? [payment.points, null] : [null, payment.rewardId]
    return this.redemptions.some(
      (each) =>
        each.orderId === orderId &&
        !each.byHold &&
        each.rewardId === rewardId &&
        (points === null || each.spent === points),
    )
  }

  voidSale(orderId: string, { storeId, terminalId }: ModelTill): Outcome {
    const order = this.orders.find((each) => each.id === orderId)
    if (!order) {
      return 'not_found'
    }
    const { till } = order
    if (till === null || till.storeId !== storeId || till.terminalId !== terminalId) {
      return 'forbidden'
    }
    if (isVoid(order)) {
      return 'again'
    }
    const reopened = this.couponsFor(orderId).filter(
      (each) => isWhole(each) && each.coupon!.endsAt > this.now,
    )
    reopened.forEach(({ coupon }) => Object.assign(coupon!, { state: 'open', orderId: null }))
    this.uses = this.uses.filter((each) => !reopened.includes(each))
    const refunded = this.refund(orderId, 'void', order.total, [])
    this.lapse()
    return reopened.length > 0 ? 'done' : refunded
  }

  useCoupon(redemption: Redemption | undefined, orderId: string | null): Outcome {
    const coupon = redemption?.coupon
    if (coupon?.state === 'used' && orderId !== null && coupon.orderId === orderId) {
      return 'again'
    }
    if (this.isFrozen) {
      return 'member_frozen'
    }
    if (coupon?.state !== 'open') {
      return coupon ? 'coupon_ended' : 'not_found'
    }
    Object.assign(coupon, { state: 'used', orderId })
    if (orderId !== null) {
      coupon.orders.add(orderId)
    }
    this.uses.push(redemption!)
    return 'done'
  }

  voidCoupon(redemption: Redemption | undefined, reason: string | undefined): Outcome {
    const coupon = redemption?.coupon
    if (coupon?.state === 'void' && coupon.reason === reason) {
      return 'again'
    }
    if (coupon?.state !== 'open') {
      return coupon ? 'coupon_ended' : 'not_found'
    }
    Object.assign(coupon, { state: 'void', reason })
    return 'done'
  }

  freeze(isFrozen: boolean): Outcome {
    const isNew = this.isFrozen !== isFrozen
    this.isFrozen = isFrozen
    return isNew ? 'done' : 'nothing'
  }
}
