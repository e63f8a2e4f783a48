import { env } from 'cloudflare:workers'
import { catchUp } from '../../src/projection/consumer'
import { actOn } from '../../src/webhooks/consumer'
import { SQL } from '../db'
import { call, createKey, createProgram, enrol } from '../http/api'
import { payment, signature } from '../webhooks/account'

/** A member with one of everything that has an id. */
export interface Member {
  id: string
  cardNumber: string
  token: string
  refreshToken: string
  qr: string
  coupon: string
  orderId: string
  email: string
  phone: string
}

/** A program with a member, and what it alone has. */
export interface Shop {
  id: string
  keyId: string
  endpointId: string
  importId: string
  keys: Record<string, string>
  member: Member
  /** A code that was sent to its member. */
  code: string
}

/** Calls under a fresh Idempotency-Key, and answers the body. */
export const post = async (key: string, path: string, body: object = {}) =>
  (await call('POST', path, { key, body, headers: fresh() })).json
/** A fresh Idempotency-Key. */
export const fresh = () => ({ 'idempotency-key': crypto.randomUUID() })

/** A new member with an order, a hold, a refund, a coupon and a session. */
export async function openMember(key: string, name: string, phone: string): Promise<Member> {
  const [email, orderId] = [`${name}@example.com`, `SO-${name}`]
  const { id, cardNumber } = (await enrol(key, { email, phone, name, externalId: name })).json
  const { accessToken: token, refreshToken } = await post(key, `/v1/members/${id}/tokens`)
  const order = { orderId, currency: 'CNY', total: 60_000, channel: 'pos' }
  await post(key, `/v1/members/${id}/purchases`, order)
  await post(key, `/v1/members/${id}/holds`, { points: 1 })
  await post(key, `/v1/members/${id}/refunds`, { orderId, refundId: name, amount: 1 })
  const { coupon } = await post(key, `/v1/members/${id}/redemptions`, { rewardId: 'gift' })
  const { json } = await call('GET', '/me/card', { key: token })
  return {
    id,
    cardNumber,
    token,
    refreshToken,
    qr: json.token,
    coupon: coupon.code,
    orderId,
    email,
    phone,
  }
}

/** An endpoint of a program, and a payment that it was told of and that is nobody's. */
async function openEndpoint(key: string, name: string): Promise<string> {
  const secrets = [`whsec_${name}`]
  const { id, url } = await post(key, '/v1/webhook-endpoints', { provider: 'stripe', secrets })
  const paid = payment(name).intent({ metadata: {} })
  const created = Math.floor(Date.now() / 1000)
  const body = JSON.stringify({ ...paid, created })
  const header = await signature(secrets[0]!, body, created)
  await call('POST', new URL(url).pathname, { body, headers: { 'stripe-signature': header } })
  const [programId, endpointId] = id.split('_')
  await actOn(env, { programId, endpointId, eventId: paid.id })
  return id
}

/** An import of a program, of which a part has come. */
async function openImport(key: string, name: string): Promise<string> {
  const { json } = await call('POST', `/v1/imports?type=purchase&name=${name}`, {
    key,
    body: 'externalId,total\n',
    headers: { ...fresh(), 'content-type': 'text/csv', 'upload-complete': '?0' },
  })
  return json.id
}

/** A new program with a key of each kind and a member. */
export async function openShop(name: string, phone: string): Promise<Shop> {
  const { id, key } = await createProgram({ name })
  const { id: keyId, key: pos } = await createKey(key, 'pos')
  const publishable = (await createKey(key, 'publishable')).key
  const member = await openMember(key, name, phone)
  await catchUp(env, [{ programId: id, memberId: member.id }])
  const endpointId = await openEndpoint(key, name)
  const importId = await openImport(key, name)
  const keys = { secret: key, pos, publishable }
  return { id, keyId, endpointId, importId, keys, member, code: '' }
}

/** Gives a program a second version, with a reward and an activity of its own. */
export async function publishOwn({ keys }: Shop) {
  const { secret: key } = keys
  const { json } = await call('GET', '/v1/program', { key })
  const body = {
    ...json,
    rewards: { ...json.rewards, theirs: json.rewards.gift },
    activities: { ...json.activities, theirs: { points: 1, once: 'day', selfReported: true } },
  }
  await call('PUT', '/v1/program', { key, body, headers: { 'if-match': '*' } })
}

/** Everything that D1 has of a program, and how its member stands. */
export async function snapshot({ id, importId, keys, member }: Shop) {
  const { results: tables } = await SQL.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%program_id%'",
  ).all<{ name: string }>()
  const dumps = await SQL.batch([
    SQL.prepare('SELECT * FROM programs WHERE id = ?').bind(id),
    ...tables.map(({ name }) => SQL.prepare(`SELECT * FROM ${name} WHERE program_id = ?`).bind(id)),
  ])
  const { json } = await call('GET', `/v1/members/${member.id}/statement`, { key: keys.secret! })
  const { at: _at, ...statement } = json
  const file = (await call('GET', `/v1/imports/${importId}`, { key: keys.secret! })).json
  const names = ['programs', ...tables.map(({ name }) => name)]
  return {
    ...Object.fromEntries(names.map((name, i) => [name, dumps[i]!.results])),
    statement,
    file,
  }
}
