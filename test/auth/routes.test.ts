import { afterEach, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { call, createKey, createProgram, pointers, tally } from '../http/api'

afterEach(() => {
  vi.useRealTimers()
})

/** Moves real time for the code under test; timers stay real. */
const later = (ms: number) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

const works = async (key: string) => (await call('GET', '/v1/keys', { key })).status === 200
const rotate = (key: string, id: string, body?: object) =>
  call('POST', `/v1/keys/${id}/rotate`, { key, body })

describe('POST /v1/keys', () => {
  describe('happy', () => {
    it('answers 201 with a key that is shown once and kept as a digest', async () => {
      const { id: programId, key } = await createProgram()
      const { status, json } = await call('POST', '/v1/keys', {
        key,
        body: { kind: 'pos', name: 'Till 1' },
      })
      expect(status).toBe(201)
      expect(json).toMatchObject({ kind: 'pos', name: 'Till 1', expiresAt: null, revokedAt: null })
      expect(json.key).toMatch(new RegExp(`^pc_test_pos_${programId}_${json.id}_`))
      expect(json.scopes).toContain('purchases:write')
      expect(new Date(json.createdAt).toISOString()).toBe(json.createdAt)
      const { results } = await SQL.prepare('SELECT * FROM api_keys').run()
      expect(JSON.stringify(results)).not.toContain(json.key.slice(-33))
    })

    it('narrows a key to the scopes that are asked for', async () => {
      const { key } = await createProgram()
      const { json } = await call('POST', '/v1/keys', {
        key,
        body: { kind: 'secret', scopes: ['keys:read'] },
      })
      expect(json.scopes).toEqual(['keys:read'])
      expect(await works(json.key)).toBe(true)
      expect((await createKey(json.key, 'pos')).key).toBeUndefined()
    })
  })

  describe('error', () => {
    it.each([
      ['#/kind', { kind: 'root' }],
      ['#/kind', {}],
      ['#/name', { kind: 'pos', name: '' }],
      ['#/scopes/0', { kind: 'pos', scopes: ['keys:write'] }],
      ['#/scopes/1', { kind: 'secret', scopes: ['keys:read', 'world:rule'] }],
      ['#/scopes/0', { kind: 'secret', scopes: ['*'] }],
      ['#/scopes/0', { kind: 'publishable', scopes: ['members:read'] }],
      ['#/expires', { kind: 'pos', expires: 1 }],
    ])('answers 400 at %s for %j', async (pointer, body) => {
      const { key } = await createProgram()
      const answer = await call('POST', '/v1/keys', { key, body })
      expect(answer.status).toBe(400)
      expect(pointers(answer)).toEqual([pointer])
    })
  })

  describe('security', () => {
    it('gives nobody more than the caller has', async () => {
      const { key } = await createProgram()
      const narrow = (await createKey(key, 'secret', ['keys:write', 'members:read'])).key
      const ask = (body: object) => call('POST', '/v1/keys', { key: narrow, body })
      expect((await ask({ kind: 'secret' })).status).toBe(403)
      expect((await ask({ kind: 'pos', scopes: ['purchases:write'] })).status).toBe(403)
      expect((await ask({ kind: 'pos', scopes: ['members:read'] })).status).toBe(201)
    })

    it('keeps SQL and script text in a name verbatim', async () => {
      const { key } = await createProgram()
      const name = `'); DROP TABLE api_keys; --<script>alert("1")</script>`
      const { json } = await call('POST', '/v1/keys', { key, body: { kind: 'pos', name } })
      expect(json.name).toBe(name)
      expect(await works(key)).toBe(true)
    })
  })
})

describe('GET /v1/keys', () => {
  describe('happy', () => {
    it('lists every key once, page by page, without its secret', async () => {
      const { key } = await createProgram()
      const ids = []
      for (let i = 0; i < 4; i++) {
        ids.push((await createKey(key, 'pos')).id)
      }
      const seen = []
      let path = '/v1/keys?limit=2'
      for (let next: string | null = ''; next !== null; path = `/v1/keys?limit=2&cursor=${next}`) {
        const { json } = await call('GET', path, { key })
        expect(json.data.length).toBeLessThanOrEqual(2)
        expect(JSON.stringify(json)).not.toMatch(/hash|pc_test_/)
        seen.push(...json.data.map((each: { id: string }) => each.id))
        next = json.nextCursor
      }
      expect(seen).toHaveLength(5)
      expect(seen).toEqual(expect.arrayContaining(ids))
    })
  })

  describe('error', () => {
    it.each([
      'limit=0',
      'limit=101',
      'limit=ten',
      'limit=1&limit=2',
      'cursor=x',
      'cursor=',
      'page=1',
    ])('answers 400 for ?%s', async (query) => {
      const { key } = await createProgram()
      expect(await call('GET', `/v1/keys?${query}`, { key })).toMatchObject({
        status: 400,
        json: { code: 'validation_failed' },
      })
    })
  })

  describe('security', () => {
    it('shows no key of another program', async () => {
      const one = await createProgram()
      const two = await createProgram()
      const { json } = await call('GET', '/v1/keys', { key: one.key })
      expect(json.data).toHaveLength(1)
      expect(two.key).not.toContain(json.data[0].id)
    })
  })
})

describe('POST /v1/keys/:id/rotate', () => {
  describe('happy', () => {
    it('gives a key of the same kind, name and scopes; the old one works for the overlap', async () => {
      const { key } = await createProgram()
      const old = await createKey(key, 'secret', ['keys:read', 'members:read'])
      const { status, json } = await rotate(key, old.id, { overlapSeconds: 60 })
      expect(status).toBe(201)
      expect(json).toMatchObject({ kind: 'secret', scopes: ['members:read', 'keys:read'] })
      expect([await works(old.key), await works(json.key)]).toEqual([true, true])
      later(61_000)
      expect([await works(old.key), await works(json.key)]).toEqual([false, true])
    })

    it('overlaps for a day when nothing is said', async () => {
      const { key } = await createProgram()
      const old = await createKey(key, 'secret')
      await rotate(key, old.id)
      later(86_390_000)
      expect(await works(old.key)).toBe(true)
      later(20_000)
      expect(await works(old.key)).toBe(false)
    })

    it('ends the old key at once without an overlap', async () => {
      const { key } = await createProgram()
      const old = await createKey(key, 'secret')
      expect(await works(old.key)).toBe(true)
      await rotate(key, old.id, { overlapSeconds: 0 })
      expect(await works(old.key)).toBe(false)
    })

    it('goes by real time, whatever the clock of the program', async () => {
      const { key } = await createProgram({ clock: '2020-01-01T00:00:00Z' })
      const old = await createKey(key, 'secret')
      await rotate(key, old.id, { overlapSeconds: 60 })
      expect(await works(old.key)).toBe(true)
      later(61_000)
      expect(await works(old.key)).toBe(false)
    })
  })

  describe('error', () => {
    const reached = { status: 409, json: { code: 'limit_reached' } }

    it('answers 409 while the key before still lives, whichever of the two is rotated', async () => {
      const { key } = await createProgram()
      const first = await createKey(key, 'pos')
      const second = (await rotate(key, first.id)).json
      expect(await rotate(key, first.id)).toMatchObject(reached)
      expect(await rotate(key, second.id)).toMatchObject(reached)
      await call('DELETE', `/v1/keys/${first.id}`, { key })
      expect((await rotate(key, second.id)).status).toBe(201)
    })

    it('lets one of many rotations at once win', async () => {
      const { key } = await createProgram()
      const old = await createKey(key, 'pos')
      const all = await Promise.all(Array.from({ length: 10 }, () => rotate(key, old.id)))
      expect(tally(all)).toEqual({ 201: 1, 409: 9 })
    })

    it.each([{ overlapSeconds: -1 }, { overlapSeconds: 30 * 86_400 + 1 }, { overlapSeconds: 1.5 }])(
      'answers 400 for %j',
      async (body) => {
        const { key } = await createProgram()
        const old = await createKey(key, 'pos')
        expect((await rotate(key, old.id, body)).status).toBe(400)
      },
    )

    it('answers 404 for an unknown, an expired and a revoked key', async () => {
      const { key } = await createProgram()
      const expired = await createKey(key, 'pos')
      await rotate(key, expired.id, { overlapSeconds: 0 })
      const revoked = await createKey(key, 'pos')
      await call('DELETE', `/v1/keys/${revoked.id}`, { key })
      for (const id of ['nosuchid', expired.id, revoked.id]) {
        expect((await rotate(key, id)).status).toBe(404)
      }
    })
  })

  describe('security', () => {
    it('does not hand over a key that may do more than the caller', async () => {
      const { key } = await createProgram()
      const strong = await createKey(key, 'secret')
      const narrow = await createKey(key, 'secret', ['keys:write'])
      expect((await rotate(narrow.key, strong.id)).status).toBe(403)
    })

    it('does not know the keys of another program', async () => {
      const one = await createProgram()
      const two = await createProgram()
      const theirs = await createKey(two.key, 'secret')
      expect((await rotate(one.key, theirs.id)).status).toBe(404)
      expect(await works(theirs.key)).toBe(true)
    })
  })
})

describe('DELETE /v1/keys/:id', () => {
  const revoke = (key: string, id: string) => call('DELETE', `/v1/keys/${id}`, { key })

  describe('happy', () => {
    it('answers 204, each time, and the key works no more', async () => {
      const { key } = await createProgram()
      const other = await createKey(key, 'secret')
      expect(await works(other.key)).toBe(true)
      expect((await revoke(key, other.id)).status).toBe(204)
      expect((await revoke(key, other.id)).status).toBe(204)
      expect(await works(other.key)).toBe(false)
    })

    it('lets a key revoke itself', async () => {
      const { key } = await createProgram()
      const other = await createKey(key, 'secret')
      expect((await revoke(other.key, other.id)).status).toBe(204)
      expect((await revoke(other.key, other.id)).status).toBe(401)
    })
  })

  describe('error', () => {
    it('answers 404 for an unknown key', async () => {
      const { key } = await createProgram()
      expect((await revoke(key, 'nosuchid')).status).toBe(404)
    })
  })

  describe('security', () => {
    it('is refused to a key that may do less', async () => {
      const { key } = await createProgram()
      const strong = await createKey(key, 'secret')
      const narrow = await createKey(key, 'secret', ['keys:write'])
      expect((await revoke(narrow.key, strong.id)).status).toBe(403)
      expect(await works(strong.key)).toBe(true)
      expect((await revoke(narrow.key, narrow.id)).status).toBe(204)
    })

    it('does not know the keys of another program', async () => {
      const one = await createProgram()
      const two = await createProgram()
      const theirs = await createKey(two.key, 'secret')
      expect((await revoke(one.key, theirs.id)).status).toBe(404)
      expect(await works(theirs.key)).toBe(true)
    })
  })
})
