import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { accepts } from 'hono/accepts'
import { stream } from 'hono/streaming'
import type { Api } from '../http/context'
import { problem } from '../http/problem'
import { ask } from '../ledger/client'
import type { ChainedEntry, Statement } from '../ledger/statement'
import { jsonOf } from './json'
import { htmlOf } from './page'
import { type Language, words } from './words'

/** `/v1/members/:id/statement`: all of a ledger with its chain, as JSON or as a page to read. */
export const statement = new Hono<Api>()

statement.get('/', async (c) => {
  const memberId = c.req.param('id')!
  const head = await ask(c.env, c.get('program'), memberId, { type: 'statement' })
  if (!head.ok) {
    return problem(c, head.failure)
  }
  const isPage = wantsPage(c)
  const entries = entriesOf(c, memberId, head.value)
  const parts = isPage ? htmlOf(head.value, entries, likedLanguage(c)) : jsonOf(head.value, entries)
  return streamed(c, isPage, parts)
})

/** Answers a page or JSON part by part. */
export function streamed(c: Context<Api>, isPage: boolean, parts: AsyncIterable<string>): Response {
  c.header('Content-Type', isPage ? 'text/html; charset=UTF-8' : 'application/json')
  c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
  return stream(c, async (out) => {
    for await (const part of parts) {
      await out.write(part)
    }
  })
}

/** Whether a page to read is wanted rather than JSON. */
export function wantsPage(c: Context<Api>): boolean {
  const supports = ['application/json', 'text/html']
  c.header('Vary', 'Accept, Accept-Language', { append: true })
  return accepts(c, { header: 'Accept', supports, default: 'application/json' }) === 'text/html'
}

const likedLanguage = (c: Context<Api>): Language =>
  accepts(c, {
    header: 'Accept-Language',
    supports: Object.keys(words),
    default: 'en',
    match: preferred,
  }) as Language

/** The entries up to the statement's last, page by page: they never change, so what comes meanwhile does not matter. */
export async function* entriesOf(
  c: Context<Api>,
  memberId: string,
  { seq: upTo }: Statement,
): AsyncGenerator<ChainedEntry[]> {
  for (let after = 0; after < upTo;) {
    const query = { type: 'chained', after, upTo } as const
    const page = await ask(c.env, c.get('program'), memberId, query)
    if (!page.ok) {
      throw new Error(page.failure.detail)
    }
    yield page.value
    after += page.value.length
  }
}

/** The language that is liked best, whatever the region. */
const preferred: Parameters<typeof accepts>[1]['match'] = (tags, config) => {
  const languages = tags
    .toSorted((a, b) => b.q - a.q)
    .map(({ type }) => type.split('-')[0]!.toLowerCase())
  return languages.find((language) => config.supports.includes(language)) ?? config.default
}
