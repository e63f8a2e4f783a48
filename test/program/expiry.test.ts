import { describe, expect, it } from 'vitest'
import { expiryOf } from '../../src/program/expiry'
import { programOf } from '../ledger/world'

const at = (text: string) => Date.parse(text)

describe('expiryOf', () => {
  it.each([
    ['2026-03-10T00:00:00+08:00', 'Asia/Shanghai', 12, '2027-03-11T00:00:00+08:00'],
    ['2026-03-10T23:59:59+08:00', 'Asia/Shanghai', 12, '2027-03-11T00:00:00+08:00'],
    ['2028-02-29T12:00:00+08:00', 'Asia/Shanghai', 12, '2029-03-01T00:00:00+08:00'],
    ['1997-06-30T00:00:00Z', 'UTC', 12, '1998-07-01T00:00:00Z'],
    ['2026-02-07T12:00:00-05:00', 'America/New_York', 1, '2026-03-08T00:00:00-05:00'],
    ['2026-02-08T12:00:00-05:00', 'America/New_York', 1, '2026-03-09T00:00:00-04:00'],
    ['2018-10-03T12:00:00-03:00', 'America/Sao_Paulo', 1, '2018-11-04T01:00:00-02:00'],
  ])('points of %s in %s that live %i months are gone from %s on', (...row) => {
    const [earned, timeZone, expiryMonths, gone] = row
    const program = { ...programOf({ expiryMonths }), timeZone }
    expect(expiryOf(program, at(earned))).toBe(at(gone))
  })
})
