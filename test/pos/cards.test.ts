import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { cardToken } from '../../src/cards/card'
import { call, tally } from '../http/api'
import { openTill, rewards, type Till } from './till'

let till: Till

beforeAll(async () => {
  till = await openTill({
    rewards: { ...rewards, once: { ...rewards.tea, limit: { most: 1, per: 'ever' } } },
  })
})

const numberOf = async (member: string): Promise<string> =>
  (await till.shop.get(`/v1/members/${member}`)).json.cardNumber

/** As it stands on the card. */
const inGroups = (number: string): string => number.replaceAll(/(.{4})(?=.)/g, '$1 ')

describe('a card at a till', () => {
  it('says who it is, what there is and what it is good for', async () => {
    const member = await till.member(60)
    const coupon = await till.redeem(member)
    await till.redeem(member, 'once')
    const { status, json } = await till.look({ card: await till.card(member) })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      memberId: member,
      isFrozen: false,
      balance: { balance: 50, available: 50 },
      tier: { id: 'bronze', name: 'Bronze', benefits: [], next: { name: 'Silver' } },
      rewards: [
        { id: 'tea', name: 'Tea', points: 5, isAffordable: true, missing: 0, left: null },
        { id: 'cup', name: 'Cup', points: 100, isAffordable: false, missing: 50 },
        { id: 'once', left: 0, isAvailable: false, isAffordable: false },
      ],
      coupons: [{ code: coupon, name: 'Tea', status: 'open' }, { rewardId: 'once' }],
    })
  })

  it('is the same by its number, by phone and by id, without the codes of coupons', async () => {
    const member = await till.member(60, { phone: '+8613800138100' })
    await till.redeem(member)
    const { coupons: _, ...shown } = (await till.look({ card: await till.card(member) })).json
    for (const who of [
      { card: await numberOf(member) },
      { card: inGroups(await numberOf(member)) },
      { phone: '13800138100' },
      { memberId: member },
    ]) {
      expect((await till.look(who)).json).toEqual({ ...shown, coupons: [] })
    }
  })

  it('speaks the till’s language, else the member’s', async () => {
    const member = await till.member(10, { locale: 'zh-CN' })
    const named = async (headers: Record<string, string> = {}) => {
      const { json } = await till.look({ memberId: member }, headers)
      return [json.tier.name, json.rewards[0].name]
    }
    expect(await named()).toEqual(['青铜', '茶'])
    expect(await named({ 'accept-language': 'en' })).toEqual(['Bronze', 'Tea'])
  })

  it('is not used up by a look: the sale is still to come', async () => {
    const member = await till.member()
    const card = await till.card(member)
    for (const _ of [1, 2]) {
      expect((await till.look({ card })).status).toBe(200)
    }
    expect((await till.sell({ card }, 'o')).status).toBe(201)
    expect((await till.sell({ card }, 'p')).json.code).toBe('card_refused')
    const used = await till.look({ card })
    expect(used).toMatchObject({ status: 409, json: { code: 'card_refused' } })
  })

  it('is over when its member was signed out everywhere', async () => {
    const member = await till.member()
    const card = await till.card(member)
    const { key } = till.shop
    const tokens = await call('POST', `/v1/members/${member}/tokens`, { key, body: {} })
    const out = { key: tokens.json.accessToken, body: { everywhere: true } }
    expect((await call('POST', '/me/sign-out', out)).status).toBe(204)
    expect((await till.sell({ card }, 'o')).json.code).toBe('card_refused')
    expect((await till.sell({ card: await till.card(member) }, 'o')).status).toBe(201)
  })

  it('shows that its member is frozen', async () => {
    const member = await till.member(100)
    await till.shop.post(member, 'freeze')
    const { json } = await till.look({ card: await till.card(member) })
    expect(json).toMatchObject({ isFrozen: true })
    expect(json.rewards.some((offer: { isAffordable: boolean }) => offer.isAffordable)).toBe(false)
  })

  it('has its open coupons, however many were used since', async () => {
    const member = await till.member(1_000)
    const first = await till.redeem(member)
    for (let i = 0; i < 101; i++) {
      await till.use(await till.redeem(member))
    }
    const { json } = await till.look({ card: await till.card(member) })
    expect(json.coupons.map(({ code }: { code: string }) => code)).toEqual([first])
  })

  it('that is over is refused, by real time', async () => {
    const memberId = await till.member()
    const tokenOf = (ago: number) =>
      cardToken(env, { programId: till.shop.id, memberId, epoch: 0, now: Date.now() - ago })
    expect((await till.look({ card: await tokenOf(50_000) })).status).toBe(200)
    const answer = await till.look({ card: await tokenOf(61_000) })
    expect(answer).toMatchObject({ status: 409, json: { code: 'card_refused' } })
  })

  it.each([
    ['a phone number', { phone: '+8613800138998' }],
    ['a card', { card: '2000000000008' }],
    ['an id', { memberId: 'mp0000000000000' }],
  ])('of nobody is not found: %s', async (_, who) => {
    expect(await till.look(who)).toMatchObject({ status: 404, json: { code: 'not_found' } })
  })
})

describe('a card that is replaced', () => {
  it('is known by its new number alone; the QR is not of the number', async () => {
    const member = await till.member()
    const [old, qr] = [await numberOf(member), await till.card(member)]
    const replace = () => till.post(`/v1/members/${member}/card`, { cardNumber: old })
    const { status, json } = await replace()
    expect([status, json.id]).toEqual([200, member])
    expect(json.cardNumber).toMatch(/^2\d{12}$/)
    expect(json.cardNumber).not.toBe(old)
    expect((await till.sell({ card: old }, 'old')).status).toBe(404)
    expect((await till.look({ card: old })).status).toBe(404)
    expect((await till.sell({ card: json.cardNumber }, 'new')).json.memberId).toBe(member)
    expect((await till.sell({ card: qr }, 'qr')).status).toBe(201)
    expect(await replace()).toMatchObject({ status: 412, json: { code: 'precondition_failed' } })
    expect(await numberOf(member)).toBe(json.cardNumber)
  })

  it('at two tills at once is replaced once', async () => {
    const member = await till.member()
    const body = { cardNumber: await numberOf(member) }
    const answers = await Promise.all(
      [1, 2, 3].map(() => till.post(`/v1/members/${member}/card`, body)),
    )
    expect(tally(answers)).toEqual({ 200: 1, 412: 2 })
    const won = answers.find(({ status }) => status === 200)!
    expect(await numberOf(member)).toBe(won.json.cardNumber)
  })

  it.each([
    ['another’s', '2000000000008', 412],
    ['none', '123', 400],
    ['one that does not check', '2000000000001', 400],
  ])('is named by its own number, not by %s', async (_, cardNumber, status) => {
    const member = await till.member()
    const answer = await till.post(`/v1/members/${member}/card`, { cardNumber })
    expect(answer.status).toBe(status)
  })

  it('of nobody is not found', async () => {
    const body = { cardNumber: '2000000000008' }
    expect((await till.post('/v1/members/mp0000000000000/card', body)).status).toBe(404)
  })
})

describe('the QR of a card', () => {
  it('is another each time it is asked for', async () => {
    const key = await till.token(await till.member())
    const tokens = []
    for (let i = 0; i < 3; i++) {
      tokens.push((await call('GET', '/me/card', { key })).json.token)
    }
    expect(new Set(tokens).size).toBe(3)
    for (const [i, card] of tokens.entries()) {
      expect((await till.sell({ card }, `qr-${i}`)).status).toBe(201)
    }
  })
})
