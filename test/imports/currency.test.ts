import { beforeEach, describe, expect, it } from 'vitest'
import { lines, type Office, openOffice } from './file'

const ndjson = { headers: { 'content-type': 'application/x-ndjson' } }

let office: Office
beforeEach(async () => {
  office = await openOffice({ currencies: { USD: { rate: '7' }, KWD: { rate: '23' } } })
  await office.run(
    lines(
      'externalId,orderId,occurredAt,total,currency',
      'a,home,2026-11-01,10000,',
      'a,usd,2026-11-01,1000,USD',
      'a,kwd,2026-11-01,10000,KWD',
    ),
    'type=purchase&enrol=true',
  )
})

const refund = (row: object, query = '') =>
  office.run(
    JSON.stringify({ type: 'refund', externalId: 'a', refundId: 'R', ...row }),
    query,
    ndjson,
  )

/** Why the one row of a file was not taken; undefined where it was. */
const refusal = async (row: object, query = '') => {
  const dry = await refund(row, `${query}&dryRun=true`)
  const view = await refund(row, query)
  expect([dry.booked, dry.failed]).toEqual([view.booked, view.failed])
  const { data } = (await office.get(`/${view.id}/faults`)).json
  return data[0]?.detail
}

describe('the currency of a refund', () => {
  it.each([
    ['in decimals without one', { orderId: 'usd', amount: '1' }, 'amounts=major', 'USD', 'CNY'],
    [
      'in decimals of another',
      { orderId: 'kwd', amount: '1', currency: 'USD' },
      'amounts=major',
      'KWD',
      'USD',
    ],
    [
      'in decimals of a line without one',
      { orderId: 'usd', lines: [{ lineId: '1', amount: '1' }] },
      'amounts=major',
      'USD',
      'CNY',
    ],
    [
      'in minor units of another',
      { orderId: 'home', amount: 100, currency: 'USD' },
      '',
      'CNY',
      'USD',
    ],
  ])('is its order’s, and %s it is a fault', async (_, row, query, own, other) => {
    const [before] = await office.standing('a')
    expect(await refusal(row, query)).toBe(`The order is in ${own}, not in ${other}.`)
    expect((await office.standing('a'))[0]).toBe(before)
  })

  it.each([
    ['not told in minor units', { orderId: 'usd', amount: 100 }, ''],
    ['told in minor units', { orderId: 'usd', amount: 100, currency: 'USD' }, ''],
    ['told in decimals', { orderId: 'usd', amount: '1.00', currency: 'USD' }, 'amounts=major'],
    ['the program’s in decimals', { orderId: 'home', amount: '7' }, 'amounts=major'],
  ])('is taken where it is %s', async (_, row, query) => {
    const [before] = await office.standing('a')
    expect(await refusal(row, query)).toBeUndefined()
    expect((await office.standing('a'))[0]).toBe(before - 7)
  })

  it('is not asked for where a refund says no amount', async () => {
    const order = { orderId: 'lines', occurredAt: '2026-11-01', currency: 'USD' }
    const row = {
      type: 'purchase',
      externalId: 'a',
      ...order,
      lines: [{ sku: 'TEA', quantity: 2, amount: 1_000 }],
    }
    await office.run(JSON.stringify(row), '', ndjson)
    const units = { orderId: 'lines', lines: [{ lineId: '1', quantity: 1 }] }
    expect(await refusal(units, 'amounts=major')).toBeUndefined()
  })

  it('does not tell a refund from the same one without it: that is a duplicate', async () => {
    const id = await office.member('a')
    await office.shop.post(id, 'refunds', { orderId: 'usd', refundId: 'R', amount: 100 })
    const row = { orderId: 'usd', amount: '1', currency: 'USD' }
    expect(await refund(row, 'amounts=major')).toMatchObject({ booked: 0, duplicates: 1 })
  })
})
