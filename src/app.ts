import { Hono } from 'hono/tiny'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { BASE32, randomText } from './auth/random'
import { authorize } from './auth/authorize'
import { jwks, keys } from './auth/routes'
import { backup } from './backup/routes'
import { testClock } from './clock/routes'
import type { Api } from './http/context'
import { notFound, onError, problem } from './http/problem'
import { imports } from './imports/routes'
import { ledger } from './ledger/routes'
import { cors, origins } from './http/cors'
import { demo } from './demo/routes'
import { memberExport } from './export/routes'
import { me } from './me/routes'
import { members } from './members/routes'
import { outbox } from './messages/routes'
import { pos } from './pos/routes'
import { program, programs } from './program/routes'
import { entries, health, purchases, refunds, totals } from './projection/routes'
import { reproject } from './rebuild/routes'
import { rewinds } from './rewind/routes'
import { coupons } from './rewards/routes'
import { signIn } from './sign-in/routes'
import { statement } from './statement/routes'
import { endpoints, events, payments, webhooks } from './webhooks/routes'

const MAX_BODY_BYTES = 1_000_000

/** The HTTP API. Every call passes `authorize`; `auth/scopes.ts` says who may call what. */
export const app = new Hono<Api>()

// Ours alone: it stands in ledgers for ever, and what a caller sends may be anything.
app.use(async (c, next) => {
  const requestId = randomText(BASE32, 16)
  c.set('requestId', requestId)
  await next()
  c.header('X-Request-Id', requestId)
})
app.use(secureHeaders())
app.use(async (c, next) => {
  c.header('Cache-Control', 'no-store')
  await next()
})
app.use('/me/*', cors())
const limited = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => problem(c, { code: 'payload_too_large', detail: 'A body has at most 1 MB.' }),
})
// Files are passed on as they come, backups are the deployer's own.
const UNLIMITED = /^\/v1\/(imports|programs\/[^/]+\/backup)(\/|$)/
app.use((c, next) => (UNLIMITED.test(c.req.path) ? next() : limited(c, next)))
app.use(authorize())
app.use('/me/*', origins())

app.route('/.well-known/jwks.json', jwks)
app.get('/healthz', (c) => c.json({ ok: true }))
app.route('/demo', demo)
app.route('/v1/programs', programs)
app.route('/v1/programs/:id/backup', backup)
app.route('/v1/admin/reproject', reproject)
app.route('/v1/admin/rewinds', rewinds)
app.route('/v1/program', program)
app.route('/v1/program/totals', totals)
app.route('/v1/test-clock', testClock)
app.route('/v1/keys', keys)
app.route('/v1/members', members)
app.route('/v1/members/:id', ledger)
app.route('/v1/members/:id/statement', statement)
app.route('/v1/pos', pos)
app.route('/v1/coupons', coupons)
app.route('/v1/outbox', outbox)
app.route('/v1/webhook-endpoints', endpoints)
app.route('/v1/webhook-events', events)
app.route('/v1/payments', payments)
app.route('/webhooks', webhooks)
app.route('/v1/purchases', purchases)
app.route('/v1/refunds', refunds)
app.route('/v1/entries', entries)
app.route('/v1/imports', imports)
app.route('/v1/health', health)
app.route('/me', signIn)
app.route('/me/export', memberExport)
app.route('/me', me)

app.notFound(notFound)
app.onError(onError)
