/** What a till prints, by language. Points are always whole numbers; dates and money come formatted. */
export const words = {
  en: {
    earned: (points: number) => `Points earned: +${points}`,
    spent: (points: number, what: string) => `Points spent: −${points}${what && ` (${what})`}`,
    returned: (points: number) => `Points given back: +${points}`,
    taken: (points: number) => `Points taken back: −${points}`,
    coupon: (name: string) => `Coupon used: ${name}`,
    reopened: (name: string) => `Coupon can be used again: ${name}`,
    corrected: (name: string, points: number, expected: number) =>
      `${name} costs ${points} points, not ${expected}`,
    balance: (points: number) => `Balance: ${points} points`,
    pending: (points: number) => `On the way: ${points} points`,
    owed: (points: number) => `Owed: ${points} points`,
    lapses: (points: number, day: string) => `${points} points are good until ${day}`,
    tier: (name: string) => `Tier: ${name}`,
    reached: (name: string) => `Welcome to ${name}!`,
    next: (amount: string, name: string) => `${amount} to ${name}`,
    basis: {
      points: (n: number) => `${n} points`,
      orders: (n: number) => `${n} orders`,
      visits: (n: number) => `${n} visits`,
    },
  },
  zh: {
    earned: (points: number) => `获得积分：+${points}`,
    spent: (points: number, what: string) => `使用积分：−${points}${what && `（${what}）`}`,
    returned: (points: number) => `退还积分：+${points}`,
    taken: (points: number) => `扣回积分：−${points}`,
    coupon: (name: string) => `已用优惠券：${name}`,
    reopened: (name: string) => `优惠券恢复可用：${name}`,
    corrected: (name: string, points: number, expected: number) =>
      `${name}需要 ${points} 积分，而非 ${expected}`,
    balance: (points: number) => `积分余额：${points}`,
    pending: (points: number) => `待生效积分：${points}`,
    owed: (points: number) => `欠分：${points}`,
    lapses: (points: number, day: string) => `${points} 积分有效期至 ${day}`,
    tier: (name: string) => `会员等级：${name}`,
    reached: (name: string) => `恭喜升级为${name}！`,
    next: (amount: string, name: string) => `再满 ${amount} 升级为${name}`,
    basis: {
      points: (n: number) => `${n} 积分`,
      orders: (n: number) => `${n} 笔订单`,
      visits: (n: number) => `${n} 次到店`,
    },
  },
}

export type Words = (typeof words)['en']
