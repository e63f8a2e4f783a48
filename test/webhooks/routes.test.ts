import { beforeAll, describe, expect, it } from 'vitest'
import { SQL } from '../db'
import { call, createProgram } from '../http/api'
import { type Account, event, NOW, openAccount, payment, signature } from './account'

let account: Account

beforeAll(async () => {
  account = await openAccount()
})

const stored = async () => {
  const { results } = await SQL.prepare('SELECT * FROM webhook_events WHERE program_id = ?')
    .bind(account.shop.id)
    .run()
  return results
}

describe('endpoints', () => {
  const path = '/v1/webhook-endpoints'

  it('are created with a place to deliver to, and listed without secrets', async () => {
    const secrets = ['whsec_listed']
    const made = await account.call('POST', path, { provider: 'stripe', secrets })
    expect(made.status).toBe(201)
    const { id, url } = made.json
    expect(url).toBe(`http://punchcard.test/webhooks/stripe/${id}`)
    expect(id.startsWith(`${account.shop.id}_`)).toBe(true)
    const { json, text } = await account.call('GET', path)
    expect(json.data).toContainEqual(made.json)
    expect(text).not.toContain('whsec_')
    const { results } = await SQL.prepare('SELECT * FROM webhook_endpoints').run()
    expect(JSON.stringify(results)).not.toContain('whsec_')
    await account.call('DELETE', `${path}/${id}`)
  })

  it('take the old and the new secret while it changes, then the new one alone', async () => {
    const other = await openAccount()
    const rotate = (...secrets: string[]) =>
      other.call('POST', `${path}/${other.id}/rotate`, { secrets })
    const knock = async (secret: string) =>
      (await other.post('{}', await signature(secret, '{}'))).status
    expect([await knock('whsec_first'), await knock('whsec_next')]).toEqual([400, 401])
    expect((await rotate('whsec_first', 'whsec_next')).status).toBe(204)
    expect([await knock('whsec_first'), await knock('whsec_next')]).toEqual([400, 400])
    await rotate('whsec_next')
    expect([await knock('whsec_first'), await knock('whsec_next')]).toEqual([401, 400])
  })

  it('end, and what they took is acted on all the same', async () => {
    const other = await openAccount()
    const memberId = await other.shop.enrol()
    await other.deliver(payment('e').intent({ metadata: { memberId } }))
    const end = () => other.call('DELETE', `${path}/${other.id}`)
    expect((await end()).status).toBe(204)
    expect((await end()).status).toBe(404)
    expect((await other.post('{}')).status).toBe(404)
    expect(await other.act()).toEqual([])
    expect(await other.points(memberId)).toBe(100)
  })

  it('are twenty at most', async () => {
    const other = await openAccount()
    const body = { provider: 'stripe', secrets: ['x'] }
    for (let made = 1; made < 20; made++) {
      expect((await other.call('POST', path, body)).status).toBe(201)
    }
    const answer = await other.call('POST', path, body)
    expect(answer).toMatchObject({ status: 409, json: { code: 'limit_reached' } })
  })

  it.each([
    [{ provider: 'paypal' }, '#/provider'],
    [{ secrets: [] }, '#/secrets'],
    [{ secrets: [''] }, '#/secrets/0'],
    [{ secrets: Array(6).fill('x') }, '#/secrets'],
    [{ name: 'x' }, '#/name'],
  ])('are not made of %j', async (broken, pointer) => {
    const valid = { provider: 'stripe', secrets: ['x'] }
    const { status, json } = await account.call('POST', path, { ...valid, ...broken })
    expect([status, json.errors[0].pointer]).toEqual([400, pointer])
  })
})

describe('POST /webhooks/stripe/:endpointId', () => {
  const text = (fields: object = {}) =>
    JSON.stringify({ ...event('invoice.paid', {}), livemode: false, ...fields })

  it('answers 401 to another signature, and keeps nothing', async () => {
    const before = await stored()
    const body = text()
    for (const header of [
      '',
      await signature('whsec_other', body),
      await signature(account.secret, `${body} `),
      await signature(account.secret, body, NOW - 301),
    ]) {
      const answer = await account.post(body, header)
      expect(answer).toMatchObject({ status: 401, json: { code: 'unauthorized' } })
    }
    expect(await stored()).toEqual(before)
    expect(account.queue).toEqual([])
  })

  it.each([
    ['what is not JSON', 'hello', 'malformed_json'],
    ['nothing', '', 'malformed_json'],
    ['half of it', '{"id":', 'malformed_json'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'malformed_json'],
    ['UTF-16', new Uint8Array(Buffer.from('{}', 'utf16le')), 'malformed_json'],
    ['a field twice', text().replace('{', '{"livemode":true,'), 'malformed_json'],
    [
      'a field twice, deep in it',
      text().replace('"object":{', '$&"id":"x","\\u0069d":"y",'),
      'malformed_json',
    ],
    ['no event', '{"hello":"world"}', 'validation_failed'],
    ['a list', '[]', 'validation_failed'],
    ['an event of live mode', text({ livemode: true }), 'validation_failed'],
  ])('refuses %s with 400 though it is signed, and keeps nothing', async (_, body, code) => {
    const before = await stored()
    expect(await account.post(body)).toMatchObject({ status: 400, json: { code } })
    expect(await stored()).toEqual(before)
  })

  it('refuses an event of test mode for a live program', async () => {
    const live = await openAccount({}, { mode: 'live', clock: undefined })
    const now = Math.floor(Date.now() / 1000)
    const post = async (livemode: boolean) => {
      const body = text({ livemode })
      return live.post(body, await signature(live.secret, body, now))
    }
    expect((await post(false)).status).toBe(400)
    expect((await post(true)).status).toBe(200)
  })

  it('reads behind a BOM that is signed with the rest', async () => {
    const body = `\uFEFF${text()}`
    expect((await account.post(body)).status).toBe(200)
    expect((await account.post(body, await signature(account.secret, body.slice(1)))).status).toBe(
      401,
    )
  })

  it('answers 413 to more than 1 MB', async () => {
    expect((await account.post(' '.repeat(1_000_001))).status).toBe(413)
    expect((await account.post(`${text()}${' '.repeat(900_000)}`)).status).toBe(200)
  })

  it('answers 404 where there is no such endpoint, whatever is sent', async () => {
    const [programId, id] = account.id.split('_')
    const foreign = await createProgram()
    for (const name of [
      '',
      'x',
      '_',
      `${programId}_`,
      `_${id}`,
      `${foreign.id}_${id}`,
      `${account.id}_x`,
    ]) {
      const { status } = await call('POST', `/webhooks/stripe/${name}`, { body: '{}' })
      expect([name, status]).toEqual([name, name === '' ? 401 : 404])
    }
    const path = `/webhooks/paypal/${account.id}`
    expect((await call('POST', path, { body: '{}' })).status).toBe(404)
  })

  it('keeps what it takes sealed, once', async () => {
    const body = text({ id: 'evt_sealed', customer: 'cus_secret' })
    for (let times = 0; times < 3; times++) {
      expect((await account.post(body)).status).toBe(200)
    }
    const rows = (await stored()).filter((row) => row.event_id === 'evt_sealed')
    expect(rows).toMatchObject([{ status: 'received', type: 'invoice.paid' }])
    expect(JSON.stringify(rows)).not.toContain('cus_secret')
    expect(account.queue.filter(({ eventId }) => eventId === 'evt_sealed')).toHaveLength(1)
  })

  it('answers though the queue does not take it: the cron sends it', async () => {
    const body = text({ id: 'evt_unsent' })
    const send = () => Promise.reject(new Error('away'))
    const { status } = await call('POST', account.path, {
      body,
      headers: { 'stripe-signature': await signature(account.secret, body) },
      env: { WEBHOOKS: { send } as never },
    })
    expect(status).toBe(200)
  })
})

describe('GET /v1/webhook-events', () => {
  it('lists what came, newest first, in pages', async () => {
    const other = await openAccount()
    const told = [1, 2, 3].map((n) => ({ ...event('charge.failed', {}), id: `evt_p${n}` }))
    await other.tell(...told)
    const first = (await other.call('GET', '/v1/webhook-events?limit=2')).json
    expect(first.data.map((each: { eventId: string }) => each.eventId)).toEqual([
      'evt_p3',
      'evt_p2',
    ])
    expect(first.data[0]).toEqual({
      position: 3,
      endpointId: other.id,
      eventId: 'evt_p3',
      type: 'charge.failed',
      receivedAt: expect.any(String),
      status: 'ignored',
      detail: null,
      paymentId: null,
    })
    const next = await other.call('GET', `/v1/webhook-events?limit=2&cursor=${first.nextCursor}`)
    expect(next.json).toMatchObject({ data: [{ eventId: 'evt_p1' }], nextCursor: null })
    expect((await other.call('GET', '/v1/webhook-events?cursor=x')).status).toBe(400)
  })

  it('shows why an event could not be read', async () => {
    const other = await openAccount()
    await other.tell(payment('u').charge({ currency: 'btc' }))
    expect(await other.last()).toMatchObject({ status: 'failed', detail: 'BTC is no currency.' })
    await other.tell(payment('\0').charge())
    const detail = 'What charge.succeeded is about cannot be read.'
    expect(await other.last()).toMatchObject({ status: 'failed', detail, paymentId: null })
    expect(await other.waiting()).toEqual([])
  })
})
