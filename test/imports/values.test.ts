import { describe, expect, it } from 'vitest'
import { readValues } from '../../src/imports/values'

const reading = { amounts: 'minor', currency: 'CNY', timeZone: 'Asia/Shanghai' } as const

const read = (name: string, value: unknown, changes: object = {}) =>
  readValues({ [name]: value }, { ...reading, ...changes })[name]

describe('an amount', () => {
  it.each([
    ['12900', 12_900],
    ['0', 0],
    // What is no whole number stays for the schema to refuse.
    ['129.00', '129.00'],
    ['1,290', '1,290'],
    ['12900 CNY', '12900 CNY'],
    ['1e3', '1e3'],
    [12_900, 12_900],
  ])('in minor units: %j is %j', (value, minor) => {
    expect(read('total', value)).toBe(minor)
  })

  it.each([
    ['CNY', '129', 12_900],
    ['CNY', '129.5', 12_950],
    ['CNY', '129.05', 12_905],
    ['CNY', '129.050', 12_905],
    ['CNY', '12.905', '12.905'],
    ['CNY', '-1', '-1'],
    ['CNY', '129,05', '129,05'],
    ['CNY', '1,290.00', '1,290.00'],
    ['CNY', '¥129', '¥129'],
    ['CNY', '.5', '.5'],
    ['CNY', 129.05, 12_905],
    ['CNY', 0.1, 10],
    ['CNY', 1e21, 1e21],
    ['JPY', '129', 129],
    ['JPY', '129.00', 129],
    ['JPY', '129.50', '129.50'],
    ['KWD', '12.905', 12_905],
    ['KWD', '12.9', 12_900],
    ['KWD', '12.9055', '12.9055'],
    ['XXX', '129', 129],
    ['XXX', '129.5', '129.5'],
    [undefined, '129', 129],
  ])('in major units of %s: %j is %j', (currency, value, minor) => {
    expect(read('total', value, { amounts: 'major', currency })).toBe(minor)
  })

  it.each(['total', 'shipping', 'discount', 'tax', 'amount'])('is read as %s', (name) => {
    expect(read(name, '1.5', { amounts: 'major' })).toBe(150)
  })

  it('is read in lines and payments, and points are no amount', () => {
    const given = {
      lines: [{ sku: 'TEA', amount: '1.5', quantity: 2 }, 'x', null],
      payments: [{ method: 'cash', amount: 1.5 }],
      points: '150',
    }
    expect(readValues(given, { ...reading, amounts: 'major' })).toEqual({
      lines: [{ sku: 'TEA', amount: 150, quantity: 2 }, 'x', null],
      payments: [{ method: 'cash', amount: 150 }],
      points: 150,
    })
  })
})

describe('a time', () => {
  it.each([
    ['Asia/Shanghai', '2026-03-10', '2026-03-09T16:00:00.000Z'],
    ['Asia/Shanghai', '2026-03-10 18:30', '2026-03-10T10:30:00.000Z'],
    ['Asia/Shanghai', '2026-03-10T18:30:05', '2026-03-10T10:30:05.000Z'],
    ['UTC', '2026-03-10', '2026-03-10T00:00:00.000Z'],
    // Clocks go forward at 02:00, and back at 03:00.
    ['Europe/Berlin', '2026-03-29 01:59', '2026-03-29T00:59:00.000Z'],
    ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00.000Z'],
    ['Europe/Berlin', '2026-03-29 03:00', '2026-03-29T01:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
    ['America/New_York', '2026-03-08', '2026-03-08T05:00:00.000Z'],
    ['America/New_York', '2026-03-09', '2026-03-09T04:00:00.000Z'],
    // Midnight does not exist.
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z'],
    ['America/Santiago', '2026-09-06', '2026-09-06T04:00:00.000Z'],
    // Not local, or none.
    ['Asia/Shanghai', '2026-03-10T18:30:00Z', '2026-03-10T18:30:00Z'],
    ['Asia/Shanghai', '2026-02-29', '2026-02-29'],
    ['Asia/Shanghai', '2026-03-10 24:00', '2026-03-10 24:00'],
    ['Asia/Shanghai', '2026-13-01', '2026-13-01'],
    ['Asia/Shanghai', '10.03.2026', '10.03.2026'],
    ['Asia/Shanghai', '3/10/2026', '3/10/2026'],
    ['Asia/Shanghai', 1_773_072_000_000, 1_773_072_000_000],
  ])('in %s: %j is %j', (timeZone, value, instant) => {
    expect(read('occurredAt', value, { timeZone })).toBe(instant)
  })

  it.each([
    ['Asia/Shanghai', '2027-06-30', '2027-06-30T16:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-29T22:00:00.000Z'],
    ['America/Santiago', '2026-09-05', '2026-09-06T04:00:00.000Z'],
    // With a time it ends then.
    ['Asia/Shanghai', '2027-06-30 00:00', '2027-06-29T16:00:00.000Z'],
    ['Asia/Shanghai', '2027-06-30T12:00:00Z', '2027-06-30T12:00:00Z'],
    ['Asia/Shanghai', '2027-06-31', '2027-06-31'],
  ])('at which points lapse, in %s: %j is %j', (timeZone, value, instant) => {
    expect(read('expiresAt', value, { timeZone })).toBe(instant)
  })
})

describe('other values', () => {
  it.each([
    ['points', '120', 120],
    ['points', '-120', -120],
    ['points', '1.5', '1.5'],
    ['points', '99999999999999999', '99999999999999999'],
    ['taxIncluded', 'true', true],
    ['taxIncluded', 'false', false],
    ['taxIncluded', 'yes', 'yes'],
    ['taxIncluded', true, true],
    ['orderId', '0042', '0042'],
    ['phone', '13912345678', '13912345678'],
    ['constructor', '1', '1'],
  ])('%s: %j is %j', (name, value, result) => {
    expect(read(name, value)).toBe(result)
  })
})
