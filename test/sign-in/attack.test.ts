import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { indexHash } from '../../src/members/contact'
import type { Challenges } from '../../src/sign-in/sign-in'
import { SQL } from '../db'
import { enrol, tally } from '../http/api'
import { openStorefront, type Storefront } from '../me/storefront'

afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

const ann = { email: 'ann@example.com' }
const refused = { status: 401, json: { code: 'code_refused' } }
const tooMany = { status: 429, json: { code: 'too_many_requests' } }

/** So many codes, none of which is this one. */
const others = (code: string, count: number) =>
  Array.from({ length: count + 1 }, (_, i) => String(i).padStart(6, '0'))
    .filter((each) => each !== code)
    .slice(0, count)

/** The object that keeps the codes of an identity. */
const objectOf = async ({ id }: Storefront, { email }: { email: string }) => {
  const hash = await indexHash(env.PROFILE_KEY, id, 'email', email)
  return env.SIGN_IN.get(env.SIGN_IN.idFromName(`${id}:email:${hash}`))
}

const kept = async (store: Storefront): Promise<Challenges | undefined> =>
  runInDurableObject(await objectOf(store, ann), (_, { storage }) =>
    storage.kv.get<Challenges>('challenges'),
  )

const countMembers = async ({ id }: Storefront) =>
  SQL.prepare('SELECT count(*) AS n FROM members WHERE program_id = ?').bind(id).first('n')

describe('who guesses', () => {
  it('has five tries, then even the right code is refused', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    for (const guess of others(code, 5)) {
      expect(await store.verify(ann, guess)).toMatchObject(refused)
    }
    expect(await store.verify(ann, code)).toMatchObject(refused)
    expect(await countMembers(store)).toBe(0)
    const next = await store.codeFor(ann)
    expect((await store.verify(ann, next)).status).toBe(201)
  })

  it('has five tries, though fifty come at once', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    const all = await Promise.all(others(code, 50).map((guess) => store.verify(ann, guess)))
    expect(tally(all)).toEqual({ 401: 50 })
    expect((await kept(store))!.open).toMatchObject({ triesLeft: 0 })
    expect(await store.verify(ann, code)).toMatchObject(refused)
  })

  it('does not get more tries by writing the identity in another way', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    const spellings = ['ANN@example.com', ' ann@example.com', 'ａnn@example.com']
    const guesses = others(code, 6)
    for (const [i, guess] of guesses.entries()) {
      await store.verify({ email: spellings[i % spellings.length]! }, guess)
    }
    expect(await store.verify(ann, code)).toMatchObject(refused)
  })

  it('cannot use the code of another person, program or channel', async () => {
    const [store, elsewhere] = [await openStorefront(), await openStorefront()]
    const code = await store.codeFor(ann)
    for (const answer of [
      await store.verify({ email: 'eve@example.com' }, code),
      await store.verify({ phone: '13800138000' }, code),
      await elsewhere.verify(ann, code),
    ]) {
      expect(answer).toMatchObject(refused)
    }
    expect((await store.verify(ann, code)).status).toBe(201)
  })
})

describe('a code that comes ten times at once', () => {
  const tenTimes = async (store: Storefront) => {
    const code = await store.codeFor(ann)
    return Promise.all(Array.from({ length: 10 }, () => store.verify(ann, code)))
  }

  it('makes one member, signed in once', async () => {
    const store = await openStorefront()
    expect(tally(await tenTimes(store))).toEqual({ 201: 1, 401: 9 })
    expect(await countMembers(store)).toBe(1)
  })

  it('signs a known member in once', async () => {
    const store = await openStorefront()
    await enrol(store.key, ann)
    expect(tally(await tenTimes(store))).toEqual({ 200: 1, 401: 9 })
    expect(await countMembers(store)).toBe(1)
  })
})

describe('who asks for many codes', () => {
  it('gets five an hour for one identity, then 429 with Retry-After, known or not', async () => {
    const store = await openStorefront()
    await enrol(store.key, { email: 'known@example.com' })
    for (const email of ['known@example.com', 'unknown@example.com']) {
      for (let i = 0; i < 5; i++) {
        expect((await store.knock('/sign-in', { email })).status).toBe(202)
      }
      const answer = await store.knock('/sign-in', { email })
      expect(answer).toMatchObject(tooMany)
      const seconds = Number(answer.headers.get('retry-after'))
      expect([seconds > 3_590, seconds <= 3_600]).toEqual([true, true])
      expect((await store.outbox()).filter(({ to }) => to === email)).toHaveLength(5)
    }
    expect((await store.knock('/sign-in', ann)).status).toBe(202)
    const known = () => store.knock('/sign-in', { email: 'known@example.com' })
    const wait = Number((await known()).headers.get('retry-after'))
    later(wait * 1000)
    expect((await known()).status).toBe(202)
  })

  it('gets five, though twenty come at once; the last that was sent works', async () => {
    const store = await openStorefront()
    const all = await Promise.all(Array.from({ length: 20 }, () => store.knock('/sign-in', ann)))
    expect(tally(all)).toEqual({ 202: 5, 429: 15 })
    expect((await kept(store))!.sentAt).toHaveLength(5)
  })

  it('still can use the last of five', async () => {
    const store = await openStorefront()
    let code = ''
    for (let i = 0; i < 5; i++) {
      code = await store.codeFor(ann)
    }
    expect(await store.knock('/sign-in', ann)).toMatchObject(tooMany)
    expect((await store.verify(ann, code)).status).toBe(201)
  })

  it('gets sixty calls a minute from one address, in each program', async () => {
    const minute = () => Math.floor(Date.now() / 60_000)
    const from = (address: string) => ({ headers: { 'cf-connecting-ip': address } })
    /** Knocks fifty times and guesses ten times; then what all others get. */
    const crowd = async (address: string) => {
      const [store, elsewhere] = [await openStorefront(), await openStorefront()]
      const knocks = Array.from({ length: 50 }, (_, i) =>
        store.knock('/sign-in', { email: `m${i}@example.com` }, from(address)),
      )
      const guesses = Array.from({ length: 10 }, () => store.verify(ann, '000000', from(address)))
      return {
        first: tally(await Promise.all([...knocks, ...guesses])),
        same: [
          await store.knock('/sign-in', ann, from(address)),
          await store.verify(ann, '000000', from(address)),
        ],
        near: await store.knock('/sign-in', ann, from(`${address}0`)),
        elsewhere: await elsewhere.knock('/sign-in', ann, from(address)),
      }
    }
    const began = minute()
    let seen = await crowd('192.0.2.1')
    if (minute() !== began) {
      // The limiter counts whole minutes.
      seen = await crowd('192.0.2.2')
    }
    expect(seen.first).toEqual({ 202: 50, 401: 10 })
    for (const answer of seen.same) {
      expect(answer).toMatchObject(tooMany)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect([seen.near.status, seen.elsewhere.status]).toEqual([202, 202])
  })

  it('is not stopped by a limiter that fails', async () => {
    const store = await openStorefront()
    const limit = () => Promise.reject(new Error('The limiter is away'))
    const options = {
      headers: { 'cf-connecting-ip': '192.0.2.3' },
      env: { SIGN_IN_LIMITER: { limit } },
    }
    expect((await store.knock('/sign-in', ann, options)).status).toBe(202)
  })
})

describe('what is kept of an identity', () => {
  it('tells neither who it is nor the code', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    const text = JSON.stringify(await kept(store))
    expect(text).not.toMatch(/ann|example/i)
    expect(text).not.toContain(code)
    expect((await objectOf(store, ann)).name).not.toMatch(/ann|example/i)
  })

  it('is forgotten an hour after the last call', async () => {
    const store = await openStorefront()
    const code = await store.codeFor(ann)
    const object = await objectOf(store, ann)
    const rings = await runInDurableObject(object, (_, { storage }) => storage.getAlarm())
    expect(rings! - Date.now()).toBeGreaterThan(3_590_000)
    expect(rings! - Date.now()).toBeLessThanOrEqual(3_600_000)
    expect(await runDurableObjectAlarm(object)).toBe(true)
    const left = await runInDurableObject(object, (_, { storage }) => [...storage.kv.list()])
    expect(left).toEqual([])
    expect(await store.verify(ann, code)).toMatchObject(refused)
    expect(await runDurableObjectAlarm(object)).toBe(false)
  })

  it('is nothing, where nobody asked for a code', async () => {
    const store = await openStorefront()
    await store.verify(ann, '123456')
    expect(await kept(store)).toBe(undefined)
    const object = await objectOf(store, ann)
    expect(await runInDurableObject(object, (_, { storage }) => storage.getAlarm())).toBe(null)
  })
})
