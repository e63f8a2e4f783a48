import { describe, expect, it } from 'vitest'
import { SQL } from '../db'
import { call, createKey, createProgram, pointers, program, rootKey } from '../http/api'

const create = (body: unknown, key = rootKey) => call('POST', '/v1/programs', { key, body })

const count = async () =>
  (await SQL.prepare('SELECT count(*) AS n FROM programs').first<{ n: number }>())!.n

describe('POST /v1/programs', () => {
  describe('happy', () => {
    it('answers 201 with the id and a secret key that works', async () => {
      const { status, json } = await create(program)
      expect(status).toBe(201)
      expect(Object.keys(json)).toEqual(['id', 'key'])
      expect(json.key).toMatch(new RegExp(`^pc_test_secret_${json.id}_`))
      expect((await call('GET', '/v1/keys', { key: json.key })).status).toBe(200)
    })

    it('makes keys of a live program live', async () => {
      const { json } = await create({ ...program, mode: 'live' })
      expect(json.key).toMatch(/^pc_live_secret_/)
    })

    it('freezes the time of a test program', async () => {
      const { id } = await createProgram({ clock: '2026-01-01T00:00:00+08:00' })
      const row = await SQL.prepare('SELECT clock FROM programs WHERE id = ?').bind(id).first()
      expect(row).toEqual({ clock: Date.parse('2025-12-31T16:00:00Z') })
    })

    it.each(['UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT-8'])(
      'takes zone %s',
      async (zone) => {
        expect((await create({ ...program, timeZone: zone })).status).toBe(201)
      },
    )
  })

  describe('error', () => {
    it.each([
      ['name', { name: '' }],
      ['name', { name: 'x'.repeat(101) }],
      ['name', { name: 'a\0b' }],
      ['mode', { mode: 'demo' }],
      ['currency', { currency: 'ABC' }],
      ['currency', { currency: 'cny' }],
      ['currency', { currency: undefined }],
      ['timeZone', { timeZone: 'Mars/Olympus' }],
      ['timeZone', { timeZone: '+08:00' }],
      ['timeZone', { timeZone: 'GMT+8' }],
      ['timeZone', { timeZone: '' }],
      ['country', { country: 'China' }],
      ['country', { country: 'ZZ' }],
      ['clock', { clock: '2026-01-01' }],
      ['clock', { clock: '1969-12-31T23:59:59Z' }],
      ['clock', { clock: '2200-01-01T00:00:00Z' }],
      ['clock', { clock: '2026-01-01T00:00:00' }],
      ['clock', { mode: 'live', clock: '2026-01-01T00:00:00Z' }],
      ['colour', { colour: 'red' }],
    ])('answers 400 for %s in %j', async (field, fault) => {
      const before = await count()
      const answer = await create({ ...program, ...fault })
      expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
      expect(pointers(answer)).toEqual([`#/${field}`])
      expect(await count()).toBe(before)
    })

    it('names every fault', async () => {
      const answer = await create({ mode: 'demo', currency: 'ABC', colour: 'red' })
      expect(pointers(answer)).toEqual(['#/colour', '#/currency', '#/mode', '#/name', '#/timeZone'])
    })
  })

  describe('security', () => {
    it('refuses a key of a program', async () => {
      const { key } = await createProgram()
      for (const each of [key, (await createKey(key, 'pos')).key]) {
        expect(await create(program, each)).toMatchObject({
          status: 403,
          json: { code: 'forbidden' },
        })
      }
    })

    it('refuses what is nearly the root key', async () => {
      for (const key of [`${rootKey}x`, rootKey.slice(0, -1), rootKey.toUpperCase()]) {
        expect((await create(program, key)).status).toBe(401)
      }
    })

    it('opens to nobody when the deployment has no root key', async () => {
      const answer = await call('POST', '/v1/programs', {
        key: 'undefined',
        body: program,
        env: { ROOT_KEY: undefined },
      })
      expect(answer.status).toBe(401)
    })
  })
})
