import { describe, expect, inject, it } from 'vitest'
import type { Fact, ProviderEvent } from '../../src/webhooks/provider'
import { stripe } from '../../src/webhooks/stripe'
import { event, fixture, mac, NOW, signature } from './account'

const OURS_SECONDS = 300

const verify = (
  header: string | null,
  body: string | Uint8Array,
  secrets: string[],
  nowSeconds: number,
) => {
  // Bare, because a header that is no ASCII would be warned of.
  const headers = { get: () => header } as unknown as Headers
  return stripe.verify({ headers, body: Buffer.from(body) }, secrets, nowSeconds * 1000)
}

const isTaken = async (...given: Parameters<typeof verify>) => (await verify(...given)).ok

// https://github.com/stripe/stripe-node, test/Webhook.spec.ts and test/crypto/helpers.ts at 6639421.
const published = {
  secret: 'whsec_test_secret',
  body: '{\n  "id": "evt_test_webhook",\n  "object": "event"\n}',
  header: 't=1614265330,v1=af4ead0627a34a8cca29808e8de9ada8e41a92e6237c63cef6eacf51d36cca34',
  at: 1_614_265_330,
}

describe('what stripe-node publishes', () => {
  const { secret, body, header, at } = published

  it('is taken as it is, and by a body of the same bytes alone', async () => {
    expect(await isTaken(header, body, [secret], at)).toBe(true)
    expect(await isTaken(header, body.replace('  ', ' '), [secret], at)).toBe(false)
    expect(await isTaken(header, `${body}\n`, [secret], at)).toBe(false)
    expect(await isTaken(header, `\uFEFF${body}`, [secret], at)).toBe(false)
  })

  it('is what our own signatures are made as', async () => {
    expect(await mac('test_secret', '')).toBe(
      'f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd',
    )
    expect(await signature(secret, body, at)).toBe(header)
  })
})

describe('verify', () => {
  const body = '{"a":1}'
  const secret = 'whsec_a'
  const sign = (by = secret, at = NOW) => signature(by, body, at)

  it('takes a signature by any of several secrets', async () => {
    expect(await isTaken(await sign('whsec_b'), body, [secret, 'whsec_b'], NOW)).toBe(true)
    expect(await isTaken(await sign('whsec_c'), body, [secret, 'whsec_b'], NOW)).toBe(false)
    expect(await isTaken(await sign(), body, [], NOW)).toBe(false)
  })

  it('takes one right v1 among several, in any place and with spaces', async () => {
    const [, right] = (await sign()).split(',')
    const wrong = `v1=${'0'.repeat(64)}`
    for (const parts of [
      [right, wrong],
      [wrong, right],
      [wrong, 'v0=1', right, 'v2=2'],
    ]) {
      expect(await isTaken(`t=${NOW},${parts.join(',')}`, body, [secret], NOW)).toBe(true)
      expect(await isTaken(`t=${NOW}, ${parts.join(' , ')}`, body, [secret], NOW)).toBe(true)
    }
    expect(await isTaken(`t=${NOW},${wrong},${wrong}`, body, [secret], NOW)).toBe(false)
  })

  it('is stale one second after 300, and never of the future', async () => {
    const header = await sign()
    expect(await isTaken(header, body, [secret], NOW + OURS_SECONDS)).toBe(true)
    expect(await isTaken(header, body, [secret], NOW + OURS_SECONDS + 0.999)).toBe(true)
    expect(await isTaken(header, body, [secret], NOW + OURS_SECONDS + 1)).toBe(false)
    expect(await isTaken(header, body, [secret], NOW - 86_400)).toBe(true)
  })

  it.each<[string, (t: string, v1: string) => string | null]>([
    ['missing', () => null],
    ['empty', () => ''],
    ['no signature', () => 'I am not even a real signature header'],
    ['without a time', (_, v1) => v1],
    ['with an empty time', (_, v1) => `t=,${v1}`],
    ['with a time that is no number', (_, v1) => `t=1e9,${v1}`],
    ['with another time', (_, v1) => `t=${NOW + 1},${v1}`],
    ['without v1', (t) => t],
    ['v0 alone', (t, v1) => `${t},${v1.replace('v1', 'v0')}`],
    ['with an empty v1', (t) => `${t},v1=`],
    ['cut', (t, v1) => `${t},${v1.slice(0, -1)}`],
    ['in upper case', (t, v1) => `${t},v1=${v1.slice(3).toUpperCase()}`],
    ['as long, but not in bytes', (t) => `${t},v1=${'é'.repeat(64)}`],
  ])('refuses a header that is %s', async (_, change) => {
    const [t, v1] = (await sign()).split(',') as [string, string]
    const refused = await verify(change(t, v1), body, [secret], NOW)
    expect(refused).toMatchObject({ ok: false, failure: { code: 'unauthorized' } })
  })
})

interface Vector {
  id: string
  secret: string
  now: number
  toleranceSeconds: number
  request: { headers: Record<string, string>; body?: string; bodyFile?: string }
  expect: 'ok' | 'reject'
}
const file = inject('shared')['vectors/webhooks/stripe.json']
const { vectors }: { vectors: Vector[] } = file ? JSON.parse(file) : { vectors: [] }
const [ours, others] = [true, false].map((isOurs) =>
  vectors.filter(({ toleranceSeconds }) => (toleranceSeconds === OURS_SECONDS) === isOurs),
) as [Vector[], Vector[]]

describe('the outside vectors (../shared/vectors/webhooks/stripe.json)', () => {
  const check = ({ request, secret, now }: Vector) => {
    const headers = new Headers(request.headers)
    const body = request.body ?? inject('shared')[`vectors/${request.bodyFile}`]!
    return stripe.verify({ headers, body: Buffer.from(body) }, [secret], now * 1000)
  }

  it.skipIf(!file)('are there, of both kinds', () => {
    expect(ours.filter((each) => each.expect === 'reject').length).toBeGreaterThan(5)
    expect(ours.some((each) => each.expect === 'ok')).toBe(true)
  })

  it.skipIf(!file).each(ours)('$id: $expect', async (vector) => {
    expect((await check(vector)).ok).toBe(vector.expect === 'ok')
  })

  // Their time is within ours: what they are signed with must do.
  it.skipIf(!file).each(others)('$id: signed, with another tolerance than ours', async (vector) => {
    expect((await check(vector)).ok).toBe(true)
  })
})

/** What an event says, which must be readable. */
function said(given: unknown): ProviderEvent & { ids: string[]; facts: Fact[] } {
  const read = stripe.read(given)
  if (!read.ok || !read.value.about.ok) {
    throw new Error(JSON.stringify(read))
  }
  const { paymentIds, facts } = read.value.about.value
  return { ...read.value, ids: paymentIds, facts }
}

describe('the outside fixtures (../shared/vectors/events/stripe)', () => {
  const isThere = Object.keys(inject('shared')).some((path) => path.includes('events/stripe/'))
  const [pi, ch] = ['pi_000000000000000000000000', 'ch_000000000000000000000000']
  const nobody = { memberId: null, customerId: null, email: null, phone: null }
  const paid = (amount: number, at: number) => ({
    kind: 'paid',
    amount,
    currency: 'USD',
    orderId: null,
    payer: nobody,
    at: at * 1000,
  })

  it.skipIf(!isThere).each<[string, string[], object[]]>([
    ['payment_intent.succeeded', [pi], [paid(2000, 1_648_320_032)]],
    ['charge.succeeded', [pi, ch], [paid(2000, 1_648_320_032)]],
    ['charge.captured', [ch], [paid(100, 1_648_319_937)]],
    [
      'charge.refunded',
      [ch],
      [{ kind: 'refunded', amount: 100, currency: 'USD', at: 1_648_319_949_000 }],
    ],
    ['charge.refund.updated', [ch], []],
    [
      'charge.dispute.created',
      [ch],
      [
        {
          kind: 'disputed',
          disputeId: 'dp_000000000000000000000000',
          amount: 100,
          currency: 'USD',
          isOpen: true,
          at: 1_648_319_940_000,
        },
      ],
    ],
    [
      'charge.dispute.closed',
      ['ch_00000000000000'],
      [
        {
          kind: 'disputed',
          disputeId: '',
          amount: 1000,
          currency: 'USD',
          isOpen: false,
          at: 1_326_853_478_000,
        },
      ],
    ],
    [
      'charge.dispute.funds_withdrawn',
      ['ch_00000000000000'],
      [
        {
          kind: 'disputed',
          disputeId: 'dp_00000000000000',
          amount: 25_000,
          currency: 'USD',
          isOpen: true,
          at: 1_326_853_478_000,
        },
      ],
    ],
    [
      'charge.dispute.funds_reinstated',
      ['ch_00000000000000'],
      [
        {
          kind: 'disputed',
          disputeId: 'dp_00000000000000',
          amount: 25_000,
          currency: 'USD',
          isOpen: false,
          at: 1_326_853_478_000,
        },
      ],
    ],
    ['charge.failed', [], []],
    ['payment_intent.payment_failed', [], []],
    ['invoice.paid', [], []],
    ['checkout.session.completed.payment_mode', [], []],
  ])('%s says what it says', (type, ids, facts) => {
    const event = said(fixture(type))
    expect([event.isLive, event.ids, event.facts]).toEqual([false, ids, facts])
  })

  it.skipIf(!isThere)('are all read here', () => {
    const names = Object.keys(inject('shared')).filter((path) => path.includes('events/stripe/'))
    expect(names).toHaveLength(13)
  })
})

describe('read', () => {
  const charge = (object: object) => said(event('charge.succeeded', { id: 'ch_1', ...object }))

  it.each([
    ['cny', 2000, 2000],
    ['jpy', 500, 500],
    ['krw', 5000, 5000],
    ['kwd', 12_340, 12_340],
    ['ISK', 57_000, 570],
    ['isk', 199, 1],
    ['mga', 5, 500],
    ['clf', 7, 700],
    ['huf', 2000, 2000],
  ])('counts %s %i in the minor units of ISO 4217: %i', (currency, amount, expected) => {
    const { facts } = charge({ currency, amount, amount_captured: amount })
    expect(facts).toMatchObject([{ amount: expected, currency: currency.toUpperCase() }])
  })

  it('does not lose a unit to fractions', () => {
    for (let amount = 0; amount <= 20_000; amount += 100) {
      const { facts } = charge({ currency: 'isk', amount, amount_captured: amount })
      expect(facts[0]!.amount).toBe(amount / 100)
    }
  })

  it('finds order and payer, in metadata and beside it', () => {
    const metadata = { orderId: 'SO-1', memberId: 'mv0000000000000' }
    const billing_details = { email: 'b@example.com', phone: '+8613912345678' }
    expect(charge({ metadata, customer: 'cus_1', billing_details }).facts).toMatchObject([
      {
        orderId: 'SO-1',
        payer: {
          memberId: metadata.memberId,
          customerId: 'cus_1',
          email: billing_details.email,
          phone: billing_details.phone,
        },
      },
    ])
    const expanded = charge({
      customer: { id: 'cus_2' },
      receipt_email: 'r@example.com',
      billing_details,
    })
    expect(expanded.facts).toMatchObject([
      { payer: { customerId: 'cus_2', email: 'r@example.com' } },
    ])
  })

  it.each(['', 'x'.repeat(129), 'a\0b', '\uD800'])('passes over an order id like %j', (orderId) => {
    expect(charge({ metadata: { orderId } }).facts).toMatchObject([{ orderId: null }])
  })

  it('counts nothing for a charge that is only authorised, and what was captured later', () => {
    expect(charge({ amount: 1000, amount_captured: 0, captured: false }).facts).toEqual([])
    const captured = { id: 'ch_1', amount: 1000, amount_captured: 700, captured: true }
    const taken = said(event('charge.captured', { ...captured, amount_refunded: 300 }))
    expect(taken.facts).toMatchObject([{ kind: 'paid', amount: 700 }])
    const sums = [300, 500, 1000].map((amount_refunded) =>
      said(event('charge.refunded', { ...captured, amount_refunded })),
    )
    expect(sums.map(({ facts }) => facts[0]!.amount)).toEqual([0, 200, 700])
  })

  it('counts nothing as never captured where more was captured than authorised', () => {
    const over = { id: 'ch_1', amount: 10_000, amount_captured: 12_000, amount_refunded: 6000 }
    expect(charge(over).facts).toMatchObject([{ amount: 12_000 }])
    expect(said(event('charge.refunded', over)).facts).toMatchObject([{ amount: 6000 }])
  })

  it.each([
    ['charge.refunded', { amount_refunded: 100 }],
    ['refund.failed', { status: 'failed' }],
    ['charge.dispute.created', {}],
  ])('says in which currency it is what %s tells of', (type, fields) => {
    const object = { id: 'x', charge: 'ch_1', amount: 100, amount_captured: 100, ...fields }
    const told = { ...event('charge.refunded', { ...object, currency: 'usd' }), type }
    expect(said(told).facts).toMatchObject([{ amount: 100, currency: 'USD' }])
  })

  it.each(['failed', 'canceled'])('takes a refund that is %s back', (status) => {
    const refund = { id: 're_1', charge: 'ch_1', amount: 100, status }
    for (const type of ['charge.refund.updated', 'refund.updated', 'refund.failed']) {
      const { ids, facts } = said({ ...event('charge.refund.updated', refund), type })
      expect([ids, facts]).toMatchObject([['ch_1'], [{ kind: 'refundFailed', refundId: 're_1' }]])
    }
  })

  it.each([null, [], 'x', {}, { id: 'evt_1' }, { ...event('charge.succeeded', {}), data: null }])(
    'refuses what is no event: %j',
    (given) => {
      expect(stripe.read(given)).toMatchObject({
        ok: false,
        failure: { code: 'validation_failed' },
      })
    },
  )

  it.each([
    { amount: -1 },
    { amount: 1.5 },
    { amount: '100' },
    { amount: Number.MAX_SAFE_INTEGER + 1 },
    { currency: 'btc' },
    { currency: null },
    { created: 'yesterday' },
    { id: '' },
    { id: 'x'.repeat(201) },
    { id: 'ch_\0' },
    { id: 'ch_\n' },
    { id: 'ch_\uD800' },
    { payment_intent: 'pi_\0' },
    { payment_intent: { id: 'x'.repeat(201) } },
  ])('says why it cannot read an event about %j', (object) => {
    const read = stripe.read(event('charge.succeeded', { id: 'ch_1', ...object }))
    expect(read).toMatchObject({ ok: true, value: { about: { ok: false } } })
  })

  it('takes ids of up to 200 characters, and any customer', () => {
    const [id, intent] = ['c'.repeat(200), 'p 1']
    const { ids } = charge({ id, payment_intent: intent, customer: '\0' })
    expect(ids).toEqual([intent, id])
  })

  it.each(['constructor', '__proto__', 'toString', 'charge.pending'])(
    'has nothing to say of %s',
    (type) => {
      expect(said({ ...event('charge.succeeded', {}), type }).facts).toEqual([])
    },
  )
})
