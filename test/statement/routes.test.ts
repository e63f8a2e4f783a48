import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { faultsOf } from '../../bin/verify.js'
import { call, createKey } from '../http/api'
import { openShop, type Shop } from '../clock/shop'
import { fullLedger, START, statementOf } from './ledger'

let shop: Shop
let member: string

beforeAll(async () => {
  ;({ shop, member } = await fullLedger())
})

const ask = (headers: Record<string, string>, id = member) =>
  shop.get(`/v1/members/${id}/statement`, headers)

const HTML = { accept: 'text/html' }

/** What a reader sees, tags and runs of blanks away. */
const readable = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')

describe('GET /v1/members/:id/statement', () => {
  describe('happy', () => {
    it('answers the whole ledger with its chain, which a verifier proves', async () => {
      const { status, headers, json } = await ask({})
      expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
      expect(json).toMatchObject({
        format: 'punchcard-statement-1',
        programId: shop.id,
        memberId: member,
        currency: 'CNY',
        timeZone: 'Asia/Shanghai',
        at: '2028-10-03T00:00:00.000Z',
        enrolledOn: '2027-08-31',
      })
      const { balance, seq } = await shop.balance(member)
      expect([json.balance, json.seq]).toEqual([balance, seq])
      const entries = await shop.entries(member)
      const told = (each: { seq: number; kind: string; points: number }) => [
        each.seq,
        each.kind,
        each.points,
      ]
      expect(json.entries.map(told)).toEqual(entries.map(told))
      expect(faultsOf(json)).toEqual([])
    })

    it('settles what is due first', async () => {
      const own = await openShop(
        { clock: START, timeZone: 'UTC' },
        { expiry: { kind: 'after', days: 1 } },
      )
      const id = await own.enrol()
      await own.buy(id, 'o1', 10)
      await own.move('2027-09-02T00:00:00Z')
      const json = await statementOf(own, id)
      expect(json).toMatchObject({ seq: 2, lots: [], balance: { balance: 0 } })
      expect(json.entries[1]).toMatchObject({ kind: 'expire', points: -10 })
      expect(faultsOf(json)).toEqual([])
    })

    it('has an empty ledger as one without entries', async () => {
      const id = await shop.enrol()
      const { json, text } = await ask({}, id)
      expect(json).toMatchObject({ seq: 0, head: '0'.repeat(64), lots: [], entries: [] })
      expect(text.endsWith('\n')).toBe(true)
      expect(faultsOf(json)).toEqual([])
      const page = await ask(HTML, id)
      expect(page.text).toContain('0'.repeat(64))
    })

    it('has more entries than one page of the ledger takes, each once', async () => {
      const id = await shop.enrol()
      const gift = (i: number) => shop.post(id, 'adjustments', { points: 1, reason: `gift ${i}` })
      await Promise.all(Array.from({ length: 260 }, (_, i) => gift(i)))
      // What comes meanwhile is left to the next one.
      const [statement] = await Promise.all([statementOf(shop, id), gift(260), gift(261)])
      const seqs = statement.entries.map(({ seq }: { seq: number }) => seq)
      expect(seqs).toEqual(seqs.map((_: number, i: number) => i + 1))
      expect(seqs.length).toBeGreaterThanOrEqual(260)
      expect(statement.seq).toBe(seqs.length)
      expect(faultsOf(statement)).toEqual([])
      const page = await ask(HTML, id)
      expect(page.text.match(/<td class="n">\+1<\/td>/g)).toHaveLength(262)
      expect(page.text).toMatch(/<td class="n">262<\/td>\s*<\/tr>\s*<\/tbody>/)
    })

    it.each([
      ['nothing', undefined, 'application/json'],
      ['anything', '*/*', 'application/json'],
      ['JSON', 'application/json', 'application/json'],
      ['a page', 'text/html', 'text/html; charset=UTF-8'],
      [
        'what a browser does',
        'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        'text/html; charset=UTF-8',
      ],
      ['JSON before a page', 'text/html;q=0.5, application/json', 'application/json'],
      ['a table', 'text/csv', 'application/json'],
    ])('answers whom accepts %s in kind', async (_, accept, type) => {
      const { status, headers } = await ask(accept === undefined ? {} : { accept })
      expect([status, headers.get('content-type')]).toEqual([200, type])
      expect(headers.get('vary')).toContain('Accept')
      expect(headers.get('cache-control')).toBe('no-store')
    })

    it('is a page that can be read, with each entry and the running balance', async () => {
      const { text } = await ask(HTML)
      const { balance, seq, head, entries } = await statementOf(shop, member)
      expect(text).toMatch(/^<!doctype html>\s*<html lang="en">/)
      expect(text).toMatch(/<\/html>\s*$/)
      expect(text.match(/<tr>/g)!.length).toBeGreaterThan(seq)
      expect(readable(text)).toContain(
        `Balance ${balance.balance} : ${balance.available} available`,
      )
      expect(readable(text)).toContain(`Last hash ${head}`)
      expect(readable(text)).toContain('Earned o1')
      expect(readable(text)).toContain('Lapsed')
      const last = entries.at(-1)
      expect(text).toContain(last.hash.slice(0, 16))
      const rows = text.match(/<td class="n">-?\d+<\/td>\s*<\/tr>/g)!
      expect(rows.at(-1)).toContain(`>${balance.balance}<`)
    })

    it.each(['zh', 'zh-CN', 'zh-CN,zh;q=0.9,en;q=0.8', 'zh-Hans-CN', 'fr;q=0.9, zh-CN;q=0.8'])(
      'is Chinese for whom reads %s',
      async (language) => {
        const { text } = await ask({ ...HTML, 'accept-language': language })
        expect(text).toContain('<html lang="zh">')
        expect(readable(text)).toMatch(/积分对账单.*余额.*可用.*获得 o1/)
        expect(readable(text)).not.toMatch(/Balance|Earned/)
      },
    )

    it.each([undefined, 'en-GB', 'fr', 'en, zh;q=0.5', 'en-GB, zh;q=0.5', '*'])(
      'is English for whom reads %s',
      async (language) => {
        const { text } = await ask({ ...HTML, ...(language && { 'accept-language': language }) })
        expect(text).toContain('<html lang="en">')
      },
    )
  })

  describe('error', () => {
    it('answers 404 as a problem for a member that is not there', async () => {
      for (const id of ['mp0000000000000', 'nobody', "'%20OR%201=1", '%00']) {
        for (const accept of ['application/json', 'text/html']) {
          const answer = await ask({ accept }, id)
          expect([id, answer.status, answer.json?.code]).toEqual([id, 404, 'not_found'])
        }
      }
    })
  })

  describe('security', () => {
    it('answers 404 to the key of another program', async () => {
      const other = await openShop({})
      const answer = await other.get(`/v1/members/${member}/statement`)
      expect([answer.status, answer.json.code]).toEqual([404, 'not_found'])
    })

    it('is for secret keys with the scope alone', async () => {
      const keys = [
        (await createKey(shop.key, 'pos')).key,
        (await createKey(shop.key, 'publishable')).key,
        (await createKey(shop.key, 'secret', ['entries:read', 'balances:read'])).key,
        env.ROOT_KEY,
      ]
      for (const key of keys) {
        const answer = await call('GET', `/v1/members/${member}/statement`, { key })
        expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
      }
      const { key } = await createKey(shop.key, 'secret', ['statements:read'])
      expect((await call('GET', `/v1/members/${member}/statement`, { key })).status).toBe(200)
    })

    it('shows what others wrote as text, never as markup', async () => {
      const id = await shop.enrol()
      const evil = '<script>alert(1)</script><img src=x onerror=alert(2)>&"\''
      await shop.buy(id, evil, 10)
      await shop.post(id, 'adjustments', { points: 5, reason: evil })
      await shop.post(id, 'activities', { type: 'review', reference: evil })
      await shop.post(id, 'refunds', { orderId: evil, refundId: evil, amount: 100 })
      const { status, text, headers } = await ask(HTML, id)
      expect(status).toBe(200)
      expect(text.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)!.length).toBeGreaterThan(3)
      expect(text).not.toMatch(/<script|<img/i)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      const json = await statementOf(shop, id)
      expect(json.entries[0].orderId).toBe(evil)
      expect(faultsOf(json)).toEqual([])
    })

    it('has nothing of other members', async () => {
      const [one, two] = [await shop.enrol(), await shop.enrol()]
      await shop.buy(one, 'only-of-one', 10)
      await shop.buy(two, 'only-of-two', 10)
      for (const accept of ['application/json', 'text/html']) {
        const { text } = await ask({ accept }, one)
        expect(text).toContain('only-of-one')
        expect(text).not.toContain('only-of-two')
        expect(text).not.toContain(two)
      }
    })
  })
})
