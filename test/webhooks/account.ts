import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { inject } from 'vitest'
import worker from '../../src/index'
import type { KeptEvent } from '../../src/webhooks/consumer'
import { envWith } from '../db'
import { openShop, type Rules, type Shop } from '../clock/shop'
import { type Answer, call } from '../http/api'
import { START } from '../pos/till'

export const NOW = Date.parse(START) / 1000

type Fields = Record<string, unknown>
type Event = {
  id: string
  type: string
  livemode: boolean
  created: number
  data: { object: Fields }
}

/** What is read of Stripe's own fixtures, for where `../shared` is absent. */
const standIns: Record<string, Fields> = {
  'payment_intent.succeeded': { object: 'payment_intent', amount_received: 2000, metadata: {} },
  'charge.succeeded': {
    object: 'charge',
    amount_captured: 2000,
    captured: true,
    billing_details: { email: null, name: null, phone: null },
    metadata: {},
  },
  'charge.refunded': { object: 'charge', amount_captured: 2000, captured: true, metadata: {} },
  'charge.refund.updated': { object: 'refund', status: 'succeeded', metadata: {} },
  'charge.dispute.created': { object: 'dispute', status: 'warning_needs_response', metadata: {} },
  'charge.dispute.closed': { object: 'dispute', status: 'won' },
}

/** A fixture by its type, from `../shared/vectors/events/stripe` where that is. */
export function fixture(type: string): Event {
  const file = inject('shared')[`vectors/events/stripe/${type}.json`]
  if (file) {
    return JSON.parse(file) as Event
  }
  const object = { id: 'x', amount: 2000, currency: 'usd', created: NOW, ...standIns[type] }
  return { id: 'evt_0', type, livemode: false, created: NOW, data: { object } }
}

let count = 0

/** An event of a type: its fixture, whose ids and times are zeroed and unlinked, filled with these. */
export function event(type: string, object: Fields, fields: Fields = {}): Event {
  const { data, ...rest } = fixture(type)
  const created = (fields.created as number | undefined) ?? NOW
  return {
    ...rest,
    id: `evt_${++count}`,
    created,
    ...fields,
    data: { object: { ...data.object, created, currency: 'cny', ...object } },
  }
}

/** Hex HMAC-SHA256 as Stripe signs. */
export async function mac(secret: string, text: string | Uint8Array): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', Buffer.from(secret), algorithm, false, ['sign'])
  return Buffer.from(await crypto.subtle.sign('HMAC', key, Buffer.from(text))).toString('hex')
}

export const signature = async (secret: string, body: string | Uint8Array, at = NOW) =>
  `t=${at},v1=${await mac(secret, Buffer.concat([Buffer.from(`${at}.`), Buffer.from(body)]))}`

/** Who paid what, for a payment of 100: intent and charge of one number. */
export const payment = (n: string, object: Fields = {}) => {
  const [intent, charge] = [`pi_${n}`, `ch_${n}`]
  const taken = { amount: 10_000, ...object }
  const ofCharge = { payment_intent: intent, charge }
  const of = (type: string, each: Fields, at: number) => event(type, each, { created: NOW + at })
  return {
    id: `stripe:${intent}`,
    intent: (fields: Fields = {}, at = 0) =>
      of(
        'payment_intent.succeeded',
        { id: intent, amount_received: taken.amount, latest_charge: charge, ...taken, ...fields },
        at,
      ),
    charge: (fields: Fields = {}, at = 0) =>
      of(
        'charge.succeeded',
        {
          id: charge,
          payment_intent: intent,
          amount_captured: taken.amount,
          ...taken,
          ...fields,
        },
        at,
      ),
    refunded: (sum: number, at = 0, fields: Fields = {}) =>
      of(
        'charge.refunded',
        {
          id: charge,
          payment_intent: intent,
          amount_captured: taken.amount,
          ...taken,
          amount_refunded: sum,
          ...fields,
        },
        at,
      ),
    refund: (status: string, amount: number, at = 0) =>
      of('charge.refund.updated', { id: `re_${n}_${amount}`, ...ofCharge, amount, status }, at),
    dispute: (type: 'created' | 'closed', status: string, at = 0, fields: Fields = {}) =>
      of(
        `charge.dispute.${type}`,
        { id: `dp_${n}`, ...ofCharge, amount: taken.amount, status, ...fields },
        at,
      ),
  }
}

/** A shop with a Stripe account that tells it what happens; its queue is emptied by hand. */
export class Account {
  readonly shop: Shop
  readonly queue: KeptEvent[] = []
  secret = 'whsec_first'
  id = ''
  path = ''
  /** What the Worker is bound to meanwhile. */
  bindings: Partial<Env> = {}

  constructor(shop: Shop) {
    this.shop = shop
  }

  call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    call(method, path, { key: this.shop.key, body })

  async connect(): Promise<this> {
    const { json } = await this.call('POST', '/v1/webhook-endpoints', {
      provider: 'stripe',
      secrets: [this.secret],
    })
    this.id = json.id
    this.path = new URL(json.url).pathname
    return this
  }

  /** Delivers a body, signed unless a header is given. */
  async post(body: string | Uint8Array, header?: string): Promise<Answer> {
    const send = (kept: KeptEvent) => Promise.resolve(void this.queue.push(kept))
    return call('POST', this.path, {
      body,
      headers: { 'stripe-signature': header ?? (await signature(this.secret, body)) },
      env: { ...this.bindings, WEBHOOKS: { send } as unknown as Env['WEBHOOKS'] },
    })
  }

  /** Delivers events as they are. */
  async deliver(...events: Event[]): Promise<void> {
    for (const each of events) {
      const { status, text } = await this.post(JSON.stringify(each))
      if (status !== 200 || text !== '{"received":true}') {
        throw new Error(`${status} ${text}`)
      }
    }
  }

  /** Has the queue's consumer act on what was delivered; answers which events come again. */
  async act(bindings = this.bindings): Promise<string[]> {
    const bodies = this.queue.splice(0)
    const messages = bodies.map((body, i) => ({
      id: String(i),
      timestamp: new Date(),
      attempts: 1,
      body,
    }))
    const batch = createMessageBatch<KeptEvent>('punchcard-webhooks', messages)
    const ctx = createExecutionContext()
    await worker.queue(batch, envWith(bindings))
    const { retryMessages } = await getQueueResult(batch, ctx)
    return retryMessages.map(({ msgId }) => bodies[Number(msgId)]!.eventId)
  }

  /** Delivers events and acts on each before the next. */
  async tell(...events: Event[]): Promise<void> {
    for (const each of events) {
      await this.deliver(each)
      const again = await this.act()
      if (again.length > 0) {
        throw new Error(`Not acted on: ${again.join()}`)
      }
    }
  }

  events = async () =>
    (await this.call('GET', '/v1/webhook-events?limit=100')).json.data as Record<string, unknown>[]

  /** What became of the last event. */
  last = async () => (await this.events())[0]!

  waiting = async () =>
    (await this.call('GET', '/v1/payments')).json.data as Record<string, unknown>[]

  claim = (id: string, memberId: string): Promise<Answer> =>
    this.call('POST', `/v1/payments/${encodeURIComponent(id)}/claim`, { memberId })

  replay = (position: unknown): Promise<Answer> =>
    this.call('POST', `/v1/webhook-events/${String(position)}/replay`)

  points = async (memberId: string): Promise<number> =>
    (await this.shop.balance(memberId)).balance.balance

  kinds = async (memberId: string): Promise<string[]> =>
    (await this.shop.entries(memberId)).map(({ kind }) => kind).filter((kind) => kind !== 'tier')
}

/** A shop whose clock stands, with an account. */
export const openAccount = async (changes?: Rules, fields: object = {}): Promise<Account> =>
  new Account(await openShop({ clock: START, ...fields }, changes)).connect()
