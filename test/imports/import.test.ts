import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../http/api'
import { lines, type Office, openOffice } from './file'

const ndjson = { headers: { 'content-type': 'application/x-ndjson' } }
const none = { rows: 0, amounts: {}, points: 0 }

describe('a file of purchases', () => {
  const file = lines(
    'customer,order,date,paid',
    'c1,SO-3,2026-11-01,30.00',
    'c2,SO-4,2026-10-01,20.50',
    'c1,SO-1,2024-01-01,10.00',
    'c1,SO-2,2026-05-01,20.00',
    'c1,SO-5,2026-06-01,0',
  )
  const query =
    'type=purchase&enrol=true&amounts=major&name=History&column=externalId:customer&column=orderId:order&column=occurredAt:date&column=total:paid'
  let office: Office

  beforeAll(async () => {
    office = await openOffice()
  })

  it('is booked in the order in which things happened, whatever that of the file', async () => {
    const view = await office.run(file, query)
    expect(view).toMatchObject({
      name: 'History',
      status: 'done',
      dryRun: false,
      detail: null,
      bytes: file.length,
      bytesRead: file.length,
      rows: 5,
      booked: 5,
      duplicates: 0,
      failed: 0,
      members: { known: 0, enrolled: 2 },
      purchases: { rows: 5, amounts: { CNY: 8_050 }, points: 80 },
      refunds: none,
      balances: none,
    })
    expect(await office.faults(view.id)).toEqual([])
    const entries = await office.shop.entries(await office.member('c1'))
    expect(entries.map(({ kind, points, orderId }) => [kind, points, orderId])).toEqual([
      ['award', 10, 'SO-1'],
      ['expire', -10, undefined],
      ['award', 20, 'SO-2'],
      ['award', 0, 'SO-5'],
      ['award', 30, 'SO-3'],
    ])
    expect(entries[0]).toMatchObject({
      channel: 'import',
      occurredAt: '2023-12-31T16:00:00.000Z',
      expiresAt: '2025-01-01T16:00:00.000Z',
      actor: { kind: 'server', requestId: view.id },
    })
  })

  it('is in the lists when it is done', async () => {
    const { json } = await office.shop.get('/v1/purchases/SO-4')
    expect(json).toMatchObject({ orderId: 'SO-4', total: 2_050, points: 20, channel: 'import' })
    expect(await office.shop.listed(await office.member('c1'))).toMatchObject({ available: 50 })
    expect((await office.shop.get('/v1/program/totals')).json).toMatchObject({
      issued: 80,
      lapsed: 10,
      outstanding: 70,
    })
  })
})

describe('a file of all types', () => {
  it('enrols, books, refunds and gives balances with an end of their own', async () => {
    const office = await openOffice()
    const file = lines(
      '{"type":"balance","externalId":"c1","points":120,"expiresAt":"2027-06-30","reason":"Old scheme"}',
      '{"type":"refund","externalId":"c1","orderId":"SO-1","refundId":"R-1","amount":4000,"occurredAt":"2026-02-01"}',
      '{"type":"member","externalId":"c1","name":"Li Wei","email":"li@example.com","birthday":"1990-12-31","locale":"zh-CN"}',
      '{"type":"member","externalId":"c2"}',
      '{"type":"purchase","email":"li@example.com","orderId":"SO-1","occurredAt":"2026-01-01 10:30","lines":[{"sku":"TEA","quantity":2,"amount":10000}]}',
    )
    const view = await office.run(file, '', ndjson)
    expect(view).toMatchObject({
      rows: 5,
      booked: 5,
      failed: 0,
      members: { known: 0, enrolled: 2 },
      purchases: { rows: 1, amounts: { CNY: 10_000 }, points: 100 },
      refunds: { rows: 1, amounts: {}, points: -40 },
      balances: { rows: 1, amounts: {}, points: 120 },
    })
    expect(await office.story('c1')).toEqual([
      ['award', 100],
      ['clawback', -40],
      ['adjust', 120],
    ])
    const id = await office.member('c1')
    const entries = await office.shop.entries(id)
    expect(entries.at(-1)).toMatchObject({
      reason: 'Old scheme',
      expiresAt: '2027-06-30T16:00:00.000Z',
    })
    const { json } = await office.shop.get(`/v1/members/${id}`)
    expect(json).toMatchObject({ name: 'Li Wei', birthday: '1990-12-31', locale: 'zh-CN' })
    expect(json.cardNumber).toMatch(/^\d{13}$/)
    expect(await office.standing('c2')).toEqual([0, 'bronze'])
  })

  it('finds members by whatever identifies them', async () => {
    const office = await openOffice()
    const who = { externalId: 'c1', email: 'Li@Example.com', phone: '13912345678' }
    await office.run(lines('externalId,email,phone', Object.values(who).join()), 'type=member')
    const id = await office.member('c1')
    const { cardNumber } = (await office.shop.get(`/v1/members/${id}`)).json
    const rows = Object.entries({ ...who, memberId: id, cardNumber, phone: '+86 139 1234 5678' })
    const file = rows.map(([kind, value], i) =>
      JSON.stringify({ type: 'balance', [kind]: value, points: 10 ** i }),
    )
    const view = await office.run(lines(...file), '', ndjson)
    expect(view).toMatchObject({ booked: 5, members: { known: 1, enrolled: 0 } })
    expect(await office.standing('c1')).toEqual([11_111, 'bronze'])
  })
})

describe('the order of a file', () => {
  const header = 'type,externalId,email,name,orderId,refundId,occurredAt,total,amount'

  it('does not matter to who somebody is: a row about the person says it', async () => {
    const office = await openOffice()
    const file = lines(
      header,
      'purchase,c1,,,SO-1,,2026-03-01,1000,',
      'member,c1,li@example.com,Li,,,,,',
    )
    expect(await office.run(file, 'enrol=true')).toMatchObject({ booked: 2, duplicates: 0 })
    const { json } = await office.shop.get('/v1/members?email=li@example.com')
    expect(json.data).toMatchObject([{ externalId: 'c1', name: 'Li' }])
    expect(await office.standing('c1')).toEqual([10, 'bronze'])
  })

  it('does not matter to what happened on one day: an order comes before what came back of it', async () => {
    const office = await openOffice()
    const file = lines(
      header,
      'refund,c1,,,SO-1,R-1,2026-03-01,,400',
      'purchase,c1,,,SO-1,,2026-03-01,1000,',
    )
    expect(await office.run(file, 'enrol=true')).toMatchObject({ booked: 2, failed: 0 })
    expect(await office.story('c1')).toEqual([
      ['award', 10],
      ['clawback', -4],
    ])
  })

  it('decides who has an identity that several name, and the others are told so', async () => {
    const office = await openOffice()
    const file = lines(
      header,
      'purchase,a,x@example.com,,SO-1,,2026-03-01,1000,',
      'purchase,b,x@example.com,,SO-2,,2026-03-01,2000,',
      'purchase,c,,,SO-3,,2026-03-01,3000,',
      'purchase,,x@example.com,,SO-4,,2026-03-01,4000,',
    )
    const view = await office.run(file, 'enrol=true')
    expect(await office.faults(view.id)).toEqual([[2, 'already_exists']])
    expect(await office.standing('a')).toEqual([50, 'bronze'])
    expect(await office.standing('c')).toEqual([30, 'bronze'])
  })
})

describe('rows that cannot be taken', () => {
  it('are faults with their numbers, and the others are booked', async () => {
    const office = await openOffice()
    await office.run(lines('externalId', 'c1'), 'type=member')
    const file = lines(
      'type,externalId,memberId,orderId,refundId,occurredAt,total,amount,points,currency',
      'purchase,c1,,SO-1,,2026-11-01,10000,,,',
      'purchase,nobody,,SO-2,,2026-11-01,10000,,,',
      'purchase,,mp0000000000000,SO-3,,2026-11-01,10000,,,',
      'purchase,,x,SO-3,,2026-11-01,10000,,,',
      'purchase,c1,,SO-4,,2026-11-01,x,,,',
      'purchase,c1,,SO-5,,2026-11-01,10000,,,USD',
      'purchase,c1,,SO-6,,2027-11-01,10000,,,',
      'purchase,c1,,SO-1,,2026-11-01,20000,,,',
      'refund,c1,,SO-9,R-1,2026-11-02,,100,,',
      'refund,c1,,SO-1,R-1,2026-11-02,,1000,,',
      'refund,c1,,SO-1,R-1,2026-11-02,,2000,,',
      'balance,c1,,,,,,,-5,',
      'sale,c1,,SO-7,,2026-11-01,10000,,,',
      'purchase,c1',
      'purchase,c1,,SO-1,,2026-11-02,10000,,,',
    )
    const view = await office.run(file)
    expect(view).toMatchObject({ rows: 15, booked: 2, duplicates: 1, failed: 12 })
    expect(await office.faults(view.id)).toEqual([
      [2, 'not_found'],
      [3, 'not_found'],
      [4, 'not_found'],
      [5, 'validation_failed'],
      [6, 'validation_failed'],
      [7, 'validation_failed'],
      [8, 'already_exists'],
      [9, 'not_found'],
      [11, 'already_exists'],
      [12, 'validation_failed'],
      [13, 'validation_failed'],
      [14, 'validation_failed'],
    ])
    expect(await office.story('c1')).toEqual([
      ['award', 100],
      ['clawback', -10],
    ])
  })

  it('are members whose identities belong to several', async () => {
    const office = await openOffice()
    await office.run(
      lines('externalId,email', 'c1,a@example.com', 'c2,b@example.com'),
      'type=member',
    )
    const file = lines(
      'externalId,email',
      'c1,b@example.com',
      'c1,a@example.com',
      'c1,a@example.com',
    )
    const view = await office.run(file, 'type=member')
    expect(view).toMatchObject({ booked: 0, failed: 1, duplicates: 2 })
    expect(await office.faults(view.id)).toEqual([[1, 'already_exists']])
  })

  it('are none of a file in which a quote runs on into other rows', async () => {
    const office = await openOffice()
    const file = lines('externalId,name', 'c1,"a"b', 'c2,"c"')
    const view = await office.run(file, 'type=member')
    expect(view).toMatchObject({ status: 'failed', rows: 0, booked: 0, failed: 0 })
    expect(view.detail).toBe('Row 1 has a quote where none may be.')
  })

  it('are of who has left', async () => {
    const office = await openOffice()
    await office.run(lines('externalId', 'c1'), 'type=member')
    const id = await office.member('c1')
    await office.shop.post(id, 'adjustments', { points: 1, reason: 'x' })
    await call('DELETE', `/v1/members/${id}`, { key: office.shop.key })
    const view = await office.run(lines('memberId,points', `${id},10`), 'type=balance')
    expect(await office.faults(view.id)).toEqual([[1, 'member_gone']])
  })
})
