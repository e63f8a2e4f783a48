import { beforeAll, describe, expect, it } from 'vitest'
import { call, pointers, tally } from '../http/api'
import { openTill, type Till } from './till'

let till: Till

beforeAll(async () => {
  till = await openTill()
})

describe('a sale at a till', () => {
  it.each<[string, (member: string) => Promise<object>]>([
    ['the QR of the card', async (member) => ({ card: await till.card(member) })],
    [
      'the number of the card',
      async (member) => ({ card: (await till.shop.get(`/v1/members/${member}`)).json.cardNumber }),
    ],
    ['the phone number', () => Promise.resolve({ phone: '+8613800138111' })],
    ['the phone number as it is known here', () => Promise.resolve({ phone: '138 0013 8111' })],
    ['the member’s id', (memberId) => Promise.resolve({ memberId })],
  ])('is booked for who is named by %s', async (way, who) => {
    const member = await till.member(0, { phone: '+8613800138111' })
    const named = await who(member)
    const { status, json } = await till.sell(named, way, { sale: { storeId: 'bund' } })
    expect(status).toBe(201)
    expect(json).toMatchObject({
      memberId: member,
      entries: [{ kind: 'award', points: 30, orderId: way, channel: 'pos', storeId: 'bund' }],
      tier: { id: 'bronze' },
      print: expect.arrayContaining(['Points earned: +30']),
    })
    expect(json.seq).toBe(json.entries.at(-1).seq)
  })

  it('earns on its lines', async () => {
    const member = await till.member()
    const lines = [
      { sku: 'TEA', quantity: 2, amount: 2_000, discount: 500 },
      { sku: 'POT', quantity: 1, amount: 9_000 },
    ]
    const { json } = await till.sell({ memberId: member }, 'lines', {
      sale: { lines, total: 10_500 },
    })
    expect(json.entries).toMatchObject([{ points: 105, lines: [{ sku: 'TEA' }, { sku: 'POT' }] }])
  })

  it.each([
    ['a phone number', { phone: '+8613800138999' }],
    ['a card', { card: '2000000000008' }],
    ['an id', { memberId: 'mp0000000000000' }],
    ['no id', { memberId: '../../etc/passwd' }],
    ['a phone number, and does not wish to enrol', { phone: '+8613800138999', enrolIfNew: false }],
    ['a card, and wishes to enrol', { card: '2000000000008', enrolIfNew: true }],
  ])('of nobody is refused: %s', async (_, who) => {
    const { status, json } = await till.sell(who, 'nobody')
    expect([status, json.code]).toEqual([404, 'not_found'])
  })
})

describe('who is new at a till', () => {
  it('is enrolled, and the sale is booked', async () => {
    const { status, json } = await till.sell({ phone: '13800138222', enrolIfNew: true }, 'new', {
      locale: 'zh-CN',
    })
    expect(status).toBe(201)
    expect(json).toMatchObject({ entries: [{ seq: 1, kind: 'award', points: 30 }] })
    const found = await till.shop.get('/v1/members?phone=%2B8613800138222')
    expect(found.json.data).toMatchObject([{ id: json.memberId, locale: 'zh-CN' }])
    const next = await till.sell({ phone: '13800138222', enrolIfNew: true }, 'next')
    expect(next.json).toMatchObject({ memberId: json.memberId, balance: { balance: 60 } })
  })

  it('gets the same answer to the same call, word for word', async () => {
    const who = { phone: '13800138333', enrolIfNew: true }
    const first = await till.sell(who, 'again', { key: 'enrols' })
    const again = await till.sell(who, 'again', { key: 'enrols' })
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('is one member, whichever tills ask at once', async () => {
    const who = { phone: '13800138444', enrolIfNew: true }
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => till.sell(who, `race-${i}`)),
    )
    expect(tally(answers)).toEqual({ 201: 8 })
    expect(new Set(answers.map(({ json }) => json.memberId)).size).toBe(1)
    expect(await till.balance(answers[0]!.json.memberId)).toBe(240)
  })

  it.each<[string, object, string]>([
    ['is in another currency', { sale: { currency: 'USD' } }, '+8613800139000'],
    [
      'does not add up',
      { sale: { lines: [{ sku: 'TEA', quantity: 1, amount: 1 }] } },
      '+8613800139001',
    ],
    ['was too long ago', { sale: { occurredAt: '2020-01-01T00:00:00Z' } }, '+8613800139002'],
    ['has a field that there is not', { sale: { colour: 'red' } }, '+8613800139003'],
    ['is to be paid with points', { redeem: { points: 1 } }, '+8613800139004'],
    ['is to be paid with a coupon', { redeem: { coupon: 'x' } }, '+8613800139005'],
  ])('is not enrolled by a sale that %s', async (why, rest, phone) => {
    const { status } = await till.sell({ phone, enrolIfNew: true }, why, rest)
    expect(status).toBeGreaterThanOrEqual(400)
    const found = await till.shop.get(`/v1/members?phone=${encodeURIComponent(phone)}`)
    expect(found.json.data).toEqual([])
  })
})

describe('a sale that is not valid', () => {
  const valid = { memberId: 'x', sale: { orderId: 'o', currency: 'CNY', total: 100 } }
  const line = { sku: 'TEA', quantity: 1, amount: 100 }

  it.each<[string, object, string]>([
    ['names nobody', { memberId: undefined }, '#'],
    ['names two', { phone: '+8613800138000' }, '#'],
    ['names a card and a member', { card: 'x' }, '#'],
    ['has no sale', { sale: undefined }, '#/sale'],
    ['says its channel', { sale: { ...valid.sale, channel: 'web' } }, '#/sale/channel'],
    ['has no order', { sale: { ...valid.sale, orderId: undefined } }, '#/sale/orderId'],
    ['has an empty order', { sale: { ...valid.sale, orderId: '' } }, '#/sale/orderId'],
    ['has another currency', { sale: { ...valid.sale, currency: 'USD' } }, '#/sale/currency'],
    ['has no currency', { sale: { ...valid.sale, currency: 'XXX' } }, '#/sale/currency'],
    ['has half a cent', { sale: { ...valid.sale, total: 0.5 } }, '#/sale/total'],
    ['costs less than nothing', { sale: { ...valid.sale, total: -1 } }, '#/sale/total'],
    ['does not add up', { sale: { ...valid.sale, lines: [line, line] } }, '#/sale/total'],
    [
      'has two lines of one id',
      { sale: { ...valid.sale, lines: [{ ...line, lineId: '2' }, line] } },
      '#/sale/lines/1/lineId',
    ],
    [
      'was years ago',
      { sale: { ...valid.sale, occurredAt: '2020-01-01T00:00:00Z' } },
      '#/sale/occurredAt',
    ],
    ['is paid with nothing', { redeem: {} }, '#/redeem'],
    ['is paid with no points', { redeem: { points: 0 } }, '#/redeem/points'],
    ['is paid in two ways', { redeem: { points: 1, rewardId: 'tea' } }, '#/redeem'],
    ['is paid with two coupons', { redeem: { coupon: ['a', 'b'] } }, '#/redeem'],
    ['has a field that there is not', { tip: 5 }, '#/tip'],
    ['enrols perhaps', { enrolIfNew: 'yes' }, '#/enrolIfNew'],
    ['is in no language', { locale: 'english_GB' }, '#/locale'],
  ])('is refused where it is wrong: it %s', async (_, changes, pointer) => {
    const memberId = await till.member()
    const body = { ...valid, memberId, ...changes }
    const answer = await till.post('/v1/pos/sales', body)
    expect([answer.status, answer.json.code]).toEqual([400, 'validation_failed'])
    expect(pointers(answer)).toContain(pointer)
    expect(await till.kinds(memberId)).toEqual([])
  })

  it('is refused without an Idempotency-Key', async () => {
    const answer = await call('POST', '/v1/pos/sales', { key: till.key, body: valid })
    expect(answer).toMatchObject({ status: 400, json: { code: 'idempotency_key_missing' } })
  })
})

describe('case B10: what the till expects of a reward', () => {
  it.each([
    ['B10', 1, 5, { expectedPoints: 1 }, ['Tea costs 5 points, not 1']],
    ['nothing', 0, 5, { expectedPoints: 0 }, ['Tea costs 5 points, not 0']],
    ['what it costs', 5, 5, {}, []],
    ['no figure', undefined, 5, {}, []],
  ])('%s: expected %j, charged %i', async (name, expectedPoints, points, told, printed) => {
    const memberId = await till.member(100)
    const { status, json } = await till.sell({ memberId }, `B10 ${name}`, {
      redeem: { rewardId: 'tea', expectedPoints },
    })
    expect(status).toBe(201)
    expect(json.entries[0]).toMatchObject({ kind: 'redeem', points: -points, ...told })
    expect('expectedPoints' in json.entries[0]).toBe('expectedPoints' in told)
    expect(json.print.filter((line: string) => line.includes('costs'))).toEqual(printed)
    expect(json.balance.balance).toBe(100 - 5 + 30)
  })
})
