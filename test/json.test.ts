import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, isSame, parseJson } from '../src/json'

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

describe('parseJson', () => {
  it.each([
    ['{"a":1,"b":{"a":[{"a":2}]}}'],
    [' [ ] '],
    ['"a:b"'],
    ['{"a\\"b":"c\\":d"}'],
    ['{"a:":":","b" : "\\\\"}'],
    ['{"":1}'],
    ['{"proto":"__proto__","a":"\\u005f_proto__"}'],
    ['{"constructor":1,"toString":2}'],
    ['{"\\u4e00":1,"\\u4e01":2}'],
    ['1e2'],
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  it.each([
    ['a field twice', '{"a":1,"a":1}'],
    ['a field twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a field twice, far inside', '{"a":[1,{"b":{"c":1,"d":2,"c":3}}]}'],
    ['__proto__', '{"__proto__":{"a":1}}'],
    ['__proto__, escaped', '{"a":{"\\u005f\\u005fproto__":1}}'],
    ['nothing', ''],
    ['half of it', '{"a":'],
    ['two of them', '{} {}'],
    ['a comma too many', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['NaN', '[NaN]'],
    ['a byte order mark', '\uFEFF{}'],
    ['more depth than anybody needs', '['.repeat(200_000) + ']'.repeat(200_000)],
  ])('throws for %s', (_, text) => {
    expect(() => parseJson(text)).toThrow(Error)
  })

  it('reads a text of 1 MB', () => {
    const value = { a: 'x\\"'.repeat(330_000) }
    expect(parseJson(JSON.stringify(value))).toEqual(value)
    const many = Array.from({ length: 20_000 }, (_, i) => ({ id: i, name: `n${i}` }))
    expect(parseJson(JSON.stringify(many))).toEqual(many)
  })

  it('finds a field that comes twice wherever it is, and nothing else', () => {
    const key = fc.string({ maxLength: 3 }).filter((each) => each !== '__proto__')
    const value = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1 }), fc.nat(), (object, pick) => {
        const text = JSON.stringify(object)
        const safe = JSON.parse(text, (name, each: unknown) =>
          name === '__proto__' ? undefined : each,
        )
        expect(parseJson(JSON.stringify(safe))).toEqual(safe)
        const names = Object.keys(safe)
        const again = JSON.stringify(names[pick % names.length])
        expect(() => parseJson(`${JSON.stringify(safe).slice(0, -1)},${again}:0}`)).toThrow('twice')
      }),
    )
  })
})
