import { beforeAll, describe, expect, it } from 'vitest'
import { access, scopesOf, type Scope } from '../../src/auth/scopes'
import { call, createKey, enrol } from '../http/api'
import {
  fresh,
  type Member,
  openMember,
  openShop,
  post,
  publishOwn,
  type Shop,
  snapshot,
} from './foreign'

type Route = keyof typeof access

let ours: Shop
/** Another member of our program. */
let other: Member
let theirs: Shop

beforeAll(async () => {
  ours = await openShop('ours', '13900000001')
  other = await openMember(ours.keys.secret!, 'other', '13900000002')
  ours.keys.narrow = (await createKey(ours.keys.secret!, 'secret', [])).key
  theirs = await openShop('theirs', '13900000003')
  await publishOwn(theirs)
  await post(theirs.keys.publishable!, '/me/sign-in', { email: theirs.member.email })
  const { json } = await call('GET', '/v1/outbox', { key: theirs.keys.secret! })
  theirs.code = json.data[0].code
})

/** A call, and what it is answered by who may make it. */
interface Attempt {
  status: number | number[]
  /** What the path names, in its order. */
  at?: (string | number)[]
  body?: object
  query?: string
}

const named = (at: (string | number)[], body?: object, status = 404): Attempt[] => [
  { status, at, ...(body && { body }) },
]
/** For what names nothing: it must tell nothing. */
const plain = (status: number, body?: object): Attempt[] => [{ status, ...(body && { body }) }]
const sale = (orderId: string) => ({ orderId, currency: 'CNY', total: 100 })

/** Every route, called with all that it can name of another program. */
const attempts = (): Record<Route, Attempt[]> => {
  const { id, coupon, orderId, email, phone, cardNumber, qr, refreshToken } = theirs.member
  const own = ours.member.id
  const refund = { orderId, refundId: 'RF', amount: 1 }
  return {
    'GET /healthz': plain(200),
    'GET /demo': [{ status: 200, query: `?key=${theirs.keys.publishable}` }],
    'GET /.well-known/jwks.json': plain(200),
    'POST /v1/programs': plain(403, { name: 'x', mode: 'test', currency: 'CNY', timeZone: 'UTC' }),
    'GET /v1/programs/:id/backup': named([theirs.id], undefined, 403),
    'POST /v1/programs/:id/backup': named([theirs.id], {}, 403),
    'GET /v1/admin/reproject': plain(403),
    'POST /v1/admin/reproject': plain(403, { programId: theirs.id }),
    'POST /v1/admin/rewinds': plain(403, {
      programId: theirs.id,
      memberId: id,
      at: new Date(Date.now() - 1_000).toISOString(),
    }),
    'GET /v1/program': plain(200),
    'PUT /v1/program': plain(428, {}),
    'GET /v1/program/versions': plain(200),
    'GET /v1/program/versions/:version': named([2]),
    'GET /v1/program/totals': plain(200),
    'GET /v1/test-clock': plain(200),
    'POST /v1/test-clock': plain(400, {}),
    'GET /v1/keys': plain(200),
    'POST /v1/keys': plain(201, { kind: 'pos', name: 'x' }),
    'POST /v1/keys/:id/rotate': named([theirs.keyId], {}),
    'DELETE /v1/keys/:id': named([theirs.keyId]),
    'POST /v1/members': [{ status: [200, 201], body: { externalId: 'theirs' } }],
    'GET /v1/members': [
      ...['cardNumber', 'email', 'phone'].map((kind) => ({
        status: 200,
        query: `?${kind}=${theirs.member[kind as keyof Member]}`,
      })),
      // Lists need one more scope.
      { status: [200, 403], query: '?limit=100' },
    ],
    'GET /v1/members/:id': named([id]),
    'PATCH /v1/members/:id': named([id], { name: 'x' }),
    'DELETE /v1/members/:id': named([id]),
    'POST /v1/members/:id/tokens': named([id], {}),
    'POST /v1/members/:id/card': [
      ...named([id], { cardNumber }),
      ...named([own], { cardNumber }, 412),
    ],
    'POST /v1/members/:id/freeze': named([id], {}),
    'POST /v1/members/:id/unfreeze': named([id], {}),
    'POST /v1/members/:id/purchases': named([id], { ...sale('SO-9'), channel: 'pos' }),
    'POST /v1/members/:id/refunds': [...named([id], refund), ...named([own], refund)],
    'POST /v1/members/:id/refunds/:refundId/reversal': [
      ...named([id, 'theirs'], {}),
      ...named([own, 'theirs'], {}),
    ],
    'POST /v1/members/:id/holds': named([id], { points: 1 }),
    'POST /v1/members/:id/holds/:holdId/capture': named([id, 2], {}),
    'POST /v1/members/:id/holds/:holdId/release': named([id, 2], {}),
    'POST /v1/members/:id/redemptions': [
      ...named([id], { points: 1 }),
      ...named([own], { rewardId: 'theirs' }),
    ],
    'POST /v1/members/:id/redemptions/:redemptionId/reversal': named([id, 4], {}),
    'POST /v1/members/:id/adjustments': named([id], { points: 1, reason: 'x' }),
    'POST /v1/members/:id/activities': named([id], { type: 'check-in' }),
    'GET /v1/members/:id/balance': named([id]),
    'GET /v1/members/:id/tier': named([id]),
    'GET /v1/members/:id/statement': named([id]),
    'GET /v1/members/:id/entries': named([id]),
    'GET /v1/members/:id/entries/:seq': named([id, 1]),
    'POST /v1/pos/cards': [
      { status: 400, body: { card: qr } },
      ...[{ card: cardNumber }, { phone }, { memberId: id }].flatMap((who) => plain(404, who)),
    ],
    'POST /v1/pos/sales': [
      { status: 400, body: { card: qr, sale: sale('SO-9') } },
      ...[{ card: cardNumber }, { phone }, { memberId: id }].flatMap((who) =>
        plain(404, { ...who, sale: sale('SO-9') }),
      ),
      { status: 404, body: { memberId: own, sale: sale('SO-9'), redeem: { coupon } } },
      { status: 404, body: { memberId: own, sale: sale('SO-9'), redeem: { rewardId: 'theirs' } } },
    ],
    'POST /v1/pos/voids': [{}, { memberId: id }, { memberId: own }].flatMap((who) =>
      plain(404, { ...who, orderId }),
    ),
    'GET /v1/coupons/:code': named([coupon]),
    'POST /v1/coupons/:code/use': named([coupon], {}),
    'POST /v1/coupons/:code/void': named([coupon], {}),
    'GET /v1/outbox': plain(200),
    'POST /v1/webhook-endpoints': plain(201, { provider: 'stripe', secrets: ['x'] }),
    'GET /v1/webhook-endpoints': plain(200),
    'POST /v1/webhook-endpoints/:id/rotate': named([theirs.endpointId], { secrets: ['x'] }),
    'DELETE /v1/webhook-endpoints/:id': named([theirs.endpointId]),
    'POST /webhooks/:provider/:endpointId': named(['stripe', theirs.endpointId], {}, 401),
    'GET /v1/webhook-events': plain(200),
    // Each program counts its own: it is ours that is replayed.
    'POST /v1/webhook-events/:position/replay': named([1], undefined, 200),
    'GET /v1/payments': plain(200),
    'POST /v1/payments/:id/claim': [
      ...named(['stripe:pi_theirs'], { memberId: own }),
      ...named(['stripe:pi_theirs'], { memberId: id }),
    ],
    'POST /v1/refunds': plain(404, refund),
    'GET /v1/purchases/:orderId': named([orderId]),
    'GET /v1/entries': [{ status: 200, query: '?limit=100' }],
    'POST /v1/imports': [{ status: 415, body: {}, query: '?type=purchase' }],
    'PATCH /v1/imports/:id': named([theirs.importId]),
    'GET /v1/imports': [{ status: 200, query: '?limit=100' }],
    'GET /v1/imports/:id': named([theirs.importId]),
    'GET /v1/imports/:id/faults': named([theirs.importId]),
    'POST /v1/imports/:id/undo': named([theirs.importId]),
    'GET /v1/health': plain(200),
    'POST /me/sign-in': plain(202, { email }),
    'POST /me/sign-in/verify': plain(401, { email, code: theirs.code }),
    'POST /me/tokens': plain(401, { refreshToken }),
    'GET /me': plain(200),
    'PATCH /me': plain(200, { name: 'x' }),
    'DELETE /me': plain(204),
    'GET /me/card': plain(200),
    'GET /me/balance': plain(200),
    'GET /me/tier': plain(200),
    'GET /me/entries': plain(200),
    'GET /me/entries/:seq': named([4]),
    'GET /me/rewards': plain(200),
    'POST /me/redemptions': plain(404, { rewardId: 'theirs' }),
    'GET /me/coupons': plain(200),
    'POST /me/activities': plain(403, { type: 'theirs' }),
    'POST /me/sign-out': plain(204, {}),
    'GET /me/export': plain(200),
  }
}

const routes = Object.keys(access) as Route[]
const principals = ['secret', 'pos', 'publishable', 'narrow', 'member'] as const

/** A new member of ours for each call: what members may do to themselves is done to this one. */
async function credential(who: (typeof principals)[number]): Promise<string> {
  if (who !== 'member') {
    return ours.keys[who]!
  }
  const { id } = (await enrol(ours.keys.secret!, {})).json
  return (await post(ours.keys.secret!, `/v1/members/${id}/tokens`)).accessToken
}

function mayCall(who: (typeof principals)[number], route: Route): boolean {
  const rule: string = access[route]
  const scopes: Record<string, readonly Scope[]> = { ...scopesOf, narrow: [], member: ['me'] }
  return rule === 'open' || scopes[who]!.some((scope) => scope === rule)
}

/** What only its owner may read. */
const secretsOf = ({ id, cardNumber, coupon, email, orderId, token, refreshToken }: Member) => [
  id,
  cardNumber,
  coupon,
  email,
  orderId,
  token,
  refreshToken,
]

const visit = async (route: Route, { at = [], body, query = '' }: Attempt, key: string) => {
  const [method, path] = route.split(' ') as [string, string]
  const rest = [...at]
  const url = path.replaceAll(/:\w+/g, () => encodeURIComponent(rest.shift()!)) + query
  const headers = { ...fresh(), 'upload-offset': '0' }
  const answer = await call(method, url, { key, body, headers })
  return { ...answer, said: decodeURIComponent(url) + JSON.stringify(body ?? '') }
}

describe('what another program has', () => {
  let before: Awaited<ReturnType<typeof snapshot>>

  beforeAll(async () => {
    before = await snapshot(theirs)
  })

  it('is more than nothing', () => {
    const {
      programs,
      api_keys: keys,
      members,
      purchases,
      outbox,
      statement,
      file,
    } = before as never
    const { webhook_endpoints: endpoints, webhook_events: events, payments } = before as never
    const told = [endpoints, events, payments]
    for (const rows of [programs, keys, members, purchases, outbox, ...told] as unknown[][]) {
      expect(rows.length).toBeGreaterThan(0)
    }
    expect((statement as { seq: number }).seq).toBe(4)
    expect(file).toMatchObject({ name: 'theirs', status: 'uploading' })
  })

  it('is tried by every route there is', () => {
    expect(Object.keys(attempts())).toEqual(expect.arrayContaining(routes))
    for (const [route, all] of Object.entries(attempts())) {
      const names = route.match(/:\w+/g)?.length ?? 0
      expect([route, all.length > 0]).toEqual([route, true])
      expect(all.map(({ at = [] }) => at.length)).toEqual(all.map(() => names))
    }
  })

  describe.each(routes)('%s', (route) => {
    it.each(principals)('tells %s nothing of it', async (who) => {
      for (const attempt of attempts()[route]) {
        const { status, text, said } = await visit(route, attempt, await credential(who))
        expect(mayCall(who, route) ? [attempt.status].flat() : [403]).toContain(status)
        const hidden = [theirs.member, ...(who === 'member' ? [ours.member, other] : [])]
        const unsaid = [
          theirs.id,
          theirs.keyId,
          theirs.endpointId,
          theirs.importId,
          'pi_theirs',
          ...hidden.flatMap(secretsOf),
        ]
        expect(unsaid.filter((each) => text.includes(each) && !said.includes(each))).toEqual([])
      }
    })
  })

  it('is as it was', async () => {
    expect(await snapshot(theirs)).toEqual(before)
  })

  it('still opens with its own credentials', async () => {
    const { keys, member, code } = theirs
    const { email, refreshToken, token } = member
    expect((await call('GET', '/me', { key: token })).json.id).toBe(member.id)
    const signedIn = await post(keys.publishable!, '/me/sign-in/verify', { email, code })
    expect(signedIn.memberId).toBe(member.id)
    const renewed = await post(keys.publishable!, '/me/tokens', { refreshToken })
    expect(renewed.memberId).toBe(member.id)
    const shown = await post(keys.pos!, '/v1/pos/cards', { card: member.qr })
    expect(shown.memberId).toBe(member.id)
  })
})
