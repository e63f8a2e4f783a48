import type { Kind } from '../ledger/ledger'

export type Language = 'en' | 'zh'

/** The language of our own texts for a locale. */
export const languageOf = (locale: string): Language => (locale.startsWith('zh') ? 'zh' : 'en')

/** What a statement's page says, by language. */
export const words = {
  en: {
    title: 'Statement of points',
    member: 'Member',
    asOf: 'As of',
    balance: 'Balance',
    available: 'available',
    pending: 'pending',
    held: 'held',
    debt: 'owed',
    lots: 'Open lots',
    lot: 'Lot',
    points: 'Points',
    lapses: 'Gone on',
    never: 'never',
    when: 'When',
    what: 'What',
    head: 'Last hash',
    entries: 'Entries',
  },
  zh: {
    title: '积分对账单',
    member: '会员',
    asOf: '截至',
    balance: '余额',
    available: '可用',
    pending: '待生效',
    held: '冻结',
    debt: '欠分',
    lots: '未用批次',
    lot: '批次',
    points: '积分',
    lapses: '失效时间',
    never: '永不',
    when: '时间',
    what: '事项',
    head: '最后哈希',
    entries: '明细',
  },
}

/** What each kind of entry is called. */
export const kinds: Record<Language, Record<Kind, string>> = {
  en: {
    award: 'Earned',
    activate: 'Pending points became active',
    hold: 'Reserved',
    capture: 'Spent from a reservation',
    release: 'Reservation ended',
    redeem: 'Spent',
    clawback: 'Taken back',
    restore: 'Given back',
    adjust: 'Adjusted',
    expire: 'Lapsed',
    tier: 'Tier',
    use: 'Coupon used',
    void: 'Coupon void',
    lapse: 'Coupon over',
    freeze: 'Frozen',
    unfreeze: 'Not frozen any more',
    erase: 'Membership ended',
  },
  zh: {
    award: '获得',
    activate: '待生效积分生效',
    hold: '冻结',
    capture: '冻结核销',
    release: '冻结结束',
    redeem: '使用',
    clawback: '扣回',
    restore: '退还',
    adjust: '调整',
    expire: '失效',
    tier: '等级',
    use: '使用优惠券',
    void: '优惠券作废',
    lapse: '优惠券过期',
    freeze: '账户冻结',
    unfreeze: '账户解冻',
    erase: '会员注销',
  },
}
