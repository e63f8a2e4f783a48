import { describe, expect, it } from 'vitest'
import { columns, createVault, openProfile, openVault } from '../../src/members/profile'

const secret = Buffer.alloc(32, 7).toString('base64')
const ann = { programId: 'p1', memberId: 'ann' }
const nothing = { externalId: null, email: null, phone: null, name: null, birthday: null }

describe('a vault', () => {
  it('opens what it sealed, also when it was opened again', async () => {
    const vault = await createVault(secret, ann)
    const sealed = await vault.seal('name', '李伟 <b>🎂</b>')
    expect(sealed).not.toContain('李伟')
    const again = await openVault(secret, ann, vault.wrappedKey)
    expect(await again.open('name', sealed)).toBe('李伟 <b>🎂</b>')
  })

  it('never seals the same text the same way', async () => {
    const vault = await createVault(secret, ann)
    expect(await vault.seal('name', 'Ann')).not.toBe(await vault.seal('name', 'Ann'))
  })

  it('does not open a text as another field', async () => {
    const vault = await createVault(secret, ann)
    await expect(vault.open('email', await vault.seal('name', 'Ann'))).rejects.toThrow(
      'Decryption failed',
    )
  })

  it('does not open a text that was changed', async () => {
    const vault = await createVault(secret, ann)
    const sealed = await vault.seal('name', 'Ann')
    const changed = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA')
    await expect(vault.open('name', changed)).rejects.toThrow('Decryption failed')
  })

  it.each([
    ['member', { ...ann, memberId: 'bob' }],
    ['program', { ...ann, programId: 'p2' }],
  ])('does not open for another %s', async (_, subject) => {
    const { wrappedKey } = await createVault(secret, ann)
    await expect(openVault(secret, subject, wrappedKey)).rejects.toThrow('Decryption failed')
  })

  it('does not open with another secret', async () => {
    const { wrappedKey } = await createVault(secret, ann)
    const other = Buffer.alloc(32, 8).toString('base64')
    await expect(openVault(other, ann, wrappedKey)).rejects.toThrow('Decryption failed')
  })
})

describe('a profile', () => {
  it('is stored sealed, but for the day and month of birth, and read back', async () => {
    const vault = await createVault(secret, ann)
    const stored = await columns(vault, { name: 'Ann', birthday: '1990-12-31', locale: 'zh-CN' })
    expect(stored).toMatchObject({ birthMonthDay: '12-31', locale: 'zh-CN' })
    expect(JSON.stringify(stored)).not.toMatch(/Ann|1990/)
    const row = { ...nothing, ...stored, wrappedKey: vault.wrappedKey }
    expect(await openProfile(secret, ann, row)).toEqual({
      ...nothing,
      name: 'Ann',
      birthday: '1990-12-31',
    })
  })

  it('clears with null and leaves alone what is not given', async () => {
    const stored = await columns(await createVault(secret, ann), { name: null, birthday: null })
    expect(JSON.parse(JSON.stringify(stored))).toEqual({
      name: null,
      birthday: null,
      birthMonthDay: null,
    })
  })

  it('is empty once the key is destroyed', async () => {
    const row = { ...nothing, name: 'sealed for ever', wrappedKey: null }
    expect(await openProfile(secret, ann, row)).toEqual(nothing)
  })
})
