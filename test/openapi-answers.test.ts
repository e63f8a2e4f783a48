import { createMessageBatch, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import openapi from '../public/openapi.json'
import { project } from '../src/projection/consumer'
import type { Pointer } from '../src/projection/projection'
import { SQL } from './db'
import { type Answer, createProgram, program, rootKey } from './http/api'
import { type Asked, ids, importIds, people, toldIds, Walk } from './http/openapi'

describe('an answer', () => {
  const walk = new Walk()
  const once = { 'idempotency-key': 'once' }
  const again = { 'idempotency-key': 'again' }
  let memberId: string

  const step = (id: string, asked: Asked = {}): Promise<Answer> =>
    walk.step(id, { params: { id: memberId }, ...asked })
  const member = (more: Record<string, string | number>) => ({ params: { id: memberId, ...more } })
  const seqOf = ({ json }: Answer): number => json.seq

  const walkKeys = async () => {
    await step('createProgram', { key: rootKey, body: program })
    const { json } = await step('createKey', { body: { kind: 'pos', name: 'Till 3' } })
    const params = { id: json.id }
    await step('rotateKey', { params, body: { overlapSeconds: 60 } })
    await step('rotateKey', { params, body: {} })
    await step('listKeys', { query: '?limit=1' })
    await step('revokeKey', { params: { id: json.id } })
  }

  const walkMembers = async () => {
    const identity = { externalId: 'customer-1', email: 'a@example.com' }
    const body = { ...identity, phone: '13912345678', name: 'Li Wei', birthday: '1990-12-31' }
    memberId = (await step('enrolMember', { body, headers: once })).json.id
    await step('enrolMember', { body: identity })
    await step('enrolMember', { body: { ...identity, phone: '13912345679' } })
    await step('enrolMember', { body: {} })
    await step('findMembers', { query: '?limit=1' })
    await step('findMembers', { query: '?phone=%2B8613912345678' })
    await step('changeMember', { body: { locale: 'zh-CN', birthday: null } })
    await step('getMember')
  }

  const walkLedger = async () => {
    const order = {
      orderId: 'SO-1',
      currency: 'CNY',
      channel: 'pos',
      storeId: 's',
      terminalId: 't',
    }
    const line = { sku: 'TEA-1', category: 'tea', quantity: 2, amount: 300_000 }
    const purchase = { ...order, lines: [line, { ...line, lineId: 'b', category: undefined }] }
    await step('awardPurchase', { body: purchase, headers: once })
    await step('awardPurchase', { body: purchase, headers: once })
    await step('awardPurchase', { body: { ...order, total: 1 } })
    const occurredAt = new Date(Date.now() - 399 * 86_400_000).toISOString()
    await step('awardPurchase', { body: { ...order, orderId: 'SO-0', total: 500, occurredAt } })
    await step('placeHold', { body: { points: 100, orderId: 'SO-1' } })
    const hold = await step('placeHold', { body: { points: 100 } })
    await step('captureHold', { ...member({ holdId: seqOf(hold) - 1 }), body: { points: 50 } })
    await step('captureHold', member({ holdId: seqOf(hold) - 1 }))
    await step('releaseHold', member({ holdId: seqOf(hold) }))
    const redeemed = await step('redeemPoints', { body: { rewardId: 'gift', expectedPoints: 1 } })
    await step('redeemPoints', { body: { points: 1_000_000 }, headers: again })
    await step('redeemPoints', { body: { points: 1_000_000 }, headers: again })
    await step('awardActivity', { body: { type: 'check-in' } })
    await step('awardActivity', { body: { type: 'check-in', reference: 'again' } })
    await step('awardActivity', { body: { type: 'review', reference: 'sku:TEA-1' } })
    await step('adjustPoints', { body: { points: 5, reason: 'x' } })
    await step('adjustPoints', { body: { points: -9_000, reason: 'x', allowDebt: true } })
    await step('reverseRedemption', member({ redemptionId: seqOf(redeemed) }))
    const refund = { orderId: 'SO-1', lines: [{ lineId: '1', quantity: 1 }] }
    await step('refundPurchase', { body: { ...refund, refundId: 'R1' } })
    await step('reverseRefund', member({ refundId: 'R1' }))
    await step('refundPurchase', { body: { orderId: 'SO-1', refundId: 'R2', amount: 600_000 } })
    await step('refundPurchase', { body: { orderId: 'SO-1', refundId: 'R3', amount: 600_000 } })
    await step('getBalance')
    await step('getBalance', { query: '?at=2020-01-01T00:00:00Z' })
    await step('listEntries', { query: '?limit=100' })
    await step('getEntry', member({ seq: 1 }))
    await step('getEntry', member({ seq: 999 }))
  }

  const walkProgram = async () => {
    const { json, headers } = await step('getProgram')
    const [bronze, silver, gold] = json.tiers.levels
    const grace = { months: 0, days: 0, toMonthEnd: true }
    const changed = {
      ...json,
      currencies: { USD: { rate: '7.12' } },
      activities: { ...json.activities, welcome: { points: 5, once: 'ever' } },
      returnWindowDays: 7,
      pending: { afterReturnWindow: true },
      expiry: { kind: 'inactivity', months: 3 },
      tiers: {
        ...json.tiers,
        down: 'one-step',
        grace,
        levels: [bronze, { ...silver, neverBelow: 'silver' }, { ...gold, from: 700_000 }],
      },
    }
    await step('publishProgram', { body: changed, headers: { 'if-match': headers.get('etag')! } })
    await step('publishProgram', { body: json, headers: { 'if-match': '"1"' } })
    await step('listVersions', { query: '?limit=1' })
    await step('getVersion', { params: { version: 1 } })
    await step('getVersion', { params: { version: 99 } })
  }

  const walkClock = async (programId: string) => {
    const order = { orderId: 'SO-3', currency: 'USD', channel: 'web', total: 100_000 }
    await step('awardPurchase', { body: order })
    await step('awardActivity', { body: { type: 'welcome' } })
    await step('getClock')
    // Members without a ledger are settled at once, in pages as others are.
    await SQL.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 310)
       INSERT INTO members (program_id, id, card_number, created_at) SELECT ?, 'x' || i, '', 0 FROM n`,
    )
      .bind(programId)
      .run()
    const now = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
    await step('moveClock', { body: { now: now(10) } })
    await step('getClock')
    await SQL.prepare("DELETE FROM members WHERE program_id = ? AND id LIKE 'x%'")
      .bind(programId)
      .run()
    await step('moveClock', { body: { now: now(400) } })
    await step('moveClock', { body: { now: now(0) } })
    await step('listEntries', { query: '?limit=100' })
    await step('getTier')
    await step('getStatement')
    await step('getStatement', { headers: { accept: 'text/html', 'accept-language': 'zh' } })
    await step('getTotals')
  }

  const walkLists = async (programId: string) => {
    await step('findOrder', { params: { orderId: 'SO-1' } })
    await step('getHealth')
    await step('readFeed')
    const batch = createMessageBatch<Pointer>('punchcard-projection', [
      { id: '1', timestamp: new Date(), attempts: 1, body: { programId, memberId } },
    ])
    await project(batch, env)
    await step('findOrder', { params: { orderId: 'SO-1' } })
    const exported = await step('exportProgram', { params: { id: programId }, key: rootKey })
    await step('restoreProgram', {
      params: { id: programId },
      key: rootKey,
      body: exported.text,
      headers: { 'content-type': 'application/x-ndjson' },
    })
    const asRoot = { key: rootKey }
    await step('rebuildProjection', { ...asRoot, body: { programId } })
    await step('rebuildProjection', { ...asRoot, body: {} })
    await step('listRebuilds', asRoot)
    const at = new Date(Date.now() - 1_000).toISOString()
    const asked = { ...asRoot, body: { programId, memberId, at } }
    await step('rewindLedger', asked)
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${programId}:${memberId}`))
    await runInDurableObject(stub, (_, { storage }) => {
      const bookmark = () => Promise.resolve('bookmark')
      const has = { getBookmarkForTime: bookmark, onNextSessionRestoreBookmark: bookmark }
      Object.assign(storage, has)
    })
    await step('rewindLedger', asked)
    await step('getHealth')
    await step('readFeed', { query: '?limit=5&after=1' })
    await step('refundOrder', { body: { orderId: 'SO-1', refundId: 'R4', amount: 1 } })
    await step('refundOrder', { body: { orderId: 'SO-1', refundId: 'R2', amount: 600_000 } })
    await step('refundOrder', { body: { orderId: 'SO-2', refundId: 'R4', amount: 1 } })
  }

  beforeAll(async () => {
    const created = await createProgram()
    walk.usual = { key: created.key }
    await step('getHealthz')
    await walkKeys()
    await walkMembers()
    await walkLedger()
    await walkLists(created.id)
    await walkProgram()
    await walkClock(created.id)
  })

  const others = [...people.ids, ...toldIds, ...importIds]

  it.each(ids.filter((id) => !others.includes(id)))('of %s is as described', (id) => {
    const { misfits, statuses, described } = walk.of(id)
    expect(misfits).toEqual([])
    expect(statuses).toEqual(described)
  })

  it('says when it was given before', () => {
    const replayed = walk.answers.filter((answer) => answer.isReplayed)
    expect(replayed.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'awardPurchase 201',
      'redeemPoints 409',
      // The same refund as at the member, under another key.
      'refundOrder 201',
    ])
  })

  it('has shown every kind of entry that the API can make', () => {
    const entry = openapi.components.schemas.Entry.properties.kind.enum
    expect(entry.filter((kind) => !walk.kinds.has(kind))).toEqual(people.kinds)
  })

  it('has shown every field that an entry can have without an import', () => {
    const { properties } = openapi.components.schemas.Entry
    expect(Object.keys(properties).filter((name) => !walk.fields.has(name))).toEqual(['undo'])
  })
})
