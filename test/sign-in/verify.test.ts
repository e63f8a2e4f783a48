import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { enrol, pointers, tally } from '../http/api'
import { mine, openStorefront, type Storefront } from '../me/storefront'

let store: Storefront

beforeAll(async () => {
  store = await openStorefront()
})

afterEach(() => {
  vi.useRealTimers()
})

const MINUTE_MS = 60_000
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

let people = 0
/** An address that nobody has used. */
const someone = () => ({ email: `member-${++people}@example.com` })

const refused = { status: 401, json: { code: 'code_refused' } }
/** A code that is not this one. */
const other = (code: string) => (code === '000000' ? '000001' : '000000')

const countMembers = async (programId: string) =>
  (await SQL.prepare('SELECT count(*) AS n FROM members WHERE program_id = ?')
    .bind(programId)
    .first<number>('n'))!

describe('POST /me/sign-in/verify', () => {
  describe('happy', () => {
    it('enrols whoever is new: 201, and the tokens work', async () => {
      const to = someone()
      const { status, json } = await store.verify(to, await store.codeFor(to), {})
      expect(status).toBe(201)
      expect(json).toEqual({
        memberId: expect.stringMatching(/^m[a-z][0-9a-z]{13}$/),
        isNew: true,
        accessToken: expect.any(String),
        tokenType: 'Bearer',
        expiresInSeconds: 900,
        refreshToken: expect.any(String),
      })
      expect((await mine(json, 'GET')).json).toMatchObject({ id: json.memberId, ...to })
      expect((await store.refresh(json.refreshToken)).status).toBe(200)
    })

    it('signs in whoever is known: 200, and changes nothing of them', async () => {
      const to = someone()
      const { json: member } = await enrol(store.key, { ...to, name: 'Ann', locale: 'en' })
      const code = await store.codeFor(to)
      const { status, json } = await store.verify({ ...to, locale: 'zh-CN' }, code)
      expect([status, json.isNew, json.memberId]).toEqual([200, false, member.id])
      expect((await mine(json, 'GET')).json).toEqual(member)
    })

    it('gives who is new the language that was asked for', async () => {
      const to = someone()
      const code = await store.codeFor(to)
      const { json } = await store.verify({ ...to, locale: 'zh-cn' }, code)
      expect((await mine(json, 'GET')).json.locale).toBe('zh-CN')
      expect((await mine(json, 'GET', '/card')).json.tier.name).toBe('青铜')
    })

    it.each([
      ['138 0013 8000', '+8613800138000'],
      ['+86 138-0013-8000', '13800138000'],
    ])('knows a phone number however it is written: %s, %s', async (first, second) => {
      const own = await openStorefront()
      const code = await own.codeFor({ phone: first })
      expect((await own.outbox())[0]).toMatchObject({ channel: 'phone', to: '+8613800138000' })
      const { status, json } = await own.verify({ phone: second }, code)
      expect(status).toBe(201)
      expect((await mine(json, 'GET')).json.phone).toBe('+8613800138000')
    })

    it('knows an e-mail address in any case', async () => {
      const own = await openStorefront()
      const { json: member } = await enrol(own.key, { email: 'ann.li@example.com' })
      const code = await own.codeFor({ email: 'Ann.LI@Example.COM' })
      expect((await own.outbox())[0]!.to).toBe('ann.li@example.com')
      const { status, json } = await own.verify({ email: ' ANN.li@example.com ' }, code)
      expect([status, json.memberId]).toEqual([200, member.id])
    })
  })

  describe('error', () => {
    it.each<[string, unknown]>([
      ['five digits', '12345'],
      ['seven digits', '1234567'],
      ['letters', '12345a'],
      ['a number', 123_456],
      ['a line break', '123456\n'],
      ['other digits', '１２３４５６'],
      ['a list', ['123456']],
      ['nothing', undefined],
    ])('answers 400 to a code of %s', async (_, code) => {
      const to = someone()
      const right = await store.codeFor(to)
      const answer = await store.verify(to, code as string)
      expect([answer.status, pointers(answer)]).toEqual([400, ['#/code']])
      expect((await store.verify(to, right)).status).toBe(201)
    })

    it('answers 401 code_refused to a wrong code, and takes the right one after it', async () => {
      const to = someone()
      const code = await store.codeFor(to)
      expect(await store.verify(to, other(code))).toMatchObject(refused)
      expect((await store.verify(to, code)).status).toBe(201)
    })

    it('answers 401 to a code that is used twice', async () => {
      const to = someone()
      const code = await store.codeFor(to)
      expect((await store.verify(to, code)).status).toBe(201)
      expect(await store.verify(to, code)).toMatchObject(refused)
    })

    it.each([
      ['9:59', 10 * MINUTE_MS - 1_000, 201],
      ['10:00', 10 * MINUTE_MS, 401],
    ])('answers after %s minutes of real time as it must', async (_, ms, status) => {
      const to = someone()
      const code = await store.codeFor(to)
      later(ms)
      expect((await store.verify(to, code)).status).toBe(status)
    })

    it.each([
      ['12:09:59', 201],
      ['12:10:00', 401],
    ])('answers at %s of the test clock as it must', async (time, status) => {
      const own = await openStorefront({ clock: '2030-01-01T12:00:00Z' })
      const code = await own.codeFor({ email: 'ann@example.com' })
      await own.move(`2030-01-01T${time}Z`)
      expect((await own.verify({ email: 'ann@example.com' }, code)).status).toBe(status)
    })

    it('answers 401 to a code after which another was sent', async () => {
      const to = someone()
      const first = await store.codeFor(to)
      let second = await store.codeFor(to)
      if (second === first) {
        second = await store.codeFor(to)
      }
      expect(await store.verify(to, first)).toMatchObject(refused)
      expect((await store.verify(to, second)).status).toBe(201)
    })
  })

  it('makes one member of who signs in twice', async () => {
    const own = await openStorefront()
    const to = { email: 'ann@example.com' }
    const first = await own.signIn(to)
    const second = await own.signIn(to)
    expect(second.memberId).toBe(first.memberId)
    expect(await countMembers(own.id)).toBe(1)
    expect(tally([await mine(first, 'GET'), await mine(second, 'GET')])).toEqual({ 200: 2 })
  })
})
