import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forgetProgram } from '../../src/auth/identify'
import { catchUp } from '../../src/projection/consumer'
import { Shop } from '../clock/shop'
import { SQL } from '../db'
import { call, createProgram, enrol, rootKey } from '../http/api'
import { live, START, step } from '../projection/live'
import { exportOf, importTo, wipe, wipeLedger } from './move'

/** A test program with three members who have lived. */
async function lived(steps = 60) {
  const shop = new Shop(await createProgram({ clock: START }))
  const members: string[] = []
  for (const name of ['ada', 'ben', 'cleo']) {
    const { json } = await enrol(shop.key, { externalId: name, name, email: `${name}@example.com` })
    members.push(json.id)
  }
  const [script] = fc.sample(fc.array(step, { minLength: steps, maxLength: steps }), 1)
  await live(shop, members, script!)
  return { shop, members }
}

const paths = ['balance', 'tier', 'entries?limit=100', 'statement']

/** What the API says of members. */
const answersOf = (shop: Shop, members: readonly string[]) =>
  Promise.all(
    members.flatMap((id) =>
      ['', ...paths.map((path) => `/${path}`)].map(
        async (path) => (await shop.get(`/v1/members/${id}${path}`)).json as unknown,
      ),
    ),
  )

const rowsOf = async (table: string, programId: string) =>
  (await SQL.prepare(`SELECT * FROM ${table} WHERE program_id = ?`).bind(programId).all()).results

/** Has the isolate ask for the program and its keys again. */
const settleDown = (shop: Shop) => forgetProgram(shop.id)

describe('a backup', () => {
  it('comes back to the same answers, the same chain and the same bytes', async () => {
    const { shop, members } = await lived()
    const [text, said] = [await exportOf(shop.id), await answersOf(shop, members)]

    await wipe(shop.id, members)
    settleDown(shop)
    const answers = await importTo(shop.id, text)

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(await exportOf(shop.id)).toBe(text)
    expect(await answersOf(shop, members)).toEqual(said)
  })

  it('changes nothing where everything is there', async () => {
    const { shop, members } = await lived(20)
    const text = await exportOf(shop.id)
    await importTo(shop.id, text)
    await importTo(shop.id, text, { linesACall: 1 })
    expect(await exportOf(shop.id)).toBe(text)
    expect(await rowsOf('contacts', shop.id)).toHaveLength(9)
    expect(members).toHaveLength(3)
  })

  it('comes back when it is sent again after it was cut off anywhere', async () => {
    const { shop, members } = await lived(20)
    const text = await exportOf(shop.id)
    const lines = text.split('\n')
    for (const cut of [1, 4, lines.length - 3]) {
      await wipe(shop.id, members)
      settleDown(shop)
      await importTo(shop.id, lines.slice(0, cut).join('\n'))
      await importTo(shop.id, text)
      expect(await exportOf(shop.id), `cut after ${cut}`).toBe(text)
    }
  })

  it('brings the lists back', async () => {
    const { shop, members } = await lived(30)
    const pointers = members.map((memberId) => ({ programId: shop.id, memberId }))
    await catchUp(env, pointers)
    const before = await rowsOf('balances', shop.id)
    const text = await exportOf(shop.id)
    await wipe(shop.id, members)
    await importTo(shop.id, text)
    await catchUp(env, pointers)
    expect(await rowsOf('balances', shop.id)).toEqual(before)
  })

  it('remembers what was answered to a key', async () => {
    const { shop, members } = await lived(5)
    const [id] = members
    const order = { orderId: 'kept', currency: 'CNY', total: 5_000, channel: 'pos' }
    const buy = (body: object) =>
      call('POST', `/v1/members/${id}/purchases`, {
        key: shop.key,
        body,
        headers: { 'idempotency-key': 'once' },
      })
    const refuse = () =>
      call('POST', `/v1/members/${id}/redemptions`, {
        key: shop.key,
        body: { points: 900_000 },
        headers: { 'idempotency-key': 'too-much' },
      })
    const [first, refused] = [await buy(order), await refuse()]
    const text = await exportOf(shop.id)
    await wipe(shop.id, members)
    settleDown(shop)
    await importTo(shop.id, text)

    const again = await buy(order)
    expect(again.json).toEqual(first.json)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await buy({ ...order, total: 1 })).status).toBe(422)
    expect((await refuse()).json.code).toBe(refused.json.code)
  })

  it('holds ledgers of any length', async () => {
    const shop = new Shop(await createProgram({ clock: START }))
    const id = await shop.enrol()
    for (let i = 0; i < 130; i++) {
      await shop.buy(id, `o-${i}`, 3)
      await shop.post(id, 'redemptions', { points: 900_000 + i })
      await shop.post(id, 'redemptions', { points: 800_000 + i })
    }
    const text = await exportOf(shop.id)
    const said = await answersOf(shop, [id])
    await wipe(shop.id, [id])
    settleDown(shop)
    await importTo(shop.id, text, { linesACall: 1 })
    expect(await exportOf(shop.id)).toBe(text)
    expect(await answersOf(shop, [id])).toEqual(said)
  })
})

describe('putting back', () => {
  it('makes a ledger that was lost, and leaves one that has gone on', async () => {
    const { shop, members } = await lived(20)
    const [lost, alive] = members
    await shop.buy(lost!, 'before', 12)
    const said = await answersOf(shop, [lost!])
    const text = await exportOf(shop.id)
    await wipeLedger(shop.id, lost!)
    await shop.buy(alive!, 'since', 12)
    const since = await answersOf(shop, [alive!])
    const answers = await importTo(shop.id, text)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(await answersOf(shop, [lost!])).toEqual(said)
    expect(await answersOf(shop, [alive!])).toEqual(since)
  })

  it('refuses a ledger that has another history, and writes nothing of it', async () => {
    const { shop, members } = await lived(5)
    const [id] = members
    await shop.buy(id!, 'one', 12)
    const text = await exportOf(shop.id)
    await wipeLedger(shop.id, id!)
    // Another ledger under the same id: its salt is another.
    await shop.buy(id!, 'other', 15)
    const said = await answersOf(shop, [id!])
    const answers = await importTo(shop.id, text)
    expect(answers.find(({ status }) => status !== 200)?.json).toMatchObject({
      status: 409,
      code: 'already_exists',
    })
    expect(await answersOf(shop, [id!])).toEqual(said)
  })

  const tamperings: [what: string, change: (text: string) => string][] = [
    [
      'more points',
      (text) => text.replace(/"points":(\d+)/, (_, n) => `"points":${Number(n) + 1}`),
    ],
    ['another hash', (text) => text.replace(/"hash":"..../, '"hash":"AAAA')],
    ['an entry left out', (text) => text.replace(/\{"seq":1,.*?\},(?=\{"seq":2)/, '')],
    ['another salt', (text) => text.replace(/"salt":"....../, '"salt":"AAAAAA')],
  ]
  it.each(tamperings)('refuses a ledger with %s', async (_, change) => {
    const { shop, members } = await lived(5)
    await shop.buy(members[0]!, 'first', 12)
    await shop.buy(members[0]!, 'second', 12)
    const text = await exportOf(shop.id)
    await wipe(shop.id, members)
    const line = text.split('\n').find((each) => each.startsWith(`{"ledger":"${members[0]}`))!
    const [answer] = await importTo(shop.id, change(line))
    expect(change(line)).not.toBe(line)
    expect(answer!.json).toMatchObject({ status: 400, code: 'validation_failed' })
    const objects = await rowsOf('members', shop.id)
    expect(objects).toEqual([])
  })

  it('leaves who was erased since erased', async () => {
    const { shop, members } = await lived(10)
    const [id] = members
    const text = await exportOf(shop.id)
    await call('DELETE', `/v1/members/${id}`, { key: shop.key })
    await importTo(shop.id, text)
    expect((await shop.get(`/v1/members/${id}/balance`)).status).toBe(410)
    expect((await shop.get('/v1/members?externalId=ada')).json.data).toEqual([])
    const left = await rowsOf('contacts', shop.id)
    expect(left.filter((row) => row.member_id === id)).toEqual([])
  })

  it('brings somebody who was erased before back as nobody', async () => {
    const { shop, members } = await lived(10)
    const [id] = members
    await call('DELETE', `/v1/members/${id}`, { key: shop.key })
    const text = await exportOf(shop.id)
    await wipe(shop.id, members)
    settleDown(shop)
    await importTo(shop.id, text)
    expect((await shop.get(`/v1/members/${id}/balance`)).status).toBe(410)
    expect(await exportOf(shop.id)).toBe(text)
  })

  it('erases who has left since an older backup was put back', async () => {
    const { shop, members } = await lived(10)
    const [id] = members
    const older = await exportOf(shop.id)
    await call('DELETE', `/v1/members/${id}`, { key: shop.key })
    const newer = await exportOf(shop.id)
    await wipe(shop.id, members)
    settleDown(shop)
    await importTo(shop.id, older)
    await importTo(shop.id, newer)
    expect((await shop.get(`/v1/members/${id}`)).status).toBe(410)
    expect((await shop.get(`/v1/members/${id}/balance`)).status).toBe(410)
    expect((await shop.get('/v1/members?externalId=ada')).json.data).toEqual([])
    const ledgerOf = (text: string) =>
      text.split('\n').find((line) => line.startsWith(`{"ledger":"${id}`))!
    const entriesOf = (text: string) => JSON.parse(ledgerOf(text)).part.entries as object[]
    expect(entriesOf(await exportOf(shop.id))).toEqual(entriesOf(newer))
  })

  it.each([
    [
      'the ledger of another member',
      (line: string) => line.replace(/"memberId":"m/, '"memberId":"n'),
    ],
    [
      'no fields',
      (line: string) => line.replace(/"fields":\{.*?\},"entries"/, '"fields":{},"entries"'),
    ],
    ['an entry that is none', (line: string) => line.replace(/"body":"\[/, '"body":"{')],
    ['an entry 0', (line: string) => line.replace(/\{"seq":1,/, '{"seq":0,')],
    [
      'entries in another order',
      (line: string) => line.replace(/\{"seq":1,(.*?)\},(\{"seq":2,.*?\})/, '$2,{"seq":1,$1}'),
    ],
    ['an entry without columns', (line: string) => line.replace(/\{"seq":1,.*?\}/, '{}')],
  ])('answers 400 for %s', async (_, change) => {
    const { shop, members } = await lived(3)
    await shop.buy(members[0]!, 'first', 12)
    await shop.buy(members[0]!, 'second', 12)
    const text = await exportOf(shop.id)
    await wipe(shop.id, members)
    const line = text.split('\n').find((each) => each.startsWith(`{"ledger":"${members[0]}`))!
    expect(change(line)).not.toBe(line)
    const [answer] = await importTo(shop.id, change(line))
    expect(answer!.status).toBe(400)
  })

  it('refuses lines of another program, of another secret, and what are no lines', async () => {
    const { shop, members } = await lived(2)
    const other = new Shop(await createProgram())
    const text = await exportOf(shop.id)
    await wipe(shop.id, members)
    const of = async (programId: string, body: string, bindings = {}) =>
      (await importTo(programId, body, { bindings }))[0]!.json.code
    expect(await of(other.id, text)).toBe('validation_failed')
    const PROFILE_KEY = Buffer.alloc(32, 7).toString('base64')
    expect(await of(shop.id, text, { PROFILE_KEY })).toBe('validation_failed')
    expect(await of(shop.id, 'no json')).toBe('malformed_json')
    expect(await of(shop.id, '{"table":"sqlite_master","row":{}}')).toBe('malformed_json')
    expect(await of(shop.id, '{"ledger":"nobody","part":{"entries":[],"memos":[]}}')).toBe(
      'validation_failed',
    )
    expect(await rowsOf('members', shop.id)).toEqual([])
  })

  it('is for the root key alone, knows programs, and reads its own cursors only', async () => {
    const { shop } = await lived(1)
    const path = `/v1/programs/${shop.id}/backup`
    const statuses = await Promise.all([
      shop.get(path),
      call('POST', path, { key: shop.key, body: {} }),
      call('GET', path),
      call('GET', '/v1/programs/zzzzzzzz/backup', { key: rootKey }),
      call('GET', `${path}?cursor=abc`, { key: rootKey }),
      call('POST', path, { key: rootKey, body: {} }),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([403, 403, 401, 404, 400, 415])
  })
})
