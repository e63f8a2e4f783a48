import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SQL } from './db'
import { call, createKey, createProgram, enrol, rootKey } from './http/api'
import {
  type Asked,
  ask,
  type Described,
  has,
  operations,
  readsJson,
  surprises,
} from './http/openapi'

/** Somebody with a ledger, a session and a coupon. */
interface Somebody {
  id: string
  token: string
  refreshToken: string
  code: string
}

const once = { 'idempotency-key': 'once' }
const left = { 'idempotency-key': 'left' }
const keys: Record<'secret' | 'lame' | 'page' | 'spare', string> = {} as never
let programId: string
let keyId: string
let member: Somebody
let gone: Somebody
let signedOut: string

/** A new member with an order, a coupon and a session. Both callers have used the key `once`. */
async function somebody(externalId: string, orderId: string): Promise<Somebody> {
  const post = (path: string, body: object, more: object = {}) =>
    call('POST', path, { key: keys.secret, body, headers: once, ...more })
  const { id } = (await enrol(keys.secret, { externalId }, externalId)).json
  const order = { orderId, currency: 'CNY', channel: 'pos', total: 60_000 }
  await post(`/v1/members/${id}/purchases`, order)
  const { accessToken: token, refreshToken } = (await post(`/v1/members/${id}/tokens`, {})).json
  const { coupon } = (await post('/me/redemptions', { rewardId: 'gift' }, { key: token })).json
  return { id, token, refreshToken, code: coupon.code }
}

beforeAll(async () => {
  const { id, key } = await createProgram()
  programId = id
  const pos = await createKey(key, 'pos')
  keyId = pos.id
  keys.secret = key
  keys.lame = (await createKey(key, 'secret', ['health:read'])).key
  keys.spare = (await createKey(key, 'pos', [])).key
  keys.page = (await createKey(key, 'publishable')).key
  member = await somebody('once', 'SO-1')
  gone = await somebody('left', 'SO-2')
  const { json } = await call('POST', `/v1/members/${member.id}/tokens`, { key, body: {} })
  signedOut = json.accessToken
  await call('POST', '/me/sign-out', { key: signedOut })
  await call('DELETE', `/v1/members/${gone.id}`, { key })
  const headers = { ...once, 'content-type': 'text/csv', 'upload-complete': '?0' }
  await call('POST', '/v1/imports?name=once', { key, body: 'orderId', headers })
})

// The lists may know an order for a moment longer than its ledger. Each time anew: the queue may just have cleared it.
beforeEach(async () => {
  await SQL.prepare(
    `INSERT OR IGNORE INTO purchases (program_id, order_id, member_id, seq, occurred_at, recorded_at, total, points, channel, lines)
     VALUES (?1, 'SO-1', ?2, 1, 0, 0, 0, 0, 'pos', '[]'), (?1, 'SO-2', ?3, 1, 0, 0, 0, 0, 'pos', '[]')`,
  )
    .bind(programId, member.id, gone.id)
    .run()
})

/** A call that names somebody, and is right but for who calls. */
function validFor(operation: Described, who: Somebody, orderId: string): Asked {
  const { operationId: id, path, requestBody, 'x-scope': scope } = operation
  const examples = Object.values(requestBody?.content ?? {})[0]?.examples ?? {}
  const shown = Object.values(examples)[0]?.value as Record<string, unknown> | string | undefined
  const bodies: Record<string, object> = {
    enrolMember: { externalId: who === gone ? 'left' : 'other' },
    readCard: { memberId: who.id },
    bookSale: { memberId: who.id, sale: { orderId: 'SO-9', currency: 'CNY', total: 100 } },
    voidSale: { orderId, memberId: who.id },
    renewTokens: { refreshToken: who.refreshToken },
    claimPayment: { memberId: who.id },
    replaceCard: { cardNumber: '2277146761043' },
    rewindLedger: { programId, memberId: who.id, at: new Date(Date.now() - 1_000).toISOString() },
  }
  const own = path.startsWith('/v1/keys') ? keyId : who.id
  const as = { root: rootKey, me: who.token, 'sign-in': keys.page } as Record<string, string>
  return {
    key: as[scope] ?? keys.secret,
    params: { id: path.startsWith('/v1/programs') ? 'nowhere' : own, code: who.code, orderId },
    body:
      bodies[id] ??
      (typeof shown === 'object' && 'orderId' in shown ? { ...shown, orderId } : shown),
  }
}

type Refusal = [status: number, code: string, asked: Asked]

/** Refusals that have nothing to do with what is asked. */
function strangers({ path, 'x-scope': scope }: Described, valid: Asked): Record<string, Refusal> {
  const full = { limit: () => Promise.resolve({ success: false }) }
  const lame = scope === 'health:read' ? keys.spare : keys.lame
  return {
    'without a credential': [401, 'unauthorized', { ...valid, key: '' }],
    'without the scope': [403, 'forbidden', { ...valid, key: lame }],
    'too often': [429, 'too_many_requests', { ...valid, env: { RATE_LIMITER: full } }],
    ...(scope === 'me' && {
      'after signing out': [401, 'unauthorized', { ...valid, key: signedOut }],
    }),
    ...(path.startsWith('/me') && {
      'by a foreign page': [
        403,
        'forbidden',
        { ...valid, headers: { origin: 'https://a.example' } },
      ],
    }),
    ...(path.startsWith('/me/sign-in') && {
      'by a crowd': [
        429,
        'too_many_requests',
        { ...valid, headers: { 'cf-connecting-ip': '::1' }, env: { SIGN_IN_LIMITER: full } },
      ],
    }),
  }
}

/** Refusals of a body, a query or a header. */
const misshapen = (operation: Described, valid: Asked): Record<string, Refusal> => ({
  ...(readsJson(operation) && {
    'as text': [
      415,
      'unsupported_media_type',
      { ...valid, body: 'points', headers: { 'content-type': 'text/plain' } },
    ],
    'as half a body': [400, 'malformed_json', { ...valid, body: '{' }],
    'with a field too many': [400, 'validation_failed', { ...valid, body: { colour: 'green' } }],
    'with 1 MB too many': [413, 'payload_too_large', { ...valid, body: 'x'.repeat(1_000_001) }],
  }),
  ...(operation.parameters.some((each) => each.in === 'query') && {
    'with a parameter too many': [400, 'validation_failed', { ...valid, query: '?colour=green' }],
  }),
  ...(has(operation, 'Idempotency-Key') && {
    'without an Idempotency-Key': [
      400,
      'idempotency_key_missing',
      { ...valid, headers: { 'idempotency-key': '' } },
    ],
    'with a used Idempotency-Key': [422, 'idempotency_key_reused', { ...valid, headers: once }],
  }),
  ...(has(operation, 'If-Match') && {
    'without If-Match': [
      428,
      'precondition_required',
      { ...valid, headers: { 'if-match': undefined } },
    ],
    'with a stale If-Match': [
      412,
      'precondition_failed',
      { ...valid, headers: { 'if-match': '"99"' } },
    ],
  }),
})

/** Refusals of who or what is named. */
function unknowns(operation: Described, valid: Asked): Record<string, Refusal> {
  const { path, responses } = operation
  const nobody = { id: 'mv0000000000000', code: 'nothing', orderId: 'SO-0' }
  const hasOne = /^\/v1\/(members|keys|coupons|purchases|imports)\/\{/.test(path)
  // Who left is nobody whom a code was sent to.
  const isOfOne = responses[410] !== undefined && operation.operationId !== 'finishSignIn'
  const headers = has(operation, 'Idempotency-Key') && { headers: left }
  return {
    ...(hasOne && { 'of nobody': [404, 'not_found', { ...valid, params: nobody }] }),
    ...(isOfOne && {
      'of who has left': [410, 'member_gone', { ...validFor(operation, gone, 'SO-2'), ...headers }],
    }),
  }
}

describe('a refusal', () => {
  const guarded = operations.filter(({ security }) => security.length > 0)

  it.each(guarded.map((each) => [each.operationId, each] as const))(
    'of %s is a described problem',
    async (_, operation) => {
      const valid = validFor(operation, member, 'SO-1')
      const refusals = {
        ...strangers(operation, valid),
        ...misshapen(operation, valid),
        ...unknowns(operation, valid),
      }
      for (const [how, [status, code, asked]] of Object.entries(refusals)) {
        const answer = await ask(operation, asked)
        expect([how, ...surprises(operation, answer)]).toEqual([how])
        expect([how, answer.status, answer.json.code]).toEqual([how, status, code])
      }
    },
  )
})
