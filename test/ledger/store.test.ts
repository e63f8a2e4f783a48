import { runInDurableObject } from 'cloudflare:test'
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
})
