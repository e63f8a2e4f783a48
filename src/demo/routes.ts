import { Hono } from 'hono/tiny'
import { identify } from '../auth/identify'
import type { Api } from '../http/context'
import { problem } from '../http/problem'
import { page } from './page'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/demo`: a storefront to try a test program with; its publishable key is in the address. */
export const demo = new Hono<Api>()

demo.get('/', async (c) => {
  const { caller, program } = (await identify(c, c.req.query('key') ?? '')) ?? {}
  if (caller?.keyKind !== 'publishable' || program?.mode !== 'test') {
    const detail =
      'There is a demo for a test program alone: open the address that npm start prints.'
    return problem(c, { code: 'not_found', detail })
  }
  c.header('Content-Security-Policy', policy)
  c.header('Referrer-Policy', 'no-referrer')
  return c.html(page)
})
