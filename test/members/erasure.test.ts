import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, it } from 'vitest'
import * as recoveryTables from '../../src/db/recovery-tables'
import * as ownTables from '../../src/db/tables'
import * as webhookTables from '../../src/db/webhook-tables'
import { call } from '../http/api'
import { mine, openStorefront, type Storefront } from '../me/storefront'
import { breaches, type Fate, figures, listed, owned, stated, told, valuesAt } from './fates'
import {
  dumpD1,
  dumpObject,
  fallBehind,
  type Full,
  fullMember,
  type Row,
  rules,
  textOf,
} from './full'
import { foundIn } from './needles'

// What export gives and what erase removes are the same list.

let store: Storefront
let ways: {
  how: string
  status: number
  member: Full
  before: Seen
  after: Seen
  told: Row
}[]
let bystander: Full

interface Seen {
  d1: Record<string, Row[]>
  object: Record<string, Row[]>
}

const see = async (memberId: string): Promise<Seen> => ({
  d1: await dumpD1(),
  object: await dumpObject(store.id, memberId),
})

/** The same with the lists behind, which the queue may end at any time. */
async function seeBehind(memberId: string): Promise<Seen> {
  for (;;) {
    await fallBehind(store.id, memberId)
    const seen = await see(memberId)
    if (seen.d1.behind!.some((row) => row.member_id === memberId)) {
      return seen
    }
  }
}

beforeAll(async () => {
  store = await openStorefront({}, rules)
  bystander = await fullMember(store)
  const leaving = await fullMember(store)
  const erased = await fullMember(store)
  const acts = [
    ['DELETE /me', leaving, () => mine(leaving, 'DELETE')],
    [
      'DELETE /v1/members/:id',
      erased,
      () => call('DELETE', `/v1/members/${erased.memberId}`, { key: store.key }),
    ],
  ] as const
  ways = []
  for (const [how, member, act] of acts) {
    const { json } = await mine(member, 'GET', '/export')
    const before = await seeBehind(member.memberId)
    const { status } = await act()
    const after = await see(member.memberId)
    ways.push({ how, status, member, before, after, told: json })
  }
})

/** A member's own rows of a table of D1. */
function ownRows({ d1 }: Seen, table: string, { memberId }: Full, { d1: then }: Seen): Row[] {
  const isOwn = (row: Row) =>
    row.member_id === memberId || (table === 'members' && row.id === memberId)
  // Of payments and what was told of them is known whose they were, and not any more.
  const paid = then.payments!.filter(isOwn).map(({ id }) => id)
  const alias = then.payments!.filter((row) => paid.includes(row.leads_to)).map(({ id }) => id)
  if (table === 'payments' || table === 'webhook_events') {
    const column = table === 'payments' ? 'id' : 'payment_id'
    return d1[table]!.filter((row) => [...paid, ...alias].includes(row[column]))
  }
  if (table !== 'outbox') {
    return d1[table]!.filter(isOwn)
  }
  const hashes = then.contacts!.filter(isOwn).map(({ hash }) => hash)
  return d1.outbox!.filter((row) => hashes.includes(row.contact_hash))
}

const eachWay = [0, 1] as const

describe('every column', () => {
  const byName = Object.values({ ...ownTables, ...recoveryTables, ...webhookTables })
    .filter((table) => is(table, SQLiteTable))
    .map((table): [string, string[]] => [
      getTableName(table),
      Object.values(getTableColumns(table)).map(({ name }) => name),
    ])
  const sorted = (names: string[]) => names.toSorted()

  it('of D1 has a fate, and no other has one', () => {
    expect(sorted(Object.keys(listed))).toEqual(sorted(byName.map(([name]) => name)))
    expect(sorted(Object.keys(ways[0]!.before.d1))).toEqual(sorted(Object.keys(listed)))
    for (const [name, columns] of byName) {
      const fates = listed[name]
      expect([name, fates && sorted(Object.keys(fates))]).toEqual([
        name,
        fates === null ? null : sorted(columns),
      ])
    }
  })

  it('of a member’s object has a fate, and there is nothing beside them', () => {
    const { kv, ...rows } = ways[0]!.before.object
    expect(kv).toEqual([])
    expect(sorted(Object.keys(rows))).toEqual(sorted(Object.keys(owned)))
    for (const [name, [row]] of Object.entries(rows)) {
      expect([name, sorted(Object.keys(row!))]).toEqual([name, sorted(Object.keys(owned[name]!))])
    }
  })

  it('of its state and memos is known by name', () => {
    const { state, memos } = ways[0]!.before.object
    const value = JSON.parse(state![0]!.value as string)
    expect(sorted(Object.keys(value))).toEqual(sorted(Object.keys(stated)))
    expect(sorted(Object.keys(value.state))).toEqual(figures)
    const kinds = memos!.map(({ key }) => String(key).split(':')[0]!)
    expect(sorted([...new Set(kinds)])).toEqual(['coupon', 'key', 'refund', 'session'])
  })

  describe.each(eachWay)('meets its fate, way %i', (way) => {
    const columns = (all: Record<string, Record<string, Fate> | null>) =>
      Object.entries(all).flatMap(([table, fates]) =>
        Object.entries(fates ?? {}).map(([column, fate]) => [table, column, fate] as const),
      )

    it.each(columns(listed))('in D1: %s.%s', (table, column, fate) => {
      const { member, before, after, told: document } = ways[way]!
      const was = ownRows(before, table, member, before)
      expect(was.length).toBeGreaterThan(0)
      const left = ownRows(after, table, member, before)
      expect(breaches(fate, column, { was, is: left, texts: member.texts, document })).toEqual([])
    })

    it.each(columns(owned))('in the object: %s.%s', (table, column, fate) => {
      const { member, before, after, told: document } = ways[way]!
      const [was, left] = [before.object[table]!, after.object[table]!]
      expect(was.length).toBeGreaterThan(0)
      expect(breaches(fate, column, { was, is: left, texts: member.texts, document })).toEqual([])
    })

    it.each(Object.entries(stated))('in the state: %s', (field, fate) => {
      const { member, before, after, told: document } = ways[way]!
      const read = ({ object }: Seen) => {
        const value = JSON.parse(object.state![0]!.value as string)[field]
        return [{ [field]: Array.isArray(value) && value.length === 0 ? null : value }]
      }
      const change = { was: read(before), is: read(after), texts: member.texts, document }
      expect(breaches(fate, field, change)).toEqual([])
    })
  })

  it('in which no member has anything has none of their texts', () => {
    const { before, member } = ways[0]!
    const strangers = Object.keys(listed).filter((table) => listed[table] === null)
    expect(strangers).toContain('programs')
    for (const table of strangers) {
      expect([table, foundIn(textOf(before.d1[table]!), member.texts)]).toEqual([table, []])
    }
  })
})

describe.each(eachWay)('who has left, way %i', (way) => {
  it('was told everything before', () => {
    const { how, status, member, told: document } = ways[way]!
    expect([how, status]).toEqual([how, 204])
    expect(Object.keys(told).toSorted()).toEqual(Object.keys(member.texts).toSorted())
    for (const [what, path] of Object.entries(told)) {
      const values = path === null ? [member.texts[what]] : valuesAt(document, path)
      expect([what, values.includes(member.texts[what])]).toEqual([what, true])
    }
  })

  it('was there to be found before, in D1 and in the object', () => {
    const { member, before } = ways[way]!
    const found = (dump: object) =>
      foundIn(textOf(dump), member.texts).map((each) => each.split(':')[0])
    expect(found(before.d1)).toEqual(
      expect.arrayContaining(['orderId', 'oddOrder', 'refundId', 'gift', 'lost', 'storeId']),
    )
    // In its keys the e-mail address.
    expect(found(before.object)).toEqual(
      expect.arrayContaining(['email', 'orderId', 'heldOrder', 'reference', 'unwanted', 'locale']),
    )
  })

  it('is nowhere any more: not in D1, not in the object, however it is written', () => {
    const { member, after } = ways[way]!
    expect(foundIn(textOf(after.d1), member.texts)).toEqual([])
    expect(foundIn(textOf(after.object), member.texts)).toEqual([])
  })

  it('has no identity, session, message or key left', () => {
    const { member, before, after } = ways[way]!
    for (const table of ['contacts', 'outbox']) {
      expect(ownRows(before, table, member, before).length).toBeGreaterThan(1)
      expect(ownRows(after, table, member, before)).toEqual([])
    }
    expect(after.object.memos).toEqual([])
    expect(after.object.lots).toEqual([])
  })

  it('leaves everybody else as they were', async () => {
    const { d1 } = ways[way]!.after
    const kept = foundIn(textOf(d1), bystander.texts)
    expect(kept.length).toBeGreaterThan(5)
    const { status, json } = await mine(bystander, 'GET', '/export')
    expect([status, json.profile.email]).toEqual([200, bystander.texts.email])
    expect(json.messages).toHaveLength(2)
  })
})

describe('the search itself', () => {
  it.each<[string, string]>([
    ['as it is', 'x Ünüs 李 y'],
    ['in another case', 'x ÜNÜS 李 y'],
    ['in base 64', Buffer.from('Ünüs 李').toString('base64')],
    ['in base 64 inside a longer text', Buffer.from('{"name":"Ünüs 李"}').toString('base64url')],
    ['in hex', Buffer.from('Ünüs 李').toString('hex')],
    ['encoded for a URL', encodeURIComponent('Ünüs 李')],
    ['escaped', '\\u00dcn\\u00fcs \\u674e'],
    ['in decomposed letters', 'Ünüs 李'.normalize('NFD')],
  ])('finds a text %s', (_, dump) => {
    expect(foundIn(dump, { name: 'Ünüs 李' })).toHaveLength(1)
  })
})
