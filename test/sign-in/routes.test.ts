import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { call, createKey, enrol, pointers } from '../http/api'
import { openStorefront, type Storefront } from '../me/storefront'

let store: Storefront

beforeAll(async () => {
  store = await openStorefront()
})

let people = 0
/** An address that nobody has used. */
const someone = () => ({ email: `member-${++people}@example.com` })

/** A code that is not this one. */
const other = (code: string) => (code === '000000' ? '000001' : '000000')

describe('POST /me/sign-in', () => {
  describe('happy', () => {
    it('sends a code of six digits, and says how long it is good', async () => {
      const to = someone()
      const { status, json } = await store.knock('/sign-in', to)
      expect([status, json]).toEqual([202, { expiresInSeconds: 600 }])
      const [message] = await store.outbox()
      expect(message).toMatchObject({ to: to.email, code: expect.stringMatching(/^\d{6}$/) })
      expect(message!.text).toContain(message!.code)
      expect(message!.subject).toContain(message!.code)
    })

    it('sends another each time', async () => {
      const codes = new Set<string>()
      for (let i = 0; i < 10; i++) {
        codes.add(await store.codeFor(someone()))
      }
      expect(codes.size).toBeGreaterThan(8)
    })

    it('tells the log of a test program the code, and no address', async () => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {})
      const to = someone()
      await store.knock('/sign-in', to)
      const [line] = log.mock.calls.flat().map(String)
      log.mockRestore()
      expect(line).toContain((await store.outbox())[0]!.code)
      expect(line).not.toContain('@')
    })
  })

  describe('error', () => {
    it.each<[string[], object]>([
      [['#'], {}],
      [['#'], { email: 'ann@example.com', phone: '13800138000' }],
      [['#'], { locale: 'en' }],
      [['#/email'], { email: 'ann' }],
      [['#/email'], { email: '' }],
      [['#/email'], { email: 'a@b.com\r\nBcc: all@example.com' }],
      [['#/email'], { email: 'ann@example.com, eve@example.com' }],
      [['#/email'], { email: ['ann@example.com'] }],
      [['#/phone'], { phone: '12' }],
      [['#/phone'], { phone: "1' OR '1'='1" }],
      [['#/locale'], { email: 'ann@example.com', locale: 'zh_CN' }],
      [['#/name'], { email: 'ann@example.com', name: 'Ann' }],
      [['#/memberId'], { memberId: 'mp0000000000000' }],
    ])('answers 400 at %j for %j, and sends nothing', async (where, body) => {
      const own = await openStorefront()
      const answer = await own.knock('/sign-in', body)
      expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
      expect(pointers(answer)).toEqual(expect.arrayContaining(where))
      expect(await own.outbox()).toEqual([])
    })

    it('cannot read a national number without a country', async () => {
      const own = await openStorefront({ country: undefined })
      const answer = await own.knock('/sign-in', { phone: '13800138000' })
      expect([answer.status, pointers(answer)]).toEqual([400, ['#/phone']])
      expect((await own.knock('/sign-in', { phone: '+8613800138000' })).status).toBe(202)
    })
  })

  describe('security', () => {
    it('answers alike, and does alike, whether somebody is known or not', async () => {
      const [known, unknown] = [someone(), someone()]
      await enrol(store.key, { ...known, name: 'Ann' })
      const answers = []
      const asked: string[][] = []
      for (const to of [known, unknown]) {
        const statements: string[] = []
        const DB = {
          prepare: (sql: string) => {
            statements.push(sql)
            return SQL.prepare(sql)
          },
          batch: (all: D1PreparedStatement[]) => SQL.batch(all),
        } as unknown as D1Database
        const { status, text, headers } = await store.knock('/sign-in', to, { env: { DB } })
        headers.delete('x-request-id')
        answers.push([status, text, [...headers]])
        asked.push(statements)
      }
      expect(answers[0]).toEqual(answers[1])
      expect(asked[0]).toEqual(asked[1])
      expect(asked[0]!.join()).not.toMatch(/contacts|members/)
    })

    it('refuses a wrong code alike, whether somebody is known or not, or was sent none', async () => {
      const [known, unknown, unasked] = [someone(), someone(), someone()]
      await enrol(store.key, known)
      const codes = [await store.codeFor(known), await store.codeFor(unknown), '123456']
      const answers = []
      for (const [i, to] of [known, unknown, unasked].entries()) {
        const { status, json, headers } = await store.verify(to, other(codes[i]!))
        headers.delete('x-request-id')
        answers.push([status, { ...json, requestId: null }, [...headers]])
      }
      expect(answers[0]).toEqual(answers[1])
      expect(answers[0]).toEqual(answers[2])
    })

    it('is for keys with that scope: of pages, and of the shop', async () => {
      const member = await store.newcomer()
      const till = await createKey(store.key, 'pos')
      const narrow = await createKey(store.key, 'secret', ['members:read'])
      const ask = (key?: string) =>
        call('POST', '/me/sign-in', { ...(key && { key }), body: someone() })
      for (const key of [till.key, narrow.key, member.accessToken, env.ROOT_KEY]) {
        expect((await ask(key)).status).toBe(403)
      }
      expect((await ask()).status).toBe(401)
      expect((await ask(store.publishable)).status).toBe(202)
      expect((await ask(store.key)).status).toBe(202)
    })
  })
})
