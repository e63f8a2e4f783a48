import { describe, expect, it } from 'vitest'
import { readRow } from '../../src/imports/row'
import { type Options, options } from '../../src/imports/schema'
import { at, programOf } from '../ledger/world'

const program = { ...programOf({ country: 'CN' }) }
const optionsOf = (query: object): Options => options.parse(query)

const read = (record: object, query: object = {}, format: 'csv' | 'ndjson' = 'csv') =>
  readRow(record as Record<string, unknown>, {
    options: optionsOf(query),
    format,
    program,
    name: 'import:1:7',
  })

/** A row as it is understood, or why not. */
const said = (...given: Parameters<typeof read>) => {
  const row = read(...given)
  return row.ok ? row.value : row.failure.detail
}

const purchase = {
  type: 'purchase',
  externalId: 'a',
  orderId: 'SO-1',
  occurredAt: '2020-03-10',
  total: '12900',
}

describe('a row', () => {
  it('of a purchase is asked of the ledger as it would be, by the channel import', () => {
    expect(said(purchase)).toEqual({
      type: 'purchase',
      who: { kind: 'externalId', value: 'a' },
      at: at('2020-03-10T00:00:00+08:00'),
      person: null,
      command: {
        type: 'purchase',
        request: {
          orderId: 'SO-1',
          occurredAt: at('2020-03-10T00:00:00+08:00'),
          currency: 'CNY',
          lines: [],
          total: 12_900,
          channel: 'import',
        },
      },
    })
  })

  it('of a purchase without an order, or a refund without an id, is named by its number', () => {
    const { orderId: _, ...bare } = purchase
    expect(said(bare)).toMatchObject({ command: { request: { orderId: 'import:1:7' } } })
    const refund = { type: 'refund', externalId: 'a', orderId: 'SO-1', amount: '100' }
    expect(said(refund)).toMatchObject({
      at: Number.MAX_SAFE_INTEGER,
      command: {
        type: 'refund',
        request: { orderId: 'SO-1', refundId: 'import:1:7', amount: 100 },
      },
    })
  })

  it('of a balance has points with an end of their own, and a reason', () => {
    const balance = { type: 'balance', memberId: 'x', points: '120', expiresAt: '2027-06-30' }
    expect(said(balance)).toEqual({
      type: 'balance',
      who: { kind: 'memberId', value: 'x' },
      at: Number.MAX_SAFE_INTEGER,
      person: null,
      command: {
        type: 'adjust',
        request: {
          points: 120,
          expiresAt: at('2027-07-01T00:00:00+08:00'),
          reason: 'Opening balance',
          allowDebt: false,
        },
      },
    })
  })

  it('of a member enrols, and asks no ledger', () => {
    const member = {
      type: 'member',
      phone: '139 1234 5678',
      email: 'A@Example.com',
      name: 'Li Wei',
    }
    expect(said(member)).toMatchObject({
      who: { kind: 'email', value: 'a@example.com' },
      at: Number.MAX_SAFE_INTEGER,
      person: { phone: '+8613912345678', email: 'a@example.com', name: 'Li Wei' },
      command: null,
    })
  })

  it('enrols whose order it is where that is asked, and says who they are', () => {
    const row = { ...purchase, name: 'Li Wei', storeId: 'shop-1' }
    expect(said(row, { enrol: 'true' })).toMatchObject({
      person: { externalId: 'a', name: 'Li Wei' },
      command: { request: { storeId: 'shop-1' } },
    })
    expect(said(row)).toMatchObject({ person: null })
    const { externalId: _, ...bare } = purchase
    const known = { ...bare, cardNumber: '2277146761043' }
    expect(said(known, { enrol: 'true' })).toMatchObject({
      who: { kind: 'cardNumber' },
      person: null,
    })
  })

  it('has the type of the file where it says none', () => {
    const { type: _, ...untyped } = purchase
    expect(said(untyped, { type: 'purchase' })).toMatchObject({ type: 'purchase' })
    expect(said({ ...purchase, type: 'member' }, { type: 'purchase' })).toMatchObject({
      type: 'member',
    })
  })

  it('has its fields in the columns that are named, and a column that is taken means nothing else', () => {
    const row = { customer: 'a', date: '2020-03-10', total: 'x', 'amount: cents': '12900' }
    const column = ['externalId:customer', 'occurredAt:date', 'total:amount: cents']
    expect(said(row, { type: 'purchase', column })).toMatchObject({
      who: { value: 'a' },
      command: { request: { total: 12_900 } },
    })
    const swapped = { orderId: 'a', externalId: 'SO-1', occurredAt: '2020-03-10', total: '1' }
    const columns = ['externalId:orderId', 'orderId:externalId']
    expect(said(swapped, { type: 'purchase', column: columns })).toMatchObject({
      who: { value: 'a' },
      command: { request: { orderId: 'SO-1' } },
    })
  })

  it('reads amounts in its own currency', () => {
    const yen = { ...purchase, currency: 'JPY', total: '129' }
    expect(said(yen, { amounts: 'major' })).toMatchObject({
      command: { request: { currency: 'JPY', total: 129 } },
    })
    expect(said({ ...yen, type: 'refund', amount: '129' }, { amounts: 'major' })).toMatchObject({
      command: { request: { amount: 129 } },
    })
  })

  it('of NDJSON may have lines and payments', () => {
    const lines = [{ sku: 'TEA', quantity: 2, amount: '129.00' }]
    const row = { ...purchase, total: undefined, lines }
    expect(said(row, { amounts: 'major' }, 'ndjson')).toMatchObject({
      command: { request: { lines: [{ sku: 'TEA', quantity: 2, amount: 12_900 }] } },
    })
  })
})

describe('a row that cannot be understood', () => {
  it.each([
    ['no type', { externalId: 'a' }, 'A row needs a type: member, purchase, refund, balance.'],
    ['another type', { ...purchase, type: 'sale' }, /^A row needs a type/],
    ['nobody', { ...purchase, externalId: undefined }, /^Say whose it is: memberId/],
    ['no time', { ...purchase, occurredAt: undefined }, /^#\/occurredAt: /],
    [
      'a time that is none',
      { ...purchase, occurredAt: '10.03.2020' },
      /^#\/occurredAt: Not an RFC/,
    ],
    ['an amount that is none', { ...purchase, total: '12.905' }, /^#\/total: /],
    ['a negative amount', { ...purchase, total: '-1' }, /^#\/total: /],
    ['a currency that is none', { ...purchase, currency: 'YUAN' }, /^#\/currency: /],
    ['an e-mail that is none', { ...purchase, email: 'a' }, /^#\/email: /],
    ['a phone that is none', { ...purchase, phone: '1' }, /phone/i],
    ['a card that is none', { ...purchase, cardNumber: '1' }, /^#\/cardNumber: /],
    [
      'two faults',
      { ...purchase, total: 'x', currency: 'x' },
      '2 values are not valid; see errors.',
    ],
    [
      'a member with a card alone',
      { type: 'member', cardNumber: '2277146761043' },
      /^A member needs/,
    ],
    [
      'a member with a card too',
      { type: 'member', externalId: 'a', cardNumber: '2277146761043' },
      /gets memberId and cardNumber here/,
    ],
    [
      'a member with an id of ours too',
      { type: 'member', externalId: 'a', memberId: 'mp0000000000000' },
      /gets memberId and cardNumber here/,
    ],
    ['a birthday that is none', { type: 'member', externalId: 'a', birthday: 'x' }, /^#\/birthday/],
    ['a balance of nothing', { type: 'balance', externalId: 'a', points: '0' }, /^#\/points: /],
    ['a balance that is owed', { type: 'balance', externalId: 'a', points: '-5' }, /^#\/points: /],
    ['a refund of nothing', { type: 'refund', externalId: 'a', orderId: 'x' }, /amount or lines/],
    [
      'a refund named void',
      { type: 'refund', refundId: 'void', orderId: 'x', externalId: 'a', amount: '1' },
      /another name/,
    ],
  ])('has %s', (_, record, detail) => {
    expect(said(record)).toMatch(detail)
  })

  const minor =
    'Amounts are whole minor units (12900) unless the import says amounts=major (129.00).'
  const bought = { type: 'purchase', externalId: 'a', orderId: 'x', occurredAt: '2020-03-10' }
  const back = { type: 'refund', externalId: 'a', orderId: 'x' }

  it.each([
    ['a purchase', { ...bought, total: '129.00' }, '#/total'],
    ['a purchase, as a number', { ...bought, total: 129.5 }, '#/total'],
    ['what a purchase was sent for', { ...bought, total: '1', shipping: '9,90' }, '#/shipping'],
    ['a refund', { ...back, amount: '129.00' }, '#/amount'],
    [
      'a line',
      { ...bought, lines: [{ sku: 'TEA', quantity: 1, amount: '129.00' }] },
      '#/lines/0/amount',
    ],
    [
      'a line that came back',
      { ...back, lines: [{ lineId: '1', amount: '1.5' }] },
      '#/lines/0/amount',
    ],
    [
      'a payment',
      { ...bought, total: 1, payments: [{ method: 'cash', amount: '1.5' }] },
      '#/payments/0/amount',
    ],
  ])('of the amount of %s in decimals says how amounts are written', (_, record, pointer) => {
    const row = read(record, {}, 'ndjson')
    expect(row).toMatchObject({
      failure: { detail: `${pointer}: ${minor}`, errors: [{ pointer, detail: minor }] },
    })
  })

  it.each([
    ['points', { type: 'balance', externalId: 'a', points: '1.5' }, ''],
    ['an amount below zero', { ...bought, total: '-1' }, ''],
    ['a line without an amount', { ...bought, lines: [{ sku: 'TEA', quantity: 1 }] }, ''],
    ['decimals that the currency has not', { ...bought, total: '129.005' }, 'major'],
  ])('says nothing of that for %s', (_, record, amounts) => {
    const detail = said(record, amounts ? { amounts } : {}, 'ndjson')
    expect(detail).toMatch(/^#/)
    expect(detail).not.toMatch('minor units')
  })

  it('of CSV never has a column too many, of NDJSON a field', () => {
    const more = { ...purchase, total: 12_900, colour: 'green' }
    expect(said({ ...more, total: '12900' })).toMatchObject({ type: 'purchase' })
    expect(said(more, {}, 'ndjson')).toBe('#/colour: This field is not known.')
  })
})
