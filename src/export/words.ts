import type { CouponView } from '../ledger/coupon-view'
import type { Language } from '../statement/words'
import type { MemberView } from '../members/view'
import type { Message } from '../messages/message'
import type { Told } from '../webhooks/client'

/** What an export says besides the statement. */
interface About extends Told {
  profile: MemberView
  tier: { name: string }
  isFrozen: boolean
  sessions: readonly string[]
  coupons: readonly (CouponView & { name: string })[]
  messages: readonly Message[]
}

const words = {
  en: {
    title: 'What is known of you',
    id: 'Member',
    cardNumber: 'Card',
    externalId: 'Customer number',
    email: 'E-mail',
    phone: 'Phone',
    name: 'Name',
    birthday: 'Birthday',
    locale: 'Language',
    storeId: 'Store',
    createdAt: 'Member since',
    tier: 'Tier',
    isFrozen: 'Frozen',
    sessions: 'Signed in since',
    coupons: 'Coupons',
    messages: 'Messages',
    payments: 'Payments',
    webhookEvents: 'What was told of them',
    yes: 'yes',
    no: 'no',
    open: 'can be used',
    used: 'used',
    void: 'void',
    expired: 'expired',
    returned: 'given back',
  },
  zh: {
    title: '我们所掌握的您的信息',
    id: '会员号',
    cardNumber: '会员卡',
    externalId: '客户编号',
    email: '电子邮箱',
    phone: '电话',
    name: '姓名',
    birthday: '生日',
    locale: '语言',
    storeId: '门店',
    createdAt: '入会时间',
    tier: '等级',
    isFrozen: '是否冻结',
    sessions: '登录时间',
    coupons: '优惠券',
    messages: '消息',
    payments: '付款',
    webhookEvents: '支付方的通知',
    yes: '是',
    no: '否',
    open: '可用',
    used: '已使用',
    void: '已作废',
    expired: '已过期',
    returned: '已退还',
  },
}

/** An export's first part as a table: its title, and what each line is called and says. */
export function wordsOf(about: About, language: Language): { title: string; rows: string[][] } {
  const text = words[language]
  const { profile, tier, isFrozen, sessions, coupons, messages, payments, webhookEvents } = about
  const own = Object.entries(profile).map(([field, value]) => [
    text[field as keyof MemberView],
    value ?? '–',
  ])
  return {
    title: text.title,
    rows: [
      ...own,
      [text.tier, tier.name],
      [text.isFrozen, isFrozen ? text.yes : text.no],
      [text.sessions, sessions.join(', ') || '–'],
      [
        text.coupons,
        coupons.map(({ name, code, status }) => `${name} ${code} (${text[status]})`).join(', ') ||
          '–',
      ],
      [text.messages, messages.map(({ subject }) => subject).join(', ') || '–'],
      [text.payments, payments.map(({ id, status }) => `${id} (${status})`).join(', ') || '–'],
      [
        text.webhookEvents,
        webhookEvents.map((each) => JSON.stringify(each, null, 1)).join(', ') || '–',
      ],
    ],
  }
}
