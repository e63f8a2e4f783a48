import { describe, expect, it } from 'vitest'
import { indexContacts, indexHash, readEmail, readPhone } from '../../src/members/contact'

const secret = Buffer.alloc(32, 7).toString('base64')

describe('readEmail', () => {
  it.each([
    ['ann@example.com', 'ann@example.com'],
    ['  Ann@Example.COM ', 'ann@example.com'],
    ['ａｎｎ＠example.com', 'ann@example.com'],
    ["o'neil+shop@mail.example.co.uk", "o'neil+shop@mail.example.co.uk"],
    ['李@例子.中国', '李@例子.中国'],
  ])('reads %j', (email, expected) => {
    expect(readEmail(email)).toBe(expected)
  })

  it.each([
    '',
    'ann',
    'ann@',
    '@example.com',
    'ann@example',
    'ann@@example.com',
    'an n@example.com',
    'ann@example..com',
    'ann@-example.com',
    'ann@example.com, bob@example.com',
    '<script>alert(1)</script>@example.com',
    '"quoted"@example.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b.'.repeat(130)}com`,
  ])('refuses %j', (email) => {
    expect(readEmail(email)).toBe(null)
  })
})

describe('readPhone', () => {
  it.each([
    ['+86 138 0013 8000', null, '+8613800138000'],
    ['138-0013-8000', 'CN', '+8613800138000'],
    ['１３８００１３８０００', 'CN', '+8613800138000'],
    ['+43 (660) 123 4567', 'CN', '+436601234567'],
    ['0660 1234567', 'AT', '+436601234567'],
  ])('reads %j in %s', (phone, country, expected) => {
    expect(readPhone(phone, country)).toBe(expected)
  })

  it.each([
    ['13800138000', null],
    ['', 'CN'],
    ['12', 'CN'],
    ['+86', null],
    ['+999 123 456 789', null],
    ['call 13800138000 please', 'CN'],
    ['13800138000 ext. 5', 'CN'],
    ["'; DROP TABLE members; --", 'CN'],
    ['9'.repeat(40), 'CN'],
  ])('refuses %j in %s', (phone, country) => {
    expect(readPhone(phone, country)).toBe(null)
  })
})

describe('the contact index', () => {
  const hash = (programId: string, kind: string, value: string, key = secret) =>
    indexHash(key, programId, kind, value)

  it('gives the same value the same entry', async () => {
    const one = await hash('p1', 'phone', '+8613800138000')
    expect(one).toMatch(/^[0-9a-f]{64}$/)
    expect(await hash('p1', 'phone', '+8613800138000')).toBe(one)
  })

  it('differs by program, kind, value and secret', async () => {
    const all = await Promise.all([
      hash('p1', 'phone', '1'),
      hash('p2', 'phone', '1'),
      hash('p1', 'email', '1'),
      hash('p1', 'phone', '2'),
      hash('p1', 'phone', '1', Buffer.alloc(32, 8).toString('base64')),
    ])
    expect(new Set(all).size).toBe(5)
  })

  it('has an entry for each identity that is given', async () => {
    const given = { email: 'a@example.com', phone: null, cardNumber: '4006381333931' }
    const contacts = await indexContacts(secret, 'p1', given)
    expect(contacts.map(({ kind }) => kind)).toEqual(['email', 'cardNumber'])
  })

  it('refuses a secret that is too short', async () => {
    await expect(hash('p1', 'phone', '1', 'c2hvcnQ=')).rejects.toThrow('PROFILE_KEY')
  })
})
