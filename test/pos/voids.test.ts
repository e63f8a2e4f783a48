import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { catchUp } from '../../src/projection/consumer'
import { call, pointers, tally } from '../http/api'
import { openTill, rewards, type Till } from './till'

let till: Till

beforeAll(async () => {
  till = await openTill({
    rewards: { ...rewards, once: { ...rewards.tea, limit: { most: 1, per: 'ever' } } },
  })
})

const here = { storeId: 'bund', terminalId: 't1' }

/** Sells for 30 at one till of the store. */
const sell = (memberId: string, orderId: string, rest: object = {}) =>
  till.sell({ memberId }, orderId, { ...rest, sale: here })

/** Waits until D1 lists what these members did. */
const listed = (members: readonly string[]) =>
  catchUp(
    env,
    members.map((memberId) => ({ programId: till.shop.id, memberId })),
  )

describe('a void', () => {
  it.each<[string, object, string[]]>([
    ['alone', {}, ['clawback']],
    ['paid with points', { redeem: { points: 40 } }, ['restore', 'clawback']],
    ['paid with a reward', { redeem: { rewardId: 'cup' } }, ['restore', 'clawback']],
  ])('undoes a sale %s: all is as before', async (orderId, rest, kinds) => {
    const memberId = await till.member(500)
    const before = await till.shop.balance(memberId)
    await sell(memberId, orderId, rest)
    const { status, json } = await till.undo({ orderId, memberId, ...here })
    expect(status).toBe(201)
    expect(json).toMatchObject({ memberId, balance: before.balance, tier: before.tier })
    expect(json.entries.map(({ kind }: { kind: string }) => kind)).toEqual(kinds)
    expect(json.entries.at(-1)).toMatchObject({ orderId, refundId: 'void', points: -30 })
    expect(json.print).toContain('Points taken back: −30')
  })

  it('opens the coupon again that paid, at any till', async () => {
    const memberId = await till.member(500)
    const coupon = await till.redeem(memberId, 'cup')
    await sell(memberId, 'by coupon', { redeem: { coupon } })
    const { json } = await till.undo({ orderId: 'by coupon', memberId, ...here })
    expect(json.coupon).toMatchObject({ code: coupon, status: 'open', orderId: null })
    expect(json.print).toContain('Coupon can be used again: Cup')
    expect((await till.coupon(coupon)).json.status).toBe('open')
    expect((await sell(memberId, 'by it again', { redeem: { coupon } })).status).toBe(201)
  })

  it('gives a reward back that can be had once', async () => {
    const memberId = await till.member(500)
    const redeem = { rewardId: 'once' }
    await sell(memberId, 'once', { redeem })
    expect((await sell(memberId, 'twice', { redeem })).json.code).toBe('limit_reached')
    await till.undo({ orderId: 'once', memberId, ...here })
    expect((await sell(memberId, 'again', { redeem })).status).toBe(201)
  })

  it('finds whose order it is by itself, once the lists have it', async () => {
    const memberId = await till.member()
    await sell(memberId, 'listed')
    await listed([memberId])
    const { status, json } = await till.undo({ orderId: 'listed', ...here })
    expect([status, json.memberId]).toEqual([201, memberId])
  })

  it('must be told whose order it is that two members have', async () => {
    const members = [await till.member(), await till.member()] as const
    for (const memberId of members) {
      await sell(memberId, 'shared')
    }
    await listed(members)
    expect((await till.undo({ orderId: 'shared', ...here })).status).toBe(404)
    const answer = await till.undo({ orderId: 'shared', memberId: members[1], ...here })
    expect(answer.status).toBe(201)
    expect([await till.balance(members[0]), await till.balance(members[1])]).toEqual([30, 0])
  })

  it.each<[string, object]>([
    ['another terminal', { ...here, terminalId: 't2' }],
    ['another store', { ...here, storeId: 'web' }],
    ['a till that does not say which', {}],
  ])('is refused to %s', async (name, where) => {
    const memberId = await till.member()
    await sell(memberId, name)
    const answer = await till.undo({ orderId: name, memberId, ...where })
    expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } })
    expect(await till.balance(memberId)).toBe(30)
  })

  it.each(['web', 'app', 'webhook'])('is refused of what was bought by %s', async (channel) => {
    const memberId = await till.member()
    await till.shop.buy(memberId, channel, 30, { channel, ...here })
    const answer = await till.undo({ orderId: channel, memberId, ...here })
    expect([answer.status, await till.balance(memberId)]).toEqual([403, 30])
  })

  it('of what nobody sold is not found', async () => {
    const memberId = await till.member()
    for (const body of [
      { orderId: 'nothing', ...here },
      { orderId: 'nothing', memberId, ...here },
      { orderId: 'nothing', memberId: 'mp0000000000000', ...here },
    ]) {
      expect(await till.undo(body)).toMatchObject({ status: 404, json: { code: 'not_found' } })
    }
  })

  it('comes once: again, and at once, it is the same', async () => {
    const memberId = await till.member(100)
    await sell(memberId, 'once only', { redeem: { points: 10 } })
    const body = { orderId: 'once only', memberId, ...here }
    const answers = await Promise.all([till.undo(body), till.undo(body), till.undo(body, 'k')])
    expect(tally(answers)).toEqual({ 201: 3 })
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const again = await till.undo(body, 'k')
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([
      answers[2].text,
      'true',
    ])
    expect(await till.balance(memberId)).toBe(100)
  })

  it('stays: no reversal brings the sale back, and no refund takes more', async () => {
    const memberId = await till.member(100)
    await sell(memberId, 'stays')
    await till.undo({ orderId: 'stays', memberId, ...here })
    const reversal = await till.shop.post(memberId, 'refunds/void/reversal', { orderId: 'stays' })
    expect([reversal.status, reversal.json.code]).toEqual([409, 'already_exists'])
    const refund = { orderId: 'stays', refundId: 'r', amount: 3_000 }
    const { status, json } = await till.shop.post(memberId, 'refunds', refund)
    expect([status, json.entries]).toEqual([200, []])
    expect(await till.balance(memberId)).toBe(100)
  })

  it('is a name that no refund may have', async () => {
    const memberId = await till.member(100)
    await sell(memberId, 'named')
    const refund = { orderId: 'named', refundId: 'void', amount: 1 }
    const bodies: [string, object][] = [
      [`/v1/members/${memberId}/refunds`, refund],
      ['/v1/refunds', refund],
    ]
    for (const [path, body] of bodies) {
      const answer = await till.post(path, body)
      expect([answer.status, pointers(answer)]).toEqual([400, ['#/refundId']])
    }
    expect((await till.undo({ orderId: 'named', memberId, ...here })).status).toBe(201)
  })

  it('after a refund in part takes back the rest', async () => {
    const memberId = await till.member(100)
    await sell(memberId, 'part', { redeem: { points: 40 } })
    await till.shop.post(memberId, 'refunds', { orderId: 'part', refundId: 'r', amount: 1_000 })
    const { json } = await till.undo({ orderId: 'part', memberId, ...here })
    expect(json.entries.map(({ points }: { points: number }) => points)).toEqual([27, -20])
    expect(json.balance.balance).toBe(100)
  })

  it('is done for who is frozen', async () => {
    const memberId = await till.member(100)
    await sell(memberId, 'frozen', { redeem: { points: 40 } })
    await till.shop.post(memberId, 'freeze')
    expect((await till.undo({ orderId: 'frozen', memberId, ...here })).status).toBe(201)
    expect(await till.balance(memberId)).toBe(100)
  })

  it.each<[string, object, string]>([
    ['no order', { orderId: undefined }, '#/orderId'],
    ['an unknown field', { reason: 'x' }, '#/reason'],
    ['a terminal that is a number', { terminalId: 1 }, '#/terminalId'],
  ])('is refused with %s', async (_, changes, pointer) => {
    const answer = await till.undo({ orderId: 'o', ...here, ...changes })
    expect([answer.status, pointers(answer)]).toEqual([400, [pointer]])
  })

  it('is refused without an Idempotency-Key', async () => {
    const body = { orderId: 'o', ...here }
    const answer = await call('POST', '/v1/pos/voids', { key: till.key, body })
    expect(answer.json.code).toBe('idempotency_key_missing')
  })
})
