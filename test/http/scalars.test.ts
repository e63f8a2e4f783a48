import { describe, expect, it } from 'vitest'
import * as scalars from '../../src/http/scalars'

const MAX = Number.MAX_SAFE_INTEGER

describe('amount', () => {
  it.each([0, 1, MAX])('takes %d', (value) => {
    expect(scalars.amount.parse(value)).toBe(value)
  })

  it.each([-1, 0.5, MAX + 1, 1e300, NaN, Infinity, '1', null, true, [1]])('refuses %j', (value) => {
    expect(scalars.amount.safeParse(value).success).toBe(false)
  })
})

describe('points', () => {
  it.each([1, MAX])('takes %d', (value) => {
    expect(scalars.points.parse(value)).toBe(value)
  })

  it.each([0, -1, 1.5, MAX + 1, '1'])('refuses %j', (value) => {
    expect(scalars.points.safeParse(value).success).toBe(false)
  })
})

describe('instant', () => {
  it.each([
    ['2026-03-01T09:30:00+08:00', '2026-03-01T01:30:00.000Z'],
    ['2026-03-01T01:30:00Z', '2026-03-01T01:30:00.000Z'],
    ['2026-02-28T20:30:00.123456-05:00', '2026-03-01T01:30:00.123Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('reads %s as %s', (value, expected) => {
    expect(scalars.instant.parse(value)).toBe(Date.parse(expected))
  })

  it.each([
    '2026-03-01',
    '2026-03-01T09:30:00',
    '2026-03-01T09:30+08:00',
    '2026-03-01 09:30:00Z',
    '2026-02-29T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T09:30:00+0800',
    '1772328600',
    1_772_328_600,
  ])('refuses %j', (value) => {
    expect(scalars.instant.safeParse(value).success).toBe(false)
  })
})

describe('text', () => {
  const name = scalars.text(8)

  it.each(['x', ' x ', '12345678', "';--", '<b>', '你好', '🎂🎂🎂🎂', 'a\nb', '\u202E'])(
    'keeps %j verbatim',
    (value) => {
      expect(name.parse(value)).toBe(value)
    },
  )

  it.each(['', '123456789', 'a\0b', 'a\uD800', 1, null])('refuses %j', (value) => {
    expect(name.safeParse(value).success).toBe(false)
  })
})

describe('page', () => {
  it('is 20 from the start when nothing is said', () => {
    expect(scalars.page.parse({})).toEqual({ limit: 20 })
  })

  it.each([
    ['1', 1],
    ['100', 100],
  ])('takes a limit of %s', (limit, expected) => {
    expect(scalars.page.parse({ limit })).toEqual({ limit: expected })
  })

  it.each(['0', '101', '-1', '1.5', '1e1', ' 1', '', '0x10'])('refuses a limit of %j', (limit) => {
    expect(scalars.page.safeParse({ limit }).success).toBe(false)
  })
})
