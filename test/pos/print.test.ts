import { describe, expect, it } from 'vitest'
import { tiersOf, levelOf } from '../ledger/world'
import { openTill, rewards, type Till } from './till'

const here = { terminalId: 't1' }
const names = [
  { en: 'Bronze', 'zh-CN': '青铜' },
  { en: 'Silver', 'zh-CN': '白银' },
]
const levels = [
  levelOf('bronze', 0, { name: names[0]! }),
  levelOf('silver', 10_000, {
    name: names[1]!,
    benefits: [{ en: 'Free tea', 'zh-CN': '免费茶' }, { en: 'A seat' }],
  }),
]

const printed = async (till: Till, memberId: string, orderId: string, rest: object = {}) =>
  (await till.sell({ memberId }, orderId, { sale: here, ...rest })).json.print as string[]

describe('what a till prints', () => {
  it('in English: what was spent, earned, what there is, until when, and the tier', async () => {
    const till = await openTill()
    const memberId = await till.member(100)
    const redeem = { rewardId: 'tea', expectedPoints: 1 }
    expect(await printed(till, memberId, 'o', { redeem })).toEqual([
      'Tea house',
      'Points spent: −5 (Tea)',
      'Tea costs 5 points, not 1',
      'Points earned: +30',
      'Balance: 125 points',
      '125 points are good until Aug 31, 2028',
      'Tier: Bronze',
      '¥1,970.00 to Silver',
    ])
  })

  it('in Chinese, for a member who reads it or a till that asks', async () => {
    const till = await openTill()
    const reads = await till.member(100, { locale: 'zh-CN' })
    const redeem = { rewardId: 'tea', expectedPoints: 1 }
    const lines = [
      'Tea house',
      '使用积分：−5（茶）',
      '茶需要 5 积分，而非 1',
      '获得积分：+30',
      '积分余额：125',
      '125 积分有效期至 2028年8月31日',
      '会员等级：青铜',
      '再满 ¥1,970.00 升级为白银',
    ]
    expect(await printed(till, reads, 'o', { redeem })).toEqual(lines)
    const other = await till.member(100)
    for (const [i, locale] of ['zh-CN', 'zh', 'zh-Hant-HK'].entries()) {
      const memberId = i === 0 ? other : await till.member(100)
      expect(await printed(till, memberId, `o${i}`, { redeem, locale })).toEqual(lines)
    }
    expect(await printed(till, reads, 'p', { locale: 'en' })).toContain('Points earned: +30')
  })

  it('in the program’s first language where it has none that was wanted', async () => {
    const till = await openTill()
    const memberId = await till.member(0, { locale: 'fr' })
    expect(await printed(till, memberId, 'o', { locale: 'de' })).toContain('Tier: Bronze')
    expect(
      await printed(till, await till.member(0, { locale: 'zh-CN' }), 'p', { locale: 'fr' }),
    ).toContain('会员等级：青铜')
  })

  it('of a tier that is reached: a welcome and what it gives', async () => {
    const till = await openTill({ tiers: tiersOf(levels) })
    const memberId = await till.member(0)
    const sale = { ...here, total: 10_000 }
    expect((await till.sell({ memberId }, 'o', { sale })).json.print).toEqual([
      'Tea house',
      'Points earned: +100',
      'Welcome to Silver!',
      'Balance: 100 points',
      '100 points are good until Aug 31, 2028',
      'Tier: Silver',
      '· Free tea',
      '· A seat',
    ])
    const { json } = await till.undo({ orderId: 'o', memberId, ...here, locale: 'zh-CN' })
    expect(json.print).toEqual([
      'Tea house',
      '扣回积分：−100',
      '积分余额：0',
      '会员等级：青铜',
      '再满 ¥100.00 升级为白银',
    ])
  })

  it('of points on their way and points that are owed', async () => {
    const till = await openTill({ pending: { activeAfterDays: 3 } })
    const memberId = await till.member(0)
    await till.shop.post(memberId, 'adjustments', { points: -7, reason: 'x', allowDebt: true })
    expect(await printed(till, memberId, 'o')).toEqual([
      'Tea house',
      'Points earned: +30',
      'Balance: 0 points',
      'On the way: 30 points',
      'Owed: 7 points',
      '30 points are good until Sep 3, 2028',
      'Tier: Bronze',
      '¥1,970.00 to Silver',
    ])
  })

  it('of a coupon, used and open again', async () => {
    const till = await openTill()
    const memberId = await till.member(100, { locale: 'zh-CN' })
    const coupon = await till.redeem(memberId, 'cup')
    const lines = await printed(till, memberId, 'o', { redeem: { coupon } })
    expect(lines.slice(1, 3)).toEqual(['已用优惠券：杯子', '获得积分：+30'])
    const { json } = await till.undo({ orderId: 'o', memberId, ...here })
    expect(json.print.slice(1, 3)).toEqual(['优惠券恢复可用：杯子', '扣回积分：−30'])
    const paid = await till.member(100)
    await printed(till, paid, 'p', { redeem: { points: 10 } })
    const undone = await till.undo({ orderId: 'p', memberId: paid, ...here, locale: 'en' })
    expect(undone.json.print.slice(1, 3)).toEqual([
      'Points given back: +10',
      'Points taken back: −30',
    ])
  })

  it('of a coupon that is over by then: the points that it cost', async () => {
    const till = await openTill()
    const memberId = await till.member(100)
    const coupon = await till.redeem(memberId, 'cup')
    await printed(till, memberId, 'o', { redeem: { coupon } })
    await till.shop.move('2027-12-15T00:00:00Z')
    const { json } = await till.undo({ orderId: 'o', memberId, ...here })
    expect(json.coupon).toBe(undefined)
    expect(json.print.slice(0, 3)).toEqual([
      'Tea house',
      expect.stringMatching(/^Points given back: \+\d+$/),
      'Points taken back: −30',
    ])
  })

  it.each([
    ['points', '170 points to Silver'],
    ['orders', '199 orders to Silver'],
    ['visits', '199 visits to Silver'],
  ] as const)('what is missing for the next tier by %s', async (basis, line) => {
    const window = { kind: 'rolling', months: 12 } as const
    const tiers = tiersOf([levels[0]!, { ...levels[1]!, from: 200 }], { basis, window })
    const till = await openTill({ tiers, rewards })
    expect((await printed(till, await till.member(0), 'o')).at(-1)).toBe(line)
  })

  it('is the same for the same call', async () => {
    const till = await openTill()
    const memberId = await till.member(100)
    const first = await till.sell({ memberId }, 'o', { key: 'k', redeem: { rewardId: 'tea' } })
    await till.shop.buy(memberId, 'later', 500)
    const again = await till.sell({ memberId }, 'o', { key: 'k', redeem: { rewardId: 'tea' } })
    expect(again.text).toBe(first.text)
  })
})
