import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SQL } from '../db'
import { call, createKey, pointers } from '../http/api'
import { mine, openStorefront, type Storefront } from '../me/storefront'

afterEach(() => {
  vi.restoreAllMocks()
})

const ann = { email: 'ann@example.com' }

/** Bindings by which a deployment can send e-mail; what it sends is recorded. */
function mailer(send: (mail: Mail) => unknown = () => null) {
  const sent: Mail[] = []
  const EMAIL = {
    send: async (mail: Mail) => {
      sent.push(mail)
      await send(mail)
    },
  }
  const bindings = { EMAIL, EMAIL_FROM: 'shop@example.org' } as unknown as Partial<Env>
  return { sent, bindings }
}
type Mailer = { EMAIL_FROM: string }
interface Mail {
  from: { name: string; email: string }
  to: string
  subject: string
  text: string
}

const countOutbox = async ({ id }: Storefront) =>
  SQL.prepare('SELECT count(*) AS n FROM outbox WHERE program_id = ?').bind(id).first('n')

describe('a live program', () => {
  it('sends e-mail in its own name, and keeps and logs nothing of it', async () => {
    const log = vi.spyOn(console, 'log')
    const store = await openStorefront({ mode: 'live', name: 'Tea & <b>House</b>' })
    const { sent, bindings } = mailer()
    const { status, json } = await store.knock('/sign-in', ann, { env: bindings })
    expect([status, json]).toEqual([202, { expiresInSeconds: 600 }])
    expect(sent).toEqual([
      {
        from: { name: 'Tea & <b>House</b>', email: 'shop@example.org' },
        to: ann.email,
        subject: expect.stringMatching(/^\d{6} is your code for Tea & <b>House<\/b>$/),
        text: expect.stringMatching(/^\d{6} signs you in/),
      },
    ])
    expect(log).not.toHaveBeenCalled()
    expect(await countOutbox(store)).toBe(0)
    const code = sent[0]!.text.slice(0, 6)
    const verified = await store.verify(ann, code)
    expect(verified.status).toBe(201)
    expect((await mine(verified.json, 'GET')).json).toMatchObject(ann)
  })

  it.each<[string, object, Partial<Mailer>]>([
    ['#/phone', { phone: '13800138000' }, {}],
    ['#/email', ann, { EMAIL_FROM: '' }],
  ])('answers 400 at %s where nobody can send to that', async (pointer, body, bindings) => {
    const store = await openStorefront({ mode: 'live' })
    const { sent, bindings: good } = mailer()
    const options = { env: { ...good, ...bindings } as Partial<Env> }
    const answer = await store.knock('/sign-in', body, options)
    expect([answer.status, pointers(answer)]).toEqual([400, [pointer]])
    expect(sent).toEqual([])
  })

  it('says nothing of whom it could not reach, to the caller or the log', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const store = await openStorefront({ mode: 'live' })
    const { bindings } = mailer(({ to }) => {
      throw new Error(`Destination address ${to} is on the suppression list`)
    })
    const answer = await store.knock('/sign-in', ann, { env: bindings })
    expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect(answer.text).not.toMatch(/ann@|suppression/)
    expect(log.mock.calls.join()).not.toContain('ann@')
  })

  it('shows no outbox, though something were in it', async () => {
    const store = await openStorefront({ mode: 'live' })
    const answer = await store.get('/v1/outbox')
    expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } })
  })
})

describe('the language of a message', () => {
  const texts = /^您的Tea house登录验证码是 \d{6}/
  const english = /^\d{6} signs you in to Tea house/

  it.each<[string | undefined, string[], RegExp]>([
    ['zh-CN', ['en', 'zh-CN'], texts],
    ['zh', ['en', 'zh-CN'], texts],
    ['zh-Hant-HK', ['en', 'zh-CN'], texts],
    ['ZH-cn', ['en', 'zh-CN'], texts],
    ['en-GB', ['en', 'zh-CN'], english],
    ['fr', ['en', 'zh-CN'], english],
    [undefined, ['en', 'zh-CN'], english],
    [undefined, ['zh-CN', 'en'], texts],
    ['fr', ['zh-CN', 'en'], texts],
    ['en', ['zh-CN', 'en'], english],
    // What the program does not speak is not spoken to its members.
    ['zh-CN', ['en'], english],
  ])('asked for in %s, of a program in %j', async (locale, locales, expected) => {
    const store = await openStorefront({}, { locales, ...inEach(locales) })
    await store.knock('/sign-in', { ...ann, ...(locale && { locale }) })
    const [message] = await store.outbox()
    expect(message!.text).toMatch(expected)
  })
})

/** Names in each of the languages, as the rules must have them. */
const inEach = (locales: string[]) => {
  const name = Object.fromEntries(locales.map((locale) => [locale, 'A name']))
  return {
    tiers: {
      basis: 'spend',
      window: { kind: 'rolling', months: 12 },
      down: 'qualifying',
      levels: [{ id: 'bronze', name, from: 0 }],
    },
    rewards: { gift: { name, points: 50 } },
  }
}

describe('GET /v1/outbox', () => {
  it('shows what would have been sent, newest first, page by page', async () => {
    const store = await openStorefront()
    for (const name of ['a', 'b', 'c']) {
      await store.knock('/sign-in', { email: `${name}@example.com` })
    }
    const first = (await store.get('/v1/outbox?limit=2')).json
    expect(first.data).toEqual(
      ['c', 'b'].map((name) => ({
        id: expect.any(Number),
        channel: 'email',
        to: `${name}@example.com`,
        subject: expect.any(String),
        text: expect.any(String),
        code: expect.stringMatching(/^\d{6}$/),
        createdAt: expect.stringMatching(/Z$/),
      })),
    )
    const last = (await store.get(`/v1/outbox?limit=2&cursor=${first.nextCursor}`)).json
    expect(last).toMatchObject({ data: [{ to: 'a@example.com' }], nextCursor: null })
  })

  it('keeps the last hundred, sealed', async () => {
    const store = await openStorefront()
    for (let i = 0; i < 103; i++) {
      await store.knock('/sign-in', { email: `member-${i}@example.com` })
    }
    expect(await countOutbox(store)).toBe(100)
    const { data, nextCursor } = (await store.get('/v1/outbox?limit=100')).json
    expect([data.length, nextCursor]).toEqual([100, null])
    expect([data[0].to, data[99].to]).toEqual(['member-102@example.com', 'member-3@example.com'])
    const { results } = await SQL.prepare('SELECT * FROM outbox WHERE program_id = ?')
      .bind(store.id)
      .run()
    expect(JSON.stringify(results)).not.toMatch(/member-|example|"code/i)
  })

  it('loses none of what is sent at once', async () => {
    const store = await openStorefront()
    const all = Array.from({ length: 20 }, (_, i) => ({ email: `m${i}@example.com` }))
    await Promise.all(all.map((to) => store.knock('/sign-in', to)))
    const sent = (await store.outbox()).map(({ to }) => to)
    expect(new Set(sent)).toEqual(new Set(all.map(({ email }) => email)))
  })

  it('opens for nobody else: a message of another program is noise', async () => {
    const [store, elsewhere] = [await openStorefront(), await openStorefront()]
    await store.knock('/sign-in', ann)
    expect(await elsewhere.outbox()).toEqual([])
    await SQL.prepare('UPDATE outbox SET program_id = ? WHERE program_id = ?')
      .bind(elsewhere.id, store.id)
      .run()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const answer = await elsewhere.get('/v1/outbox')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('ann@')
  })

  it.each(['limit=0', 'limit=101', 'cursor=x', 'to=ann@example.com'])(
    'answers 400 for ?%s',
    async (query) => {
      const store = await openStorefront()
      expect((await store.get(`/v1/outbox?${query}`)).status).toBe(400)
    },
  )

  it('is for secret keys with the scope alone', async () => {
    const store = await openStorefront()
    const member = await store.newcomer()
    const keys = [
      store.publishable,
      (await createKey(store.key, 'pos')).key,
      (await createKey(store.key, 'secret', ['members:read'])).key,
      member.accessToken,
      env.ROOT_KEY,
    ]
    for (const key of keys) {
      expect((await call('GET', '/v1/outbox', { key })).status).toBe(403)
    }
    const { key } = await createKey(store.key, 'secret', ['outbox:read'])
    expect((await call('GET', '/v1/outbox', { key })).status).toBe(200)
  })
})
