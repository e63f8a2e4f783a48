import { describe, expect, it } from 'vitest'
import { isCountry } from '../../src/program/country'

describe('isCountry', () => {
  it('knows ISO 3166 alpha-2 codes', () => {
    expect(['CN', 'AT', 'ZZ', 'cn', 'CHN', ''].map(isCountry)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
