import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { forgetProgram } from '../../src/auth/identify'
import { database } from '../../src/db/client'
import type { MemberLedger } from '../../src/ledger/object'
import { findProgram } from '../../src/program/store'
import { catchUp } from '../../src/projection/consumer'
import { earningOf, ruleOf } from '../ledger/world'
import { Shop } from '../clock/shop'
import { SQL } from '../db'
import { call, createProgram, enrol } from '../http/api'
import { START } from '../projection/live'
import { openStorefront } from '../me/storefront'
import { exportOf, importTo, wipe } from './move'

/** A test program with a member who is known by an e-mail. */
async function open(): Promise<{ shop: Shop; id: string }> {
  const shop = new Shop(await createProgram({ clock: START }))
  const { json } = await enrol(shop.key, { externalId: 'ada', email: 'old@example.com' })
  return { shop, id: json.id }
}

const versionOf = async (shop: Shop): Promise<number> =>
  (await shop.get('/v1/program/versions')).json.data[0].version

const statusesOf = async (programId: string, text: string) => {
  const answers = await importTo(programId, text)
  return [...new Set(answers.map(({ status }) => status))]
}

/** What another deployment has, that has nothing yet, once a backup was put back there. */
async function move(shop: Shop, id: string, text: string): Promise<void> {
  await wipe(shop.id, [id])
  forgetProgram(shop.id)
  expect(await statusesOf(shop.id, text)).toEqual([200])
}

/** The part of an export up to a table, and the rest of it. */
const cutBefore = (text: string, start: string): [string, string] => {
  const at = text.indexOf(`{"${start}`)
  return [text.slice(0, at), text.slice(at)]
}

describe('an older backup that is put back where the program has gone on', () => {
  it('gives nobody back what they were known by and gave up', async () => {
    const { shop, id } = await open()
    const older = await exportOf(shop.id)
    const changes = { email: 'new@example.com', externalId: null }
    const path = `/v1/members/${id}`
    expect((await call('PATCH', path, { key: shop.key, body: changes })).status).toBe(200)
    expect(await statusesOf(shop.id, older)).toEqual([200])
    const found = async (query: string) =>
      (await shop.get(`/v1/members?${query}`)).json.data.map((each: { id: string }) => each.id)
    expect(await found('email=old@example.com')).toEqual([])
    expect(await found('externalId=ada')).toEqual([])
    expect(await found('email=new@example.com')).toEqual([id])
  })

  it('brings no session back that was ended, and moves none', async () => {
    const shop = await openStorefront({ clock: START })
    const { accessToken, refreshToken, memberId: id } = await shop.newcomer()
    const older = await exportOf(shop.id)
    expect(older).not.toContain('session:')
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${id}`))
    const memos = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT * FROM memos WHERE key GLOB 'session:*'").toArray(),
    )
    expect(memos).toHaveLength(1)
    const out = { key: accessToken, body: { everywhere: true } }
    expect((await call('POST', '/me/sign-out', out)).status).toBe(204)
    // As the first backups had them.
    const withSession = older.replace('"memos":[]', `"memos":${JSON.stringify(memos)}`)
    expect(withSession).not.toBe(older)
    for (const text of [older, withSession]) {
      expect(await statusesOf(shop.id, text)).toEqual([200])
      expect((await shop.refresh(refreshToken)).status).toBe(401)
    }
  })

  it('brings no endpoint of webhooks back that was deleted', async () => {
    const { shop } = await open()
    const body = { provider: 'stripe', secrets: ['whsec_leaked'] }
    const { json } = await call('POST', '/v1/webhook-endpoints', { key: shop.key, body })
    const older = await exportOf(shop.id)
    await call('DELETE', `/v1/webhook-endpoints/${json.id}`, { key: shop.key })
    expect(await statusesOf(shop.id, older)).toEqual([200])
    expect((await shop.get('/v1/webhook-endpoints')).json.data).toEqual([])
    const posted = await call('POST', new URL(json.url).pathname, { body: '{}' })
    expect(posted.status).toBe(404)
  })
})

describe('a backup that is written while the program goes on', () => {
  const rules = { earning: earningOf([ruleOf(2, 100)]) }

  it('can be put back though a version was published meanwhile, which is in force then', async () => {
    const { shop, id } = await open()
    const [begin] = cutBefore(await exportOf(shop.id), 'ledger')
    expect((await shop.publish(rules)).status).toBe(200)
    await shop.buy(id, 'o', 10)
    const [, rest] = cutBefore(await exportOf(shop.id), 'ledger')
    await move(shop, id, begin + rest)
    expect(await versionOf(shop)).toBe(2)
    expect((await shop.buy(id, 'p', 10)).json.balance.balance).toBe(40)
    await shop.publish({ earning: earningOf([ruleOf(3, 100)]) })
    expect(await versionOf(shop)).toBe(3)
  })

  it('leaves who was erased meanwhile erased', async () => {
    const { shop, id } = await open()
    const [begin] = cutBefore(await exportOf(shop.id), 'ledger')
    await call('DELETE', `/v1/members/${id}`, { key: shop.key })
    const [, rest] = cutBefore(await exportOf(shop.id), 'ledger')
    await move(shop, id, begin + rest)
    expect((await shop.get(`/v1/members/${id}`)).status).toBe(410)
    expect((await shop.get('/v1/members?email=old@example.com')).json.data).toEqual([])
  })

  it('forgets nothing that falls due of what came after the first part of a ledger', async () => {
    const { shop, id } = await open()
    for (let i = 0; i < 110; i++) {
      await shop.buy(id, `o${i}`, 1)
    }
    const lines = (await exportOf(shop.id)).split('\n')
    const first = lines.findIndex((line) => line.startsWith('{"ledger"'))
    await shop.post(id, 'holds', { points: 50, expiresInSeconds: 60 })
    const later = (await exportOf(shop.id)).split('\n')
    later[first] = lines[first]!
    await move(shop, id, later.join('\n'))
    expect((await shop.balance(id)).balance).toMatchObject({ held: 50 })
    await shop.move(new Date(Date.parse(START) + 61_000).toISOString())
    expect((await shop.post(id, 'redemptions', { points: 110 })).status).toBe(201)
  })
})

describe('a ledger that comes back in parts', () => {
  it('takes the rest though it was asked, and something due, between two of them', async () => {
    const { shop, id } = await open()
    await shop.post(id, 'adjustments', { points: 60, reason: 'gift' })
    await shop.post(id, 'holds', { points: 50, expiresInSeconds: 60 })
    for (let i = 0; i < 110; i++) {
      await shop.buy(id, `o${i}`, 1)
    }
    await shop.move(new Date(Date.parse(START) + 61_000).toISOString())
    await shop.buy(id, 'last', 1)
    const text = await exportOf(shop.id)
    const last = text.lastIndexOf('{"ledger"')
    await move(shop, id, text.slice(0, last))
    forgetProgram(shop.id)
    await catchUp(env, [{ programId: shop.id, memberId: id }])
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${id}`))
    const program = (await findProgram(database(env, { programId: shop.id }), shop.id))!
    await runInDurableObject(stub, (ledger: MemberLedger) => ledger.settle(program))
    expect(await statusesOf(shop.id, text.slice(last))).toEqual([200])
    expect(await exportOf(shop.id)).toBe(text)
  })
})

describe('a newer backup that is put back where an older one was', () => {
  it('brings rules, what falls due, and what has ended', async () => {
    const { shop, id } = await open()
    const { json: second } = await call('POST', '/v1/keys', {
      key: shop.key,
      body: { kind: 'secret', scopes: ['*'] },
    })
    await shop.buy(id, 'o', 100)
    const older = await exportOf(shop.id)
    await shop.publish({ earning: earningOf([ruleOf(2, 100)]) })
    await shop.post(id, 'holds', { points: 50, expiresInSeconds: 60 })
    await call('DELETE', `/v1/keys/${second.id}`, { key: shop.key })
    const newer = await exportOf(shop.id)
    await move(shop, id, older)
    expect(await statusesOf(shop.id, newer)).toEqual([200])
    forgetProgram(shop.id)
    expect(await versionOf(shop)).toBe(2)
    expect((await call('GET', '/v1/program', { key: second.key })).status).toBe(401)
    await shop.move(new Date(Date.parse(START) + 61_000).toISOString())
    expect((await shop.post(id, 'redemptions', { points: 100 })).status).toBe(201)
  })

  it('is the same backup then', async () => {
    const { shop, id } = await open()
    await shop.buy(id, 'o', 100)
    const older = await exportOf(shop.id)
    await shop.buy(id, 'p', 100)
    await shop.post(id, 'holds', { points: 50, expiresInSeconds: 60 })
    const newer = await exportOf(shop.id)
    await move(shop, id, older)
    await importTo(shop.id, newer)
    expect(await exportOf(shop.id)).toBe(newer)
  })
})

it('what was put back is not late in the lists', async () => {
  const { shop, id } = await open()
  await shop.buy(id, 'o', 100)
  const text = await exportOf(shop.id)
  await move(shop, id, text)
  await catchUp(env, [{ programId: shop.id, memberId: id }])
  const late = SQL.prepare('SELECT max(lag_ms) AS n FROM entries WHERE program_id = ?')
  expect(await late.bind(shop.id).first('n')).toBe(0)
})
