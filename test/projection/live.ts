import fc from 'fast-check'
import type { Shop } from '../clock/shop'

/** Where the clock of a shop stands in which members are to live. */
export const START = '2027-08-30T20:00:00.000Z'
const DAY_MS = 86_400_000

// Twice what would be rare.
const whats =
  'buy buy late activity redeem reward hold hold capture capture release refund part reverse reverse undo give take wait wait'.split(
    ' ',
  )

/** Something that a member does, or tries to. */
export const step = fc.record({
  member: fc.nat(2),
  what: fc.constantFrom(...whats),
  size: fc.integer({ min: 1, max: 400 }),
  pick: fc.nat(20),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Does random things to three members. What is refused has done nothing. Answers how often each was done. */
export async function live(shop: Shop, members: readonly string[], steps: readonly Step[]) {
  let now = Date.parse(START)
  const made: { member: string; what: string; seq: number; id: string; order: string }[] = []
  const done: Record<string, number> = {}
  for (const [i, { member: nth, what, size, pick }] of steps.entries()) {
    const member = members[nth]!
    const id = `${what}-${i}`
    // One of the last things of that kind.
    const last = (...kinds: string[]) => {
      const all = made.filter((each) => each.member === member && kinds.includes(each.what))
      return all.at(-1 - (pick % 3)) ?? all.at(-1)
    }
    const order = last('buy', 'late')?.id ?? 'none'
    const held = last('hold')?.seq ?? 1
    const occurredAt = new Date(now - size * 0.9 * DAY_MS).toISOString()
    const few = Math.ceil(size / 8)
    const post = (path: string, body: object = {}) => shop.post(member, path, body)
    const refund = last('refund', 'part')
    const acts: Record<string, () => Promise<{ status: number; json: { seq?: number } }>> = {
      buy: () => shop.buy(member, id, size),
      late: () => shop.buy(member, id, size, { occurredAt }),
      activity: () => post('activities', { type: 'review', reference: id }),
      redeem: () => post('redemptions', { points: few, orderId: order }),
      reward: () => post('redemptions', { rewardId: 'gift' }),
      hold: () => post('holds', { points: few, expiresInSeconds: size * 1_500, orderId: order }),
      capture: () => post(`holds/${held}/capture`, pick > 10 ? {} : { points: 1 }),
      release: () => post(`holds/${held}/release`),
      refund: () => post('refunds', { orderId: order, refundId: id, amount: 1_000_000 }),
      part: () => post('refunds', { orderId: order, refundId: id, amount: size * 20 }),
      reverse: () => post(`redemptions/${last('redeem', 'reward', 'capture')?.seq ?? 1}/reversal`),
      undo: () => post(`refunds/${refund?.id ?? 'none'}/reversal`, { orderId: refund?.order }),
      give: () => post('adjustments', { points: size, reason: 'x' }),
      take: () => post('adjustments', { points: -size, reason: 'x', allowDebt: pick > 10 }),
      wait: () => {
        now += Math.round(few * few * 0.004 * DAY_MS)
        return shop.move(new Date(now).toISOString())
      },
    }
    const { status, json } = await acts[what]!()
    if (status < 300) {
      done[what] = (done[what] ?? 0) + 1
      made.push({ member, what, seq: json.seq ?? 1, id, order })
    }
  }
  return done
}
