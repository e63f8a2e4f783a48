import type { Shop } from '../clock/shop'
import { call } from '../http/api'
import { fullLedger } from '../statement/ledger'

/** A member to whom everything has happened that can, with coupons too. */
export async function fullWallet(): Promise<{ shop: Shop; member: string }> {
  const full = await fullLedger()
  const { shop, member } = full
  const gift = { name: { en: 'Gift' }, points: 50, validDays: 1, limit: { most: 9, per: 'day' } }
  await shop.publish({ rewards: { gift } })
  await liveWithCoupons(shop, member)
  await shop.move('2028-10-06T00:00:00Z')
  await shop.buy(member, 'o8', 30)
  await shop.post(member, 'holds', { points: 5 })
  return full
}

/** Gives coupons to a member, who uses one, loses one, lets one lapse and gives one back; freezes and frees; voids a sale. */
async function liveWithCoupons(shop: Shop, member: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const { status, json, text } = await call('POST', path, { key: shop.key, body, headers })
    if (status !== 201) {
      throw new Error(`${path}: ${text}`)
    }
    return json
  }
  const own = (path: string, body: object = {}) => post(`/v1/members/${member}/${path}`, body)
  const redeem = async (): Promise<{ code: string; redemptionId: number }> =>
    (await own('redemptions', { rewardId: 'gift' })).coupon
  const sell = (orderId: string, redeem: object) => {
    const sale = { orderId, currency: 'CNY', total: 3_000, terminalId: 't1' }
    return post('/v1/pos/sales', { memberId: member, sale, redeem })
  }
  await own('adjustments', { points: 1_000, reason: 'for coupons' })
  const [paid, kept, lost, back] = [await redeem(), await redeem(), await redeem(), await redeem()]
  await sell('till-1', { coupon: paid.code })
  await post('/v1/pos/voids', { memberId: member, orderId: 'till-1', terminalId: 't1' })
  await sell('till-2', { coupon: paid.code })
  await own('refunds', { orderId: 'till-2', refundId: 'till-2-a', amount: 1_000 })
  await own('refunds/till-2-a/reversal', { orderId: 'till-2' })
  await sell('till-3', { points: 7 })
  await post(`/v1/coupons/${kept.code}/use`, {})
  await post(`/v1/coupons/${lost.code}/void`, { reason: 'copied' })
  await own(`redemptions/${back.redemptionId}/reversal`)
  await own('freeze', { reason: 'card lost' })
  await own('unfreeze', { reason: 'card found' })
  await redeem()
}
