import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call, createKey, createProgram } from './http/api'
import { type Asked, find, has, ids, people, Walk } from './http/openapi'

describe('an answer to members and tills', () => {
  const walk = new Walk()
  const once = { 'idempotency-key': 'once' }
  let key: string
  let page: string
  let till: string
  let memberId: string
  /** Of the member. */
  let token: string

  const step = (id: string, asked: Asked = {}): Promise<Answer> => {
    const ours = { me: token, 'sign-in': page } as Record<string, string>
    const usual = { params: { id: memberId }, key: ours[find(id)['x-scope']] ?? key }
    return walk.step(id, { ...usual, ...asked })
  }
  const showCard = async () => (await step('getOwnCard')).json.token as string
  const redeem = async (rewardId: string): Promise<{ code: string; redemptionId: number }> =>
    (await step('redeemReward', { body: { rewardId, expectedPoints: 1 } })).json.coupon
  const sale = (orderId: string) => ({
    orderId,
    currency: 'CNY',
    lines: [{ sku: 'TEA-1', category: 'tea', quantity: 2, amount: 60_000 }],
    storeId: 's',
    terminalId: 't',
  })

  const walkSignIn = async () => {
    await step('getKeySet')
    await step('showDemo', { query: `?key=${page}` })
    await step('showDemo')
    const email = 'li.wei@example.com'
    const body = { email, phone: '139 1234 5678', name: 'Li Wei', birthday: '1990-12-31' }
    memberId = (await step('enrolMember', { body })).json.id
    const sent = async () => (await step('listOutbox', { query: '?limit=1' })).json.data[0].code
    await step('startSignIn', { body: { email } })
    await step('finishSignIn', { body: { email, code: '000000' } })
    const { json } = await step('finishSignIn', { body: { email, code: await sent() } })
    await step('renewTokens', { body: { refreshToken: json.refreshToken } })
    await step('renewTokens', { body: { refreshToken: json.refreshToken } })
    const fresh = { phone: '138 0000 1111', locale: 'zh-CN' }
    for (let i = 0; i < 6; i++) {
      await step('startSignIn', { body: fresh })
    }
    const code = await sent()
    const leaver = await step('finishSignIn', { body: { ...fresh, code } })
    await step('eraseMe', { key: leaver.json.accessToken })
    await step('eraseMe', { key: leaver.json.accessToken })
    token = (await step('issueTokens', { body: {} })).json.accessToken
  }

  const walkWallet = async () => {
    await step('awardPurchase', { body: { ...sale('SO-1'), channel: 'web' } })
    const first = await step('redeemReward', { body: { rewardId: 'gift' }, headers: once })
    await step('redeemReward', { body: { rewardId: 'gift' }, headers: once })
    await step('redeemReward', { body: { rewardId: 'gift' } })
    await step('redeemReward', { body: { rewardId: 'dear' } })
    await step('redeemReward', { body: { rewardId: 'nothing' } })
    await step('reportActivity', { body: { type: 'check-in' } })
    await step('reportActivity', { body: { type: 'check-in', reference: 'again' } })
    await step('reportActivity', { body: { type: 'review', reference: 'sku:TEA-1' } })
    const { redemptionId } = first.json.coupon
    await step('reverseRedemption', { params: { id: memberId, redemptionId } })
    for (const id of ids.filter((each) => has(find(each), 'If-None-Match'))) {
      const { headers } = await step(id, { params: { seq: redemptionId } })
      const kept = { 'if-none-match': headers.get('etag')! }
      expect(await step(id, { params: { seq: redemptionId }, headers: kept })).toMatchObject({
        status: 304,
        text: '',
      })
    }
    await step('getOwnEntry', { params: { seq: 999 } })
    await step('changeMe', { body: { birthday: null, locale: 'zh-CN' } })
    await step('getOwnCard', { headers: { accept: 'image/svg+xml' } })
  }

  const walkTill = async () => {
    const { code } = await redeem('item')
    const card = await showCard()
    await step('readCard', { body: { card } })
    await step('readCard', { body: { card: 'a.picture.ofSomething' } })
    await step('readCard', { body: { phone: '137 0000 0000' } })
    const paid = { sale: sale('SO-2'), redeem: { coupon: code } }
    await step('bookSale', { body: { card, ...paid }, headers: once })
    await step('bookSale', { body: { card, ...paid }, headers: once })
    await step('bookSale', { body: { card, sale: sale('SO-3') } })
    await step('bookSale', { body: { memberId, ...paid, redeem: { points: 1 } } })
    await step('bookSale', { body: { memberId, sale: sale('SO-3'), redeem: { coupon: code } } })
    await step('bookSale', { body: { memberId, sale: sale('SO-3'), redeem: { rewardId: 'dear' } } })
    const orderId = 'SO-2'
    await step('voidSale', { body: { orderId, memberId, storeId: 'another' } })
    await step('voidSale', { body: { orderId, memberId, storeId: 's', terminalId: 't' } })
    const fresh = { phone: '137 0000 0000', enrolIfNew: true, locale: 'zh-CN' }
    await step('bookSale', { body: { ...fresh, sale: sale('SO-4'), redeem: { points: 9_000 } } })
    const added = await step('bookSale', { body: { ...fresh, sale: sale('SO-5') }, key: till })
    const { memberId: other } = added.json
    const refund = { orderId: 'SO-5', refundId: 'R1', amount: 60_000 }
    await step('refundPurchase', { params: { id: other }, body: refund })
    const whole = { orderId: 'SO-5', memberId: other, storeId: 's', terminalId: 't' }
    await step('voidSale', { body: whole })
    await step('voidSale', { body: { orderId: 'SO-6' } })
  }

  const walkCoupons = async () => {
    const [used, taken] = [await redeem('coupon'), await redeem('coupon')]
    await step('getCoupon', { params: { code: used.code } })
    await step('getCoupon', { params: { code: 'nonsense' } })
    const params = { code: used.code }
    await step('freezeMember', { body: { reason: 'x' } })
    await step('freezeMember')
    await step('useCoupon', { params })
    await step('placeHold', { body: { points: 1 } })
    await step('redeemPoints', { body: { rewardId: 'coupon' } })
    await step('redeemReward', { body: { rewardId: 'coupon' } })
    await step('reportActivity', { body: { type: 'check-in', reference: 'frozen' } })
    await step('bookSale', { body: { memberId, sale: sale('SO-7') } })
    await step('unfreezeMember', { body: { reason: 'x' } })
    await step('unfreezeMember')
    await step('useCoupon', { params, body: { orderId: 'SO-8' } })
    await step('useCoupon', { params, body: { orderId: 'SO-8' } })
    await step('useCoupon', { params })
    await step('voidCoupon', { params })
    await step('reverseRedemption', {
      params: { id: memberId, redemptionId: used.redemptionId },
    })
    await step('voidCoupon', { params: { code: taken.code }, body: { reason: 'x' } })
  }

  const walkOut = async () => {
    await step('exportMe')
    await step('exportMe', { headers: { accept: 'text/html', 'accept-language': 'zh' } })
    const { cardNumber } = (await step('getMember')).json
    await step('replaceCard', { body: { cardNumber } })
    await step('replaceCard', { body: { cardNumber } })
    // The coupon that the undone sale left open is over by then.
    const now = new Date(Date.now() + 100 * 86_400_000).toISOString()
    await step('moveClock', { body: { now } })
    await step('listOwnEntries', { query: '?limit=100' })
    await step('listOwnCoupons', { query: '?limit=1' })
    await step('signOut', { body: { everywhere: true } })
    await step('getMe')
    await step('eraseMember')
    await step('eraseMember')
    await step('readFeed', { query: '?limit=100' })
  }

  beforeAll(async () => {
    ;({ key } = await createProgram())
    page = (await createKey(key, 'publishable')).key
    till = (await createKey(key, 'pos')).key
    const { json } = await call('GET', '/v1/program', { key })
    const { gift, ...rewards } = json.rewards
    const limited = { ...gift, limit: { most: 1, per: 'ever' }, tierPoints: { silver: 40 } }
    const dear = { ...gift, points: 100_000, startsAt: '2026-01-01T00:00:00Z' }
    const body = { ...json, rewards: { gift: limited, dear, ...rewards } }
    await call('PUT', '/v1/program', { key, body, headers: { 'if-match': '*' } })
    await walkSignIn()
    await walkWallet()
    await walkTill()
    await walkCoupons()
    await walkOut()
  })

  it.each(people.ids)('of %s is as described', (id) => {
    const { misfits, statuses, described } = walk.of(id)
    expect(misfits).toEqual([])
    expect(statuses).toEqual(described)
  })

  it('is as described of all else that was asked', () => {
    expect(walk.answers.flatMap(({ id, misfits }) => misfits.map((each) => [id, each]))).toEqual([])
  })

  it('says when it was given before', () => {
    const replayed = walk.answers.filter((answer) => answer.isReplayed)
    expect(replayed.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'redeemReward 201',
      'bookSale 201',
      'useCoupon 201',
    ])
  })

  it('has shown every refusal of status 409, and that of a code', () => {
    const codes = ['card_refused', 'code_refused', 'coupon_ended', 'member_frozen']
    expect([...walk.refusals].filter((code) => codes.includes(code)).toSorted()).toEqual(codes)
  })

  it('has shown every kind of entry that comes of members and tills', () => {
    expect(people.kinds.filter((kind) => !walk.kinds.has(kind))).toEqual([])
  })
})
