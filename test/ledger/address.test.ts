import { describe, expect, it } from 'vitest'
import { newMemberId, regionNear, regionOf, type Region } from '../../src/ledger/address'

const regions: Region[] = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me']

describe('a member id', () => {
  it.each(regions)('says that its region is %s', (region) => {
    const id = newMemberId(region)
    expect(id).toMatch(/^m[a-z][0-9a-z]{13}$/)
    expect(regionOf(id)).toBe(region)
  })

  it('is never drawn twice', () => {
    const ids = Array.from({ length: 10_000 }, () => newMemberId('apac'))
    expect(new Set(ids).size).toBe(10_000)
  })

  it.each([
    '',
    'nobody',
    'mp',
    `mp${'0'.repeat(14)}`,
    `mp${'0'.repeat(12)}l`,
    `mz${'0'.repeat(13)}`,
  ])('is not %j', (id) => {
    expect(regionOf(id)).toBeUndefined()
  })
})

describe('regionNear', () => {
  it.each([
    ['apac', undefined],
    ['apac', { continent: 'AS', longitude: '121.47' }],
    ['me', { continent: 'AS', longitude: '55.27' }],
    ['weur', { continent: 'EU', longitude: '2.35' }],
    ['weur', { continent: 'EU' }],
    ['eeur', { continent: 'EU', longitude: '30.52' }],
    ['wnam', { continent: 'NA', longitude: '-122.42' }],
    ['enam', { continent: 'NA', longitude: '-74.01' }],
    ['sam', { continent: 'SA', longitude: '-46.63' }],
    ['afr', { continent: 'AF', longitude: '28.05' }],
    ['oc', { continent: 'OC', longitude: '151.21' }],
    ['apac', { continent: 'T1' }],
  ])('is %s for %j', (region, origin) => {
    expect(regionNear(origin)).toBe(region)
  })
})
