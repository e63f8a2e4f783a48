import { describe, expect, it } from 'vitest'
import { couponViewOf } from '../../src/ledger/coupon-view'
import { packEntry, unpackEntry } from '../../src/ledger/pack'
import { historyIn } from '../../src/ledger/rehearsal'
import { at, DAY_MS, NOON, programOf, World } from './world'

const rewards = {
  gift: { name: { en: 'Gift' }, points: 50 },
  tea: { name: { en: 'Tea' }, points: 10, validDays: 1 },
}
/** The first instant at which a cup of tea of today is over, and a gift. */
const TEA_ENDS = at('2026-03-12T00:00:00+08:00')
const GIFT_ENDS = at('2026-06-09T00:00:00+08:00')

const rich = () => {
  const world = new World(programOf({ rewards }))
  world.give(10_000)
  return world
}

/** A rich member with one coupon for tea. */
function withTea() {
  const world = rich()
  return { world, seq: world.coupon('tea') }
}

/** A coupon as the API shows it. */
function shown({ state, entries }: World, seq: number) {
  const isOpen = state.coupons.some(([coupon]) => coupon === seq)
  const ended = isOpen ? undefined : historyIn(entries).closing(seq)
  const holder = { memberId: 'mp0123456789abc', couponKey: '' }
  const { code: _, ...rest } = couponViewOf(holder, entries[seq - 1]!, ended)
  return rest
}

describe('a reward without an order', () => {
  it('gives a coupon that lives to the end of its last day', () => {
    const world = rich()
    const [entry] = world.reward('gift').entries
    expect(entry).toMatchObject({ kind: 'redeem', points: -50, endsAt: GIFT_ENDS, orderId: null })
    expect(world.state.coupons).toEqual([[2, GIFT_ENDS]])
    world.coupon('tea')
    expect(world.state.coupons).toEqual([
      [2, GIFT_ENDS],
      [3, TEA_ENDS],
    ])
    expect(shown(world, 2)).toEqual({
      redemptionId: 2,
      rewardId: 'gift',
      status: 'open',
      points: 50,
      issuedAt: '2026-03-10T04:00:00.000Z',
      expiresAt: '2026-06-08T16:00:00.000Z',
      endedAt: null,
      orderId: null,
    })
  })

  it('with one is spent on it, and gives none', () => {
    const world = rich()
    expect(world.reward('gift', 'o').entries).toMatchObject([{ endsAt: null, orderId: 'o' }])
    expect(world.redeem(5).entries).toMatchObject([{ endsAt: null }])
    expect(world.state.coupons).toEqual([])
  })

  it('is refused to who holds a hundred coupons, until one of them ends', () => {
    const world = rich()
    for (let i = 0; i < 100; i++) {
      world.coupon('tea')
    }
    expect(world.reward('tea').code).toBe('limit_reached')
    expect(world.reward('tea', 'o').code).toBe(null)
    world.use(2)
    expect(world.reward('tea').code).toBe(null)
    expect(world.reward('tea').code).toBe('limit_reached')
  })
})

describe('the use of a coupon', () => {
  it('moves no points', () => {
    const { world, seq } = withTea()
    const balance = world.balance
    const [use] = world.use(seq, 'o').entries
    expect(use).toMatchObject({ kind: 'use', points: 0, lots: [], ref: seq, orderId: 'o' })
    expect(world.balance).toBe(balance)
    expect(shown(world, seq)).toMatchObject({
      status: 'used',
      orderId: 'o',
      endedAt: '2026-03-10T04:00:00.000Z',
    })
  })

  it('comes once; for the same order again it is the same', () => {
    const { world, seq } = withTea()
    const [use] = world.use(seq, 'o').entries
    expect(world.use(seq, 'o')).toEqual({ entries: [], code: null, first: use })
    expect(world.use(seq, 'other').code).toBe('coupon_ended')
    expect(world.use(seq).code).toBe('coupon_ended')
  })

  it('without an order comes once, whoever asks again', () => {
    const { world, seq } = withTea()
    expect(world.use(seq).code).toBe(null)
    expect(world.use(seq).code).toBe('coupon_ended')
    expect(world.use(seq, 'o').code).toBe('coupon_ended')
  })

  it.each([
    ['a gift of points', 1],
    ['a redemption of points', 3],
    ['a reward for an order', 4],
    ['a hold', 5],
    ['no entry', 99],
  ])('is refused of %s, which is no coupon', (_, seq) => {
    const { world } = withTea()
    world.redeem(5)
    world.reward('gift', 'o')
    world.hold(5)
    expect(world.use(seq, 'o').code).toBe('not_found')
    expect(world.voidCoupon(seq).code).toBe('not_found')
  })

  it('pays an order a hundred times at most, with all that pays it', () => {
    const world = rich()
    for (let i = 0; i < 99; i++) {
      expect(world.redeem(1, 'o').code).toBe(null)
    }
    const [one, two] = [world.coupon('tea'), world.coupon('tea')]
    expect(world.use(one, 'o').code).toBe(null)
    expect(world.use(two, 'o').code).toBe('limit_reached')
    expect(world.redeem(1, 'o').code).toBe('limit_reached')
    expect(world.use(two, 'p').code).toBe(null)
  })
})

describe('the end of a coupon', () => {
  it('comes with its day, not before', () => {
    const { world, seq } = withTea()
    world.until(TEA_ENDS - 1)
    expect(shown(world, seq).status).toBe('open')
    expect(world.until(TEA_ENDS)).toMatchObject([
      { kind: 'lapse', points: 0, ref: seq, occurredAt: TEA_ENDS, actor: null },
    ])
    expect(shown(world, seq)).toMatchObject({
      status: 'expired',
      endedAt: '2026-03-11T16:00:00.000Z',
    })
    expect(world.use(seq).code).toBe('coupon_ended')
  })

  it('is used up to its last millisecond', () => {
    const { world, seq } = withTea()
    world.until(TEA_ENDS - 1)
    expect(world.use(seq, 'o').code).toBe(null)
    expect(world.until(TEA_ENDS)).toEqual([])
  })

  it('that nobody looked at is written with the moment at which it was', () => {
    const { world, seq } = withTea()
    const gift = world.coupon('gift')
    world.now = GIFT_ENDS + 5 * DAY_MS
    expect(world.use(seq).code).toBe('coupon_ended')
    expect(world.entries.filter(({ kind }) => kind === 'lapse')).toMatchObject([
      { ref: seq, occurredAt: TEA_ENDS, recordedAt: world.now },
      { ref: gift, occurredAt: GIFT_ENDS, recordedAt: world.now },
    ])
  })

  it('together with that of its points comes after it', () => {
    const world = rich()
    world.coupon('tea')
    world.give(5, TEA_ENDS)
    expect(world.until(TEA_ENDS).map(({ kind }) => kind)).toEqual(['expire', 'lapse'])
  })

  it('stays as it was promised, whatever new rules say', () => {
    const { world, seq } = withTea()
    world.publish({ rewards: {}, coupons: { validDays: 1 } })
    expect(world.state.coupons).toEqual([[seq, TEA_ENDS]])
    expect(world.use(seq, 'o').code).toBe(null)
  })
})

describe('a coupon taken away', () => {
  it('is void, and its points are gone', () => {
    const { world, seq } = withTea()
    const balance = world.balance
    const [entry] = world.voidCoupon(seq, 'copied').entries
    expect(entry).toMatchObject({ kind: 'void', points: 0, ref: seq, reason: 'copied' })
    expect(shown(world, seq)).toMatchObject({ status: 'void', orderId: null })
    expect(world.use(seq, 'o').code).toBe('coupon_ended')
    expect(world.balance).toBe(balance)
  })

  it('for the same reason again is the same', () => {
    const { world, seq } = withTea()
    const [entry] = world.voidCoupon(seq, 'copied').entries
    expect(world.voidCoupon(seq, 'copied')).toEqual({ entries: [], code: null, first: entry })
    expect(world.voidCoupon(seq).code).toBe('coupon_ended')
    expect(world.voidCoupon(seq, 'lost').code).toBe('coupon_ended')
  })

  it('cannot be when it was used or is over', () => {
    const { world, seq } = withTea()
    const late = world.coupon('tea')
    world.use(seq, 'o')
    expect(world.voidCoupon(seq).code).toBe('coupon_ended')
    world.until(TEA_ENDS)
    expect(world.voidCoupon(late).code).toBe('coupon_ended')
  })
})

describe('the reversal of a redemption that gave a coupon', () => {
  it('gives its points back to their lots, and the coupon is over', () => {
    const world = rich()
    world.give(30, NOON + DAY_MS)
    const before = world.lots
    const seq = world.coupon('gift')
    expect(world.reverse(seq).entries).toMatchObject([{ kind: 'restore', points: 50, ref: seq }])
    expect(world.lots).toEqual(before)
    expect(world.state.coupons).toEqual([])
    expect(shown(world, seq).status).toBe('returned')
    expect(world.use(seq, 'o').code).toBe('coupon_ended')
    expect(world.voidCoupon(seq).code).toBe('coupon_ended')
  })

  it('comes once', () => {
    const { world, seq } = withTea()
    const [restore] = world.reverse(seq).entries
    expect(world.reverse(seq)).toEqual({ entries: [], code: null, first: restore })
    expect(world.balance).toBe(10_000)
  })

  it('is refused while it pays an order: the refund of that gives the points back', () => {
    const { world, seq } = withTea()
    world.use(seq, 'o')
    world.buy('o', 1)
    expect(world.reverse(seq).code).toBe('coupon_ended')
    expect(world.balance).toBe(9_991)
  })

  it('gives the points back of one that was used for an order of which nobody told', () => {
    const { world, seq } = withTea()
    const before = world.balance
    world.use(seq, 'typo')
    expect(world.reverse(seq).code).toBe(null)
    expect(world.balance).toBe(before + 10)
    // Nor a second time, should it be told of after all, nor as a coupon when that is undone.
    world.sell('typo', 1)
    world.voidSale('typo')
    expect(world.state.coupons).toEqual([])
    expect(world.balance).toBe(before + 10)
  })

  it.each<[string, (world: World, seq: number) => unknown]>([
    ['is void', (world, seq) => world.voidCoupon(seq)],
    ['has expired', (world) => world.until(TEA_ENDS)],
    ['was used for no order', (world, seq) => world.use(seq)],
  ])('gives points back for one that %s', (_, end) => {
    const { world, seq } = withTea()
    end(world, seq)
    expect(world.reverse(seq).code).toBe(null)
    expect(world.balance).toBe(10_000)
    expect(shown(world, seq).status).toBe('returned')
  })
})

describe('an entry about a coupon', () => {
  it('is packed and read as it was written', () => {
    const { world, seq } = withTea()
    world.use(seq, 'o')
    world.sell('o', 5)
    world.voidSale('o')
    world.voidCoupon(seq, 'because')
    world.coupon('tea')
    world.until(TEA_ENDS)
    world.freeze('freeze', 'lost')
    world.freeze('unfreeze')
    const kinds = new Set(world.entries.map(({ kind }) => kind))
    expect([...kinds]).toEqual(
      expect.arrayContaining(['use', 'void', 'lapse', 'freeze', 'unfreeze']),
    )
    for (const entry of world.entries) {
      expect(unpackEntry(packEntry(entry))).toEqual(entry)
    }
  })
})
