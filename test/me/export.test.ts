import { beforeAll, describe, expect, it } from 'vitest'
import { faultsOf } from '../../bin/verify.js'
import { enrol } from '../http/api'
import { type Full, fullMember, rules } from '../members/full'
import { told } from '../members/fates'
import { command, mine, openStorefront, type Storefront } from './storefront'

// What it gives, column by column, is in test/members/erasure.test.ts.

let store: Storefront
let full: Full
let other: Full

beforeAll(async () => {
  store = await openStorefront({}, rules)
  full = await fullMember(store)
  other = await fullMember(store)
})

const PAGE = { accept: 'text/html' }
const ask = (headers: Record<string, string> = {}, tokens: { accessToken: string } = full) =>
  mine(tokens, 'GET', '/export', { headers })

/** What a reader sees, tags and runs of blanks away. */
const readable = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')

describe('GET /me/export', () => {
  describe('happy', () => {
    it('answers one JSON document to keep', async () => {
      const { status, headers, json } = await ask()
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('application/json')
      expect(headers.get('content-disposition')).toBe(
        `attachment; filename="punchcard-${full.memberId}.json"`,
      )
      expect(Object.keys(json)).toEqual([
        'format',
        'exportedAt',
        'program',
        'profile',
        'tier',
        'isFrozen',
        'sessions',
        'coupons',
        'messages',
        'payments',
        'webhookEvents',
        'statement',
      ])
      expect(json).toMatchObject({
        format: 'punchcard-export-1',
        program: { id: store.id, name: 'Tea house' },
        profile: (await mine(full, 'GET')).json,
        tier: { id: 'bronze', name: 'Bronze' },
        isFrozen: true,
      })
      expect(json.sessions).toHaveLength(2)
      expect(json.sessions).toEqual(json.sessions.toSorted())
      expect(json.messages.map(({ channel }: { channel: string }) => channel)).toEqual([
        'phone',
        'email',
      ])
      const statuses = json.coupons.map(({ status: is }: { status: string }) => is)
      expect(statuses).toEqual(['void', 'used', 'open'])
    })

    it('has the whole ledger in it, which a verifier proves', async () => {
      const { statement } = (await ask()).json
      expect(faultsOf(statement)).toEqual([])
      const entries = await store.entries(full.memberId)
      expect(statement.entries.map(({ seq }: { seq: number }) => seq)).toEqual(
        entries.map(({ seq }) => seq),
      )
    })

    it('is a page to read for whom wants one, with all texts on it', async () => {
      const { status, headers, text } = await ask(PAGE)
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
      expect(headers.get('content-disposition')).toBe(
        `inline; filename="punchcard-${full.memberId}.html"`,
      )
      expect(text).toMatch(/^<!doctype html>\s*<html lang="en">/)
      expect(text).toMatch(/<\/html>\s*$/)
      const seen = readable(text)
      expect(seen).toContain('What is known of you')
      for (const [what, path] of Object.entries(told)) {
        expect([what, path === null || seen.includes(full.texts[what]!)]).toEqual([what, true])
      }
      for (const { subject } of (await ask()).json.messages) {
        expect(seen).toContain(subject)
      }
      expect(seen).toMatch(/Frozen yes/)
    })

    it.each([
      ['zh-CN', 'zh', /我们所掌握的您的信息.*姓名 Ünüs [a-z]{8} 李.*是否冻结 是/],
      ['en-GB', 'en', /What is known of you.*Name Ünüs [a-z]{8} 李.*Frozen yes/],
      ['fr', 'en', /What is known of you/],
    ])('speaks the language that is asked for: %s', async (accept, lang, expected) => {
      const { text } = await ask({ ...PAGE, 'accept-language': accept })
      expect(text).toContain(`<html lang="${lang}">`)
      expect(readable(text)).toMatch(expected)
    })

    it('is short for who has nothing', async () => {
      const own = await openStorefront({ mode: 'live' })
      const tokens = await own.newcomer()
      const { json } = await ask({}, tokens)
      expect(json).toMatchObject({
        profile: { email: null, phone: null, name: null, birthday: null },
        coupons: [],
        messages: [],
        statement: { seq: 0, entries: [] },
      })
      expect(json.sessions).toHaveLength(1)
      expect((await ask(PAGE, tokens)).text).toMatch(/<\/html>\s*$/)
    })

    it('is whole for who has more than one page of the ledger takes', async () => {
      const tokens = await store.newcomer()
      const gift = (i: number) =>
        store.post(tokens.memberId, 'adjustments', { points: 1, reason: `gift ${i}` })
      await Promise.all(Array.from({ length: 230 }, (_, i) => gift(i)))
      const { statement } = (await ask({}, tokens)).json
      expect(statement.entries).toHaveLength(230)
      expect(faultsOf(statement)).toEqual([])
    })

    it('has all coupons, however many', async () => {
      const tokens = await store.newcomer()
      await store.buy(tokens.memberId, 'o1', 3_000)
      for (let i = 0; i < 60; i++) {
        await command(tokens, '/redemptions', { rewardId: 'gift' })
      }
      expect((await ask({}, tokens)).json.coupons).toHaveLength(60)
    })
  })

  describe('security', () => {
    it('has nothing of other members', async () => {
      for (const headers of [{}, PAGE]) {
        const { text } = await ask(headers)
        const theirs = Object.values(other.texts).filter((each) => each !== other.texts.birthday)
        expect(theirs.filter((each) => text.includes(each))).toEqual([])
        expect(text).not.toContain(other.memberId)
      }
    })

    it('tells no secret of the session or the deployment', async () => {
      for (const headers of [{}, PAGE]) {
        const { text } = await ask(headers)
        expect(text).not.toContain(full.texts.refreshSecret)
        expect(text).not.toContain(full.accessToken)
        expect(text).not.toMatch(/wrappedKey|couponKey|pcr_/)
      }
    })

    it('shows what others wrote as text, never as markup', async () => {
      const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>&"'`
      const given = { name: evil, externalId: evil, storeId: evil.slice(0, 64) }
      const { json } = await enrol(store.key, given)
      const tokens = await store.tokensFor(json.id)
      await store.buy(json.id, evil, 100)
      await store.post(json.id, 'adjustments', { points: 5, reason: evil })
      const { text, headers } = await ask(PAGE, tokens)
      expect(text.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)!.length).toBeGreaterThan(3)
      expect(text).not.toMatch(/<script|<img/i)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect((await ask({}, tokens)).json.profile).toMatchObject(given)
    })

    it('is for who is signed in: 401 after signing out, 410 after leaving', async () => {
      const tokens = await store.newcomer()
      const second = await store.tokensFor(tokens.memberId)
      await mine(tokens, 'POST', '/sign-out', { body: {} })
      for (const headers of [{}, PAGE]) {
        expect(await ask(headers, tokens)).toMatchObject({ status: 401 })
      }
      await mine(second, 'DELETE')
      for (const headers of [{}, PAGE]) {
        const answer = await ask(headers, second)
        expect(answer).toMatchObject({ status: 410, json: { code: 'member_gone' } })
      }
    })
  })
})
