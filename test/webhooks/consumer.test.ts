import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { type KeptEvent, sendForgotten } from '../../src/webhooks/consumer'
import { SQL } from '../db'
import { call, enrol, tally } from '../http/api'
import { type Account, event, NOW, openAccount, payment } from './account'

// From end to end, with Stripe's own fixtures where they are: their ids are zeroed and not linked to each other, so that
// they are filled with ids, amounts, currency and times, and signed anew, here.

const open = async (): Promise<[Account, string]> => {
  const account = await openAccount()
  return [account, await account.shop.enrol()]
}

/** A payment of 100 by a member, whom its metadata name. */
const by = (memberId: string, n: string, metadata: object = {}) =>
  payment(n, { metadata: { memberId, ...metadata } })

describe('a payment', () => {
  it('is awarded once, under its own id, as of when it was made', async () => {
    const [account, id] = await open()
    const paid = by(id, '1').intent({ created: NOW - 3600 })
    await account.tell(paid, paid)
    await account.tell({ ...paid, id: 'evt_again' })
    expect(await account.points(id)).toBe(100)
    expect(await account.shop.entries(id)).toMatchObject([
      {
        kind: 'award',
        orderId: 'stripe:pi_1',
        occurredAt: new Date((NOW - 3600) * 1000).toISOString(),
        actor: { kind: 'webhook', keyId: account.id.split('_')[1] },
      },
    ])
    expect(await account.last()).toMatchObject({ status: 'applied', paymentId: 'stripe:pi_1' })
  })

  it.each([
    ['intent first', ['intent', 'charge']],
    ['charge first', ['charge', 'intent']],
  ] as const)('counts once though intent and charge tell of it, %s', async (_, order) => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(...order.map((name) => told[name]()))
    expect(await account.kinds(id)).toEqual(['award'])
    expect(await account.points(id)).toBe(100)
  })

  it('counts once though all is told at once', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    const events = [told.intent(), told.charge(), told.refunded(2000, 5), told.refunded(5000, 9)]
    await account.deliver(...events)
    const again = [...account.queue, ...account.queue]
    account.queue.splice(0)
    await Promise.all(
      again.map(async (each) => {
        const one = Object.assign(Object.create(account) as Account, { queue: [each] })
        expect(await one.act()).toEqual([])
      }),
    )
    expect(await account.points(id)).toBe(50)
    expect((await account.kinds(id)).filter((kind) => kind === 'award')).toHaveLength(1)
    expect((await account.events()).map(({ status }) => status)).toEqual(Array(4).fill('applied'))
  })

  it.each(['x'.repeat(129), 'SO\0'])('is its own order where %j cannot be one', async (orderId) => {
    const [account, id] = await open()
    await account.tell(by(id, '1', { orderId }).intent())
    expect(await account.shop.entries(id)).toMatchObject([{ orderId: 'stripe:pi_1' }])
  })

  it('counts when it is captured, not when it is authorised', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.charge({ captured: false, amount_captured: 0 }))
    expect([await account.points(id), (await account.last()).status]).toEqual([0, 'ignored'])
    await account.tell({ ...told.charge({ amount_captured: 7000 }), type: 'charge.captured' })
    await account.tell(told.refunded(3000, 5, { amount_captured: 7000 }))
    expect(await account.points(id)).toBe(70)
    await account.tell(told.refunded(6500, 6, { amount_captured: 7000 }))
    expect(await account.points(id)).toBe(35)
  })

  it('of years ago counts as of 399 days', async () => {
    const [account, id] = await open()
    await account.tell(by(id, '1').intent({ created: NOW - 3 * 365 * 86_400 }))
    const [award] = await account.shop.entries(id)
    expect(Date.parse(award!.occurredAt)).toBe((NOW - 399 * 86_400) * 1000)
    expect(await account.last()).toMatchObject({ status: 'applied' })
  })

  it('in a currency that the program does not take says so, and counts when it does', async () => {
    const [account, id] = await open()
    await account.tell(by(id, '1').intent({ currency: 'usd' }))
    const failed = await account.last()
    expect(failed).toMatchObject({ status: 'failed', detail: 'This program counts in CNY.' })
    await account.shop.publish({ currencies: { USD: { rate: '7' } } })
    expect((await account.replay(failed.position)).json).toMatchObject({
      status: 'applied',
      detail: null,
    })
    expect(await account.points(id)).toBeGreaterThan(0)
  })
})

describe('a refund', () => {
  it('is cumulative: what has gone back since is taken back', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    const first = told.refunded(2000, 10)
    await account.tell(told.intent(), first)
    expect(await account.points(id)).toBe(80)
    await account.tell(told.refunded(5000, 20))
    expect(await account.points(id)).toBe(50)
    await account.tell(first, { ...first, id: 'evt_first_again' }, told.intent(), told.charge())
    expect(await account.points(id)).toBe(50)
    await account.tell(told.refunded(10_000, 30))
    expect(await account.points(id)).toBe(0)
    expect(await account.kinds(id)).toEqual(['award', 'clawback', 'clawback', 'clawback'])
  })

  it('that is told before its payment waits for it', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.refunded(5000, 20))
    expect(await account.last()).toMatchObject({ status: 'waiting' })
    await account.tell(told.refunded(2000, 10), told.intent())
    expect(await account.points(id)).toBe(50)
    expect((await account.events()).map(({ status }) => status)).toEqual(Array(3).fill('applied'))
  })

  it('that fails is given back, also one of several', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.intent(), told.refunded(2000, 10), told.refunded(5000, 20))
    await account.tell(told.refund('succeeded', 3000, 25))
    expect(await account.points(id)).toBe(50)
    const failed = told.refund('failed', 3000, 30)
    await account.tell(failed, { ...failed, id: 'evt_re_2', type: 'refund.failed' })
    expect(await account.points(id)).toBe(80)
    await account.tell(told.refunded(2500, 40))
    expect(await account.points(id)).toBe(75)
  })

  it('that fails before anything else is told of it takes nothing', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.refund('failed', 3000, 30), told.refunded(3000, 20), told.charge())
    expect([await account.points(id), await account.kinds(id)]).toEqual([100, ['award']])
  })

  it('of an order that a till told of is taken back, and the order counts once', async () => {
    const [account, id] = await open()
    const lines = [{ sku: 'TEA', quantity: 1, amount: 10_000 }]
    await account.shop.buy(id, 'SO-1', 100, { total: undefined, lines })
    const told = by(id, '1', { orderId: 'SO-1' })
    await account.tell(told.intent(), told.charge(), told.refunded(4000, 10))
    expect(await account.points(id)).toBe(60)
    expect(await account.last()).toMatchObject({ status: 'applied' })
    // And once more what the till itself took back: there are two of them.
    await account.shop.post(id, 'refunds', { orderId: 'SO-1', refundId: 'R1', amount: 1000 })
    await account.tell(told.refunded(5000, 20))
    expect(await account.points(id)).toBe(40)
  })

  it('of an order in another currency is refused', async () => {
    const [account, id] = await open()
    await account.shop.publish({ currencies: { USD: { rate: '7' } } })
    await account.shop.buy(id, 'SO-1', 100)
    const told = by(id, '1', { orderId: 'SO-1' })
    await account.tell(told.intent({ currency: 'usd' }))
    await account.tell(told.refunded(4000, 10, { currency: 'usd' }))
    expect(await account.last()).toMatchObject({ status: 'failed' })
    expect(await account.points(id)).toBe(100)
  })

  it('takes back what it says of a charge of which more was captured than authorised', async () => {
    const [account, id] = await open()
    const over = { amount: 10_000, amount_captured: 12_000 }
    const told = by(id, '1')
    await account.tell(told.charge(over), told.refunded(6000, 10, over))
    expect(await account.points(id)).toBe(60)
  })

  it('that is made anew in the second in which another one fails is taken alone', async () => {
    for (const turn of [0, 1, 2]) {
      const [account, id] = await open()
      const told = by(id, '1')
      const events = [
        told.refunded(3000, 10),
        told.refund('failed', 3000, 12),
        told.refunded(2000, 12),
      ]
      await account.tell(told.intent(), ...events.slice(turn), ...events.slice(0, turn))
      expect(await account.points(id)).toBe(80)
    }
  })

  it('in another currency than its payment takes nothing and says so, whichever is told first', async () => {
    const detail = 'The payment is in CNY, what went back of it in USD.'
    for (const isFirst of [true, false]) {
      const [account, id] = await open()
      const told = by(id, '1')
      const events = [told.charge(), told.refunded(1400, 10, { currency: 'usd' })]
      await account.tell(...(isFirst ? events.toReversed() : events))
      const [last, first] = await account.events()
      expect(last).toMatchObject({ status: 'failed', detail })
      expect(first!.status).toBe(isFirst ? 'failed' : 'applied')
      expect(await account.kinds(id)).toEqual(['award'])
      await account.tell(told.refunded(3000, 20))
      expect([await account.points(id), (await account.last()).status]).toEqual([70, 'applied'])
    }
  })

  it('is brought to the newest sum though an older event is acted on last', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.intent(), told.refunded(5000, 20))
    await account.tell(told.refund('failed', 5000, 30))
    expect(await account.points(id)).toBe(100)
    for (const { position } of await account.events()) {
      expect((await account.replay(position)).json.status).toBe('applied')
    }
    expect(await account.points(id)).toBe(100)
    expect(await account.kinds(id)).toEqual(['award', 'clawback', 'restore'])
  })
})

/** Members' objects to which the first refund by a sum comes late: something else happens before. */
function late(meanwhile: () => Promise<void>): Partial<Env> {
  let isFirst = true
  const get: Env['LEDGER']['get'] = (id, options) => {
    const stub = env.LEDGER.get(id, options)
    const execute = async (asked: Parameters<typeof stub.execute>[0]) => {
      if (asked.command.type === 'refundTo' && isFirst) {
        isFirst = false
        await meanwhile()
      }
      return stub.execute(asked)
    }
    return { execute } as unknown as typeof stub
  }
  return { LEDGER: { get, idFromName: (name: string) => env.LEDGER.idFromName(name) } as never }
}

describe('what was learnt before something newer', () => {
  it('and reaches the ledger after it is corrected at once', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.intent())
    await account.deliver(told.refunded(5000, 20))
    const newer = async () => {
      const other = Object.assign(Object.create(account) as Account, { queue: [] })
      await other.tell(told.refund('failed', 5000, 30))
      expect(await account.points(id)).toBe(100)
    }
    expect(await account.act(late(newer))).toEqual([])
    expect(await account.points(id)).toBe(100)
    expect(await account.kinds(id)).toEqual(['award', 'clawback', 'restore'])
  })

  it('meets a member who has left meanwhile, and is forgotten', async () => {
    const [account, id] = await open()
    await account.deliver(by(id, '1').intent())
    const leave = async () =>
      void (await call('DELETE', `/v1/members/${id}`, { key: account.shop.key }))
    expect(await account.act(late(leave))).toEqual([])
    expect(await account.last()).toMatchObject({ status: 'ignored' })
    const { results } = await SQL.prepare(
      `SELECT body FROM webhook_events WHERE program_id = ?1
         UNION ALL SELECT facts FROM payments WHERE program_id = ?1`,
    )
      .bind(account.shop.id)
      .run()
    expect(results.map((row) => row.body)).toEqual(['', '', ''])
  })
})

describe('a dispute', () => {
  it.each([
    ['won', 100, ['award', 'clawback', 'restore']],
    ['lost', 0, ['award', 'clawback']],
  ])('takes all back; when it is %s there are %i', async (status, points, kinds) => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.charge(), told.dispute('created', 'needs_response', 10))
    expect(await account.points(id)).toBe(0)
    await account.tell(told.dispute('closed', status, 20))
    await account.tell(told.dispute('created', 'needs_response', 10))
    expect([await account.points(id), await account.kinds(id)]).toEqual([points, kinds])
  })

  it('that is told of by the charge alone, before all else, finds its payment', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.dispute('created', 'needs_response', 10, { payment_intent: null }))
    await account.tell(told.intent({ latest_charge: null }))
    expect(await account.points(id)).toBe(100)
    await account.tell(told.charge())
    expect(await account.points(id)).toBe(0)
    await account.tell(told.dispute('closed', 'won', 20, { payment_intent: null }))
    expect(await account.points(id)).toBe(100)
    expect((await account.events()).map(({ status }) => status)).toEqual(Array(4).fill('applied'))
  })

  it('in another currency than its payment takes all of it until it is won', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    const usd = { amount: 1400, currency: 'usd' }
    await account.tell(told.dispute('created', 'needs_response', 10, usd))
    await account.tell(told.charge())
    expect(await account.points(id)).toBe(0)
    await account.tell(told.refunded(3000, 15))
    expect(await account.points(id)).toBe(0)
    await account.tell(told.dispute('closed', 'won', 20, usd))
    expect(await account.points(id)).toBe(70)
    expect((await account.events()).map(({ status }) => status)).toEqual(Array(4).fill('applied'))
  })

  it('of what is refunded in part takes the rest', async () => {
    const [account, id] = await open()
    const told = by(id, '1')
    await account.tell(told.intent(), told.refunded(2000, 5))
    await account.tell(told.dispute('created', 'needs_response', 10, { amount: 8000 }))
    expect(await account.points(id)).toBe(0)
    await account.tell(told.dispute('closed', 'won', 20, { amount: 8000 }))
    expect(await account.points(id)).toBe(80)
  })
})

describe('all that can happen to a payment', () => {
  it('comes to the same in any order, however often and whenever it is acted on', async () => {
    const [account] = await open()
    let count = 0
    const story = (memberId: string) => {
      const told = by(memberId, `walk_${++count}`)
      return [
        told.intent(),
        told.charge(),
        told.refunded(1500, 10),
        told.refunded(4000, 20),
        told.refund('failed', 2500, 30),
        told.dispute('created', 'needs_response', 40, { amount: 8500, payment_intent: null }),
        told.dispute('closed', 'won', 50, { amount: 8500, payment_intent: null }),
        told.refunded(2000, 60),
        told.refunded(700, 15, { currency: 'usd' }),
        told.dispute('created', 'needs_response', 45, { id: 'dp_usd', currency: 'usd' }),
        told.dispute('closed', 'won', 55, { id: 'dp_usd', currency: 'usd' }),
      ]
    }
    const step = fc.record({ event: fc.nat(10), isLast: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(), async (steps, seed) => {
        const id = await account.shop.enrol()
        const events = story(id)
        const again: string[] = []
        const rest = events.map((_, i) => ({ event: (i * 3 + seed) % 11, isLast: i % 3 === 0 }))
        for (const { event: i, isLast } of [...steps, ...rest]) {
          await account.deliver(events[i]!)
          if (isLast) {
            again.push(...(await account.act()))
          }
        }
        again.push(...(await account.act()))
        expect(again).toEqual([])
        expect(await account.points(id)).toBe(80)
        expect((await account.kinds(id)).filter((kind) => kind === 'award')).toHaveLength(1)
      }),
      { numRuns: 12 },
    )
  })
})

describe('who paid', () => {
  const profile = { externalId: 'cus_7', email: 'li.wei@example.com', phone: '+8613912345678' }

  it.each<[string, object, object]>([
    ['customer id', { customer: 'cus_7' }, {}],
    ['e-mail of the receipt, however it is written', { receipt_email: ' Li.Wei@Example.com' }, {}],
    ['e-mail of the bill', {}, { email: profile.email, phone: null }],
    ['phone as it is written at home', {}, { email: null, phone: '139 1234 5678' }],
    ['phone, where the e-mail is of nobody', {}, { email: 'x@example.com', phone: profile.phone }],
    [
      'e-mail, where the member id is none',
      { metadata: { memberId: 'guest' }, receipt_email: profile.email },
      {},
    ],
    [
      'e-mail, where the member id is of nobody',
      { metadata: { memberId: 'mv0000000000000' }, receipt_email: profile.email },
      {},
    ],
  ])('is found by %s', async (_, object, billing) => {
    const account = await openAccount()
    const { id } = (await enrol(account.shop.key, profile)).json
    await account.tell(payment('1').charge({ ...object, billing_details: billing }))
    expect(await account.points(id)).toBe(100)
  })

  it('is found by intent and charge together, when neither says it alone', async () => {
    const account = await openAccount()
    const { id } = (await enrol(account.shop.key, profile)).json
    const told = payment('1')
    await account.tell(told.intent({ metadata: { orderId: 'SO-1' } }))
    expect(await account.last()).toMatchObject({ status: 'waiting' })
    await account.tell(told.charge({ billing_details: { email: profile.email, phone: null } }))
    expect(await account.shop.entries(id)).toMatchObject([{ kind: 'award', orderId: 'SO-1' }])
    expect((await account.events()).map(({ status }) => status)).toEqual(['applied', 'applied'])
  })

  it('is who was found first, whatever is told later', async () => {
    const account = await openAccount()
    const { id } = (await enrol(account.shop.key, profile)).json
    const other = await account.shop.enrol()
    const told = payment('1')
    await account.tell(
      told.charge({ customer: 'cus_7' }),
      told.intent({ metadata: { memberId: other } }),
    )
    await account.tell(told.refunded(5000, 20))
    expect([await account.points(id), await account.points(other)]).toEqual([50, 0])
  })

  it.each([{}, { metadata: { memberId: 'mv0000000000000' } }, { metadata: { memberId: '../x' } }])(
    'is waited for, where nobody is known: %j',
    async (object) => {
      const account = await openAccount()
      await account.tell(payment('1').intent({ ...object, receipt_email: 'no@example.com' }))
      const detail = 'Nobody is known who paid. Claim it for a member.'
      expect(await account.last()).toMatchObject({ status: 'waiting', detail })
      expect(await account.waiting()).toMatchObject([
        {
          id: 'stripe:pi_1',
          status: 'waiting',
          memberId: null,
          amount: 10_000,
          currency: 'CNY',
          payer: { email: 'no@example.com' },
        },
      ])
    },
  )

  it('is found by a replay, once the member has enrolled', async () => {
    const account = await openAccount()
    await account.tell(payment('1').intent({ receipt_email: profile.email }))
    const { id } = (await enrol(account.shop.key, profile)).json
    const { position } = await account.last()
    expect((await account.replay(position)).json).toMatchObject({ status: 'applied', position })
    expect(await account.points(id)).toBe(100)
    expect(await account.waiting()).toEqual([])
  })

  it('is never a member of another program', async () => {
    const [theirs, theirMember] = await open()
    await enrol(theirs.shop.key, profile)
    const account = await openAccount()
    const said = { metadata: { memberId: theirMember }, customer: 'cus_7' }
    await account.tell(payment('1').intent({ ...said, receipt_email: profile.email }))
    expect(await account.last()).toMatchObject({ status: 'waiting' })
    expect(await theirs.points(theirMember)).toBe(0)
  })
})

describe('POST /v1/payments/:id/claim', () => {
  it('books a payment, and what has gone back of it, for a member', async () => {
    const [account, id] = await open()
    const told = payment('1')
    await account.tell(told.intent(), told.refunded(2000, 10))
    const { status, json } = await account.claim(told.id, id)
    expect([status, json]).toMatchObject([
      200,
      { id: told.id, memberId: id, orderId: told.id, status: 'applied', detail: null },
    ])
    expect(await account.points(id)).toBe(80)
    expect((await account.events()).map((each) => each.status)).toEqual(['applied', 'applied'])
    expect((await account.claim(told.id, id)).status).toBe(200)
    await account.tell(told.refunded(5000, 20))
    expect(await account.points(id)).toBe(50)
  })

  it('answers 409 for another member afterwards, and moves nothing', async () => {
    const [account, id] = await open()
    const other = await account.shop.enrol()
    const told = payment('1')
    await account.tell(told.intent())
    await account.claim(told.id, id)
    const late = await account.claim(told.id, other)
    expect(late).toMatchObject({ status: 409, json: { code: 'already_exists' } })
    expect([await account.points(id), await account.points(other)]).toEqual([100, 0])
  })

  it('is for one of two who claim it at once', async () => {
    const [account, id] = await open()
    const other = await account.shop.enrol()
    const told = payment('1')
    await account.tell(told.intent())
    const answers = await Promise.all([id, other].map((each) => account.claim(told.id, each)))
    expect(tally(answers)).toEqual({ 200: 1, 409: 1 })
    expect((await account.points(id)) + (await account.points(other))).toBe(100)
  })

  it('holds though the payment is told of later, by any of its ids', async () => {
    const [account, id] = await open()
    const told = payment('1')
    await account.tell(told.dispute('created', 'needs_response', 10, { payment_intent: null }))
    const claimed = await account.claim('stripe:ch_1', id)
    expect(claimed.json).toMatchObject({ status: 'waiting', memberId: id, amount: null })
    await account.tell(told.intent(), told.dispute('closed', 'won', 20, { payment_intent: null }))
    expect(await account.points(id)).toBe(100)
  })

  it('answers 404 for what is not known, and 410 for who has left', async () => {
    const [account, id] = await open()
    const told = payment('1')
    await account.tell(told.intent())
    expect((await account.claim('stripe:pi_2', id)).status).toBe(404)
    for (const nobody of ['mv0000000000000', 'x']) {
      expect((await account.claim(told.id, nobody)).status).toBe(404)
    }
    await call('DELETE', `/v1/members/${id}`, { key: account.shop.key })
    expect((await account.claim(told.id, id)).status).toBe(410)
    expect(await account.waiting()).toHaveLength(1)
  })
})

describe('a member who has left', () => {
  const dump = async (account: Account) => {
    const rows = ['payments', 'webhook_events'].map((table) =>
      SQL.prepare(`SELECT * FROM ${table} WHERE program_id = ?`).bind(account.shop.id).run(),
    )
    return (await Promise.all(rows)).map(({ results }) => results)
  }
  const leave = (account: Account, id: string) =>
    call('DELETE', `/v1/members/${id}`, { key: account.shop.key })

  it('leaves no word of what was paid, and later ones are forgotten at once', async () => {
    const [account, id] = await open()
    const told = by(id, '1', { orderId: 'SO-secret' })
    await account.tell(told.dispute('created', 'needs_response', 10, { payment_intent: null }))
    await account.tell(told.intent(), told.charge())
    await leave(account, id)
    const check = async () => {
      const [rows, events] = await dump(account)
      expect(rows!.map((row) => [row.status, row.facts, row.member_id, row.order_id])).toEqual([
        ['erased', '', null, null],
        ['erased', '', null, null],
      ])
      expect(new Set(events!.map(({ body }) => body))).toEqual(new Set(['']))
    }
    await check()
    await account.tell(
      told.refunded(2000, 20),
      told.dispute('closed', 'won', 30, { payment_intent: null }),
    )
    await check()
    expect(await account.last()).toMatchObject({
      status: 'ignored',
      detail: 'The member was erased.',
    })
    const { position } = await account.last()
    expect((await account.replay(position)).status).toBe(200)
    const other = await account.shop.enrol()
    expect((await account.claim(told.id, other)).status).toBe(409)
    await check()
  })

  it('is not paid for: a payment that names such a one is forgotten', async () => {
    const [account, id] = await open()
    await leave(account, id)
    await account.tell(by(id, '1').intent())
    expect(await account.last()).toMatchObject({ status: 'ignored' })
    const [rows, events] = await dump(account)
    const nothing = { facts: '', member_id: null, order_id: null, status: 'erased' }
    expect(rows).toMatchObject([nothing, nothing])
    expect(events).toMatchObject([{ body: '', payment_id: 'stripe:pi_1' }])
  })

  it('was given all of it by the export', async () => {
    const [account, id] = await open()
    await account.tell(by(id, '1', { orderId: 'SO-1' }).intent())
    const tokens = await call('POST', `/v1/members/${id}/tokens`, {
      key: account.shop.key,
      body: {},
    })
    const { json } = await call('GET', '/me/export', { key: tokens.json.accessToken })
    expect(json.payments).toMatchObject([{ id: 'stripe:pi_1', orderId: 'SO-1', amount: 10_000 }])
    expect(json.webhookEvents).toMatchObject([{ event: { data: { object: { id: 'pi_1' } } } }])
  })
})

describe('the queue', () => {
  const away = () => {
    throw new Error('D1_ERROR: Network connection lost.')
  }

  it('is told to bring again what cannot be acted on now', async () => {
    const [account, id] = await open()
    const paid = by(id, '1').intent()
    await account.deliver(paid)
    const kept = [...account.queue]
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(await account.act({ LEDGER: { idFromName: away } as never })).toEqual([paid.id])
    expect(log.mock.calls.join()).not.toContain('pi_1')
    log.mockRestore()
    expect(await account.last()).toMatchObject({ status: 'received' })
    account.queue.push(...kept)
    expect(await account.act()).toEqual([])
    expect(await account.points(id)).toBe(100)
  })

  it('is sent what it lost by the cron, for three days', async () => {
    const [account] = await open()
    await account.deliver(event('invoice.paid', {}))
    const forgotten = async (after: number) => {
      const sent: KeptEvent[] = []
      const sendBatch = (batch: MessageSendRequest<KeptEvent>[]) =>
        Promise.resolve(void sent.push(...batch.map(({ body }) => body)))
      await sendForgotten({ ...env, WEBHOOKS: { sendBatch } as never }, Date.now() + after)
      return sent.filter(({ programId }) => programId === account.shop.id).length
    }
    expect(await forgotten(0)).toBe(0)
    expect(await forgotten(61_000)).toBe(1)
    expect(await forgotten(3 * 86_400_000 + 1000)).toBe(0)
    expect(await account.act()).toEqual([])
    expect(await forgotten(61_000)).toBe(0)
  })

  it('has the cron', async () => {
    await expect(worker.scheduled(createScheduledController(), env)).resolves.toBeUndefined()
  })
})

describe('POST /v1/webhook-events/:position/replay', () => {
  it.each(['0', '99', 'x', '1e0', '-1'])('answers 404 for %s', async (position) => {
    const [account] = await open()
    expect((await account.replay(position)).status).toBe(404)
  })
})
