import { openShop, type Rules, type Shop } from '../clock/shop'

export const START = '2027-08-31T02:00:00.000Z'

/** A member to whom everything has happened that can: every kind of entry, debt and its end, a tier lost. */
export async function fullLedger(changes: Rules = {}): Promise<{ shop: Shop; member: string }> {
  const shop = await openShop(
    { clock: START },
    {
      currencies: { USD: { rate: '7.12' } },
      pending: { activeAfterDays: 2 },
      expiry: { kind: 'after', months: 3, to: 'month' },
      restoreGraceDays: 30,
      ...changes,
    },
  )
  const member = await shop.enrol()
  const post = async (path: string, body: object = {}) => {
    const { status, json, text } = await shop.post(member, path, body)
    if (status !== 201) {
      throw new Error(`${path}: ${text}`)
    }
    return json.seq as number
  }
  await post('activities', { type: 'check-in' })
  await shop.buy(member, 'o1', 2_500, { storeId: 'north', terminalId: 't1' })
  await shop.buy(member, 'o2', 100, { currency: 'USD' })
  await shop.move('2027-09-03T00:00:00Z')
  await post('adjustments', { points: 40, reason: 'a gift' })
  const kept = await post('holds', { points: 300, orderId: 'o3' })
  const freed = await post('holds', { points: 20, expiresInSeconds: 3_600 })
  await post(`holds/${kept}/capture`, { points: 250 })
  await post(`holds/${freed}/release`)
  const redeemed = await post('redemptions', { rewardId: 'gift', expectedPoints: 1 })
  await post(`redemptions/${redeemed}/reversal`)
  await post('redemptions', { points: 2_500, orderId: 'o4' })
  await post('refunds', { orderId: 'o1', refundId: 'r1', amount: 100_000 })
  await post('refunds/r1/reversal')
  await post('refunds', { orderId: 'o1', refundId: 'r2', amount: 50_000 })
  await post('adjustments', { points: -300, reason: 'a mistake', allowDebt: true })
  await post('activities', { type: 'review', reference: 'sku:TEA-1' })
  await shop.buy(member, 'o5', 900)
  await shop.move('2027-09-20T00:00:00Z')
  await post('holds', { points: 30, expiresInSeconds: 86_400 })
  await shop.move('2028-09-30T00:00:00Z')
  await shop.buy(member, 'o6', 70)
  await shop.move('2028-10-03T00:00:00Z')
  await shop.buy(member, 'o7', 30)
  await post('holds', { points: 5 })
  return { shop, member }
}

/** The statement of a member as JSON. */
export const statementOf = async (shop: Shop, member: string) =>
  (await shop.get(`/v1/members/${member}/statement`)).json
