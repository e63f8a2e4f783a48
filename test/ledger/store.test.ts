import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { load, SCHEMAS } from '../../src/ledger/store'
import { newObject } from './objects'
import { purchaseOf } from './world'

describe('a ledger of an older schema', () => {
  it('is brought up to date when it is read, once', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    const newer = [
      ...SCHEMAS,
      'CREATE TABLE notes (id INTEGER PRIMARY KEY)',
      'ALTER TABLE notes ADD COLUMN text TEXT',
    ]
    await runInDurableObject(object.stub, (_, { storage: { sql } }) => {
      const before = load(sql)
      expect(load(sql, newer)).toEqual(before)
      expect(load(sql, newer)).toEqual(before)
      expect(sql.exec('SELECT text FROM notes').toArray()).toEqual([])
    })
  })

  it('of before there were idle lots has the same balance, and goes on', async () => {
    const object = await newObject()
    await object.send(purchaseOf('o1', 100))
    await object.send({ type: 'hold', request: { points: 30, expiresInSeconds: 900 } })
    const before = await object.ask({ type: 'balance' })
    await object.sql('ALTER TABLE lots DROP COLUMN idle')
    await object.sql(
      `UPDATE state SET schema = 1, value = json_remove(value, '$.start', '$.state.idle',
         '$.state.fallsAt', '$.state.floor', '$.state.enrolledOn')`,
    )
    await evictDurableObject(object.stub)
    expect(await object.ask({ type: 'balance' })).toEqual(before)
    object.program = {
      ...object.program,
      version: 2,
      expiry: { kind: 'inactivity', days: 5, to: 'day' },
    }
    await object.send(purchaseOf('o2', 10))
    await evictDurableObject(object.stub)
    expect((await object.ask({ type: 'balance' })).balance).toMatchObject({
      balance: 110,
      held: 30,
      nextExpiry: { points: 10 },
    })
  })
})
