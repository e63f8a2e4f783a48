import { describe, expect, it } from 'vitest'
import { canonical, isSame } from '../src/json'

describe('canonical', () => {
  it('orders the fields of every object, and no list', () => {
    expect(canonical({ b: [3, { d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[3,{"c":2,"d":1}]}')
  })
})

describe('isSame', () => {
  it('tells values apart by what they say, not by the order of their fields', () => {
    expect(isSame({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(true)
    expect(isSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
    expect(isSame({ a: 1 }, { a: 1, b: null })).toBe(false)
  })
})
