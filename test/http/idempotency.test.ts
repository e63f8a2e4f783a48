import { describe, expect, inject, it } from 'vitest'
import { fingerprint, parseIdempotencyKey } from '../../src/http/idempotency'

const uuid = '8e03978e-40d5-43e8-bc93-6894a57f9324'

describe('parseIdempotencyKey', () => {
  it.each([
    ['a bare key', uuid, uuid],
    ['a quoted key', `"${uuid}"`, uuid],
    ['a number', '42', '42'],
    ['escapes in quotes', '"a\\"b\\\\c"', 'a"b\\c'],
    ['spaces within quotes', '"a b"', 'a b'],
    ['parameters, which it ignores', '"abc";v=1; w="x;y"', 'abc'],
    ['255 characters', 'k'.repeat(255), 'k'.repeat(255)],
    ['255 quoted characters', `"${'k'.repeat(255)}"`, 'k'.repeat(255)],
  ])('reads %s', (_, header, value) => {
    expect(parseIdempotencyKey(header)).toEqual({ ok: true, value })
  })

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['blank', '  '],
    ['an empty string', '""'],
  ])('misses a key that is %s', (_, header) => {
    expect(parseIdempotencyKey(header)).toMatchObject({
      failure: { code: 'idempotency_key_missing' },
    })
  })

  it.each([
    ['256 characters', 'k'.repeat(256)],
    ['256 quoted characters', `"${'k'.repeat(256)}"`],
    ['no closing quote', '"abc'],
    ['no opening quote', 'abc"'],
    ['another escape', '"a\\nb"'],
    ['text after the quote', '"abc"d'],
    ['two quoted values', '"a", "b"'],
    ['two values, one with parameters', '"a";v=1, "b"'],
    ['two bare values', 'a, b'],
    ['letters beyond ASCII', 'clé'],
    ['quoted letters beyond ASCII', '"ключ"'],
    ['a control character', 'a\tb'],
  ])('refuses %s', (_, header) => {
    expect(parseIdempotencyKey(header)).toMatchObject({ failure: { code: 'validation_failed' } })
  })
})

interface HeaderCase {
  id: string
  raw: string
  value: string | null
}

const vectors = inject('shared')['vectors/http/idempotency-key.json']

describe('the header cases of the IETF draft (../shared/vectors)', () => {
  it.skipIf(!vectors)('are read as they should be', () => {
    const { headerCases }: { headerCases: HeaderCase[] } = JSON.parse(vectors!)
    // The draft wants quotes; keys without them are taken as they are.
    const bare = ['unquoted-uuid-digit-first', 'unquoted-token', 'integer']
    expect(headerCases.length).toBeGreaterThan(10)
    const read = headerCases.map(({ id, raw }) => {
      const parsed = parseIdempotencyKey(raw)
      return [id, parsed.ok ? parsed.value : null]
    })
    expect(read).toEqual(
      headerCases.map(({ id, raw, value }) => [id, bare.includes(id) ? raw : value]),
    )
  })
})

describe('fingerprint', () => {
  const body = { b: [1, { d: 4, c: 3 }], a: 'x' }

  it('does not depend on the order of fields', () => {
    const other = { a: 'x', b: [1, { c: 3, d: 4 }] }
    expect(fingerprint('POST', '/v1/members', other)).toBe(fingerprint('POST', '/v1/members', body))
  })

  it.each([
    ['the method', fingerprint('PUT', '/v1/members', body)],
    ['the path', fingerprint('POST', '/v1/members/1', body)],
    ['a value', fingerprint('POST', '/v1/members', { ...body, a: 'y' })],
    [
      'the order of a list',
      fingerprint('POST', '/v1/members', { ...body, b: body.b.toReversed() }),
    ],
  ])('depends on %s', (_, print) => {
    expect(print).toMatch(/^[0-9a-f]{64}$/)
    expect(print).not.toBe(fingerprint('POST', '/v1/members', body))
  })
})
