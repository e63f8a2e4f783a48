import { beforeAll, describe, expect, it } from 'vitest'
import { tally } from '../http/api'
import { openTill, type Till } from './till'

let till: Till

beforeAll(async () => {
  till = await openTill()
})

const kindsOf = ({ json }: { json: { entries: { kind: string; points: number }[] } }) =>
  json.entries.map(({ kind, points }) => [kind, points])

describe('a sale that is paid', () => {
  it.each([
    ['points', { points: 40 }, [['redeem', -40]]],
    ['a reward', { rewardId: 'cup' }, [['redeem', -100]]],
  ])('with %s has them spent first', async (name, redeem, paid) => {
    const memberId = await till.member(500)
    const answer = await till.sell({ memberId }, name, { redeem })
    expect(answer.status).toBe(201)
    expect(kindsOf(answer)).toEqual([...paid, ['award', 30]])
  })

  it('with a coupon has it used first, and shows it', async () => {
    const memberId = await till.member(500)
    const coupon = await till.redeem(memberId, 'cup')
    const typed = coupon.toLowerCase().replaceAll('-', ' ')
    const answer = await till.sell({ memberId }, 'o', { redeem: { coupon: typed } })
    expect(kindsOf(answer)).toEqual([
      ['use', 0],
      ['award', 30],
    ])
    expect(answer.json.coupon).toMatchObject({
      code: coupon,
      name: 'Cup',
      status: 'used',
      orderId: 'o',
    })
    expect(answer.json.print).toContain('Coupon used: Cup')
  })

  it.each([
    ['more points than there are', { points: 501 }, 409, 'insufficient_points'],
    ['a reward that there is not', { rewardId: 'yacht' }, 404, 'not_found'],
    ['a reward that is too dear', { rewardId: 'cup' }, 409, 'insufficient_points'],
    ['no code', { coupon: 'x' }, 404, 'not_found'],
  ])('with %s is not booked at all', async (name, redeem, status, code) => {
    const memberId = await till.member(name.includes('dear') ? 99 : 500)
    const before = await till.kinds(memberId)
    const answer = await till.sell({ memberId }, name, { redeem })
    expect([answer.status, answer.json.code]).toEqual([status, code])
    expect(await till.kinds(memberId)).toEqual(before)
    expect((await till.sell({ memberId }, name)).status).toBe(201)
  })

  it('takes no coupon of another member, and leaves it good', async () => {
    const [memberId, other] = [await till.member(500), await till.member(500)]
    const coupon = await till.redeem(other)
    const answer = await till.sell({ memberId }, 'foreign', { redeem: { coupon } })
    expect(answer).toMatchObject({
      status: 404,
      json: { code: 'not_found', errors: [{ pointer: '#/redeem/coupon' }] },
    })
    expect(await till.kinds(memberId)).toEqual(['adjust'])
    expect((await till.sell({ memberId: other }, 'own', { redeem: { coupon } })).status).toBe(201)
  })

  it('with one coupon at two tills at once is booked once', async () => {
    const memberId = await till.member(500)
    const coupon = await till.redeem(memberId)
    const sell = (i: number) => till.sell({ memberId }, `twice-${i}`, { redeem: { coupon } })
    const answers = await Promise.all([sell(1), sell(2), sell(3)])
    expect(tally(answers)).toEqual({ 201: 1, 409: 2 })
    expect(answers.filter(({ json }) => json.code === 'coupon_ended')).toHaveLength(2)
    expect(await till.balance(memberId)).toBe(500 - 5 + 30)
  })

  it('with the last points at two tills at once is booked once', async () => {
    const memberId = await till.member(50)
    const sell = (i: number) => till.sell({ memberId }, `last-${i}`, { redeem: { points: 50 } })
    const answers = await Promise.all([sell(1), sell(2)])
    expect(tally(answers)).toEqual({ 201: 1, 409: 1 })
    expect(await till.balance(memberId)).toBe(30)
  })
})

describe('the same sale again', () => {
  it('has the same answer for its key, word for word, whatever came since', async () => {
    const memberId = await till.member(500)
    const coupon = await till.redeem(memberId)
    const send = () => till.sell({ memberId }, 'o', { key: 'again', redeem: { coupon } })
    const first = await send()
    await till.undo({ memberId, orderId: 'o' })
    await till.use(coupon)
    const again = await send()
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('is refused with another body under its key', async () => {
    const memberId = await till.member(500)
    await till.sell({ memberId }, 'o', { key: 'one' })
    for (const [orderId, rest] of [
      ['p', {}],
      ['o', { redeem: { points: 1 } }],
      ['o', { sale: { total: 1 } }],
    ] as const) {
      const answer = await till.sell({ memberId }, orderId, { key: 'one', ...rest })
      expect(answer).toMatchObject({ status: 422, json: { code: 'idempotency_key_reused' } })
    }
  })

  it('is that which a webhook reported, and another with a payment', async () => {
    const memberId = await till.member(500)
    const told = await till.shop.buy(memberId, 'w', 30, { channel: 'webhook' })
    const sold = await till.sell({ memberId }, 'w')
    expect(sold.json.entries).toEqual(told.json.entries)
    const paid = await till.sell({ memberId }, 'w', { redeem: { points: 10 } })
    expect(paid).toMatchObject({ status: 409, json: { code: 'already_exists' } })
    expect(await till.balance(memberId)).toBe(530)
  })

  it('is another with another payment', async () => {
    const memberId = await till.member(500)
    const first = await till.sell({ memberId }, 'o', { redeem: { points: 10 } })
    const same = await till.sell({ memberId }, 'o', { redeem: { points: 10 } })
    expect(same.text).toBe(first.text)
    for (const redeem of [{ points: 11 }, { rewardId: 'tea' }]) {
      const answer = await till.sell({ memberId }, 'o', { redeem })
      expect(answer).toMatchObject({ status: 409, json: { code: 'already_exists' } })
    }
    expect(await till.balance(memberId)).toBe(520)
  })
})

describe('a frozen member', () => {
  it('cannot buy at a till, and can again when that is over', async () => {
    const memberId = await till.member(500)
    const card = await till.card(memberId)
    expect((await till.shop.post(memberId, 'freeze', { reason: 'lost' })).status).toBe(201)
    for (const who of [{ memberId }, { card }]) {
      const answer = await till.sell(who, 'o')
      expect(answer).toMatchObject({ status: 409, json: { code: 'member_frozen' } })
    }
    expect(await till.kinds(memberId)).toEqual(['adjust', 'freeze'])
    await till.shop.post(memberId, 'unfreeze')
    expect((await till.sell({ card }, 'o')).status).toBe(201)
  })

  it('is frozen by a till, but not freed by one', async () => {
    const memberId = await till.member(500)
    expect((await till.post(`/v1/members/${memberId}/freeze`)).status).toBe(201)
    expect((await till.post(`/v1/members/${memberId}/unfreeze`)).status).toBe(403)
    expect((await till.shop.post(memberId, 'unfreeze')).status).toBe(201)
  })
})
