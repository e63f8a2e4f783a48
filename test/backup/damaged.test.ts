import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { openShop } from '../clock/shop'
import { call, rootKey } from '../http/api'
import { exportOf } from './move'

describe('the backup of a program with a ledger that cannot be read', () => {
  it('answers 503 and names the member', async () => {
    const shop = await openShop({})
    const ids = [await shop.enrol(), await shop.enrol(), await shop.enrol()]
    await Promise.all(ids.map((id) => shop.buy(id, id, 100)))
    const whole = await exportOf(shop.id)
    const stub = env.LEDGER.get(env.LEDGER.idFromName(`${shop.id}:${ids[1]}`))
    const damage = (value: string) =>
      runInDurableObject(stub, (_, { storage }) => {
        const [state] = storage.sql.exec<{ value: string }>('SELECT value FROM state').toArray()
        storage.sql.exec('UPDATE state SET value = ?', value)
        return state!.value
      })
    const good = await damage('{')
    await evictDurableObject(stub)
    const log = vi.spyOn(console, 'error').mockReturnValue()

    await expect(exportOf(shop.id)).rejects.toThrow(`The ledger of ${ids[1]} cannot be read.`)
    const at = { section: 'ledgers', after: null, member: '', mark: null }
    const cursor = Buffer.from(JSON.stringify(at)).toString('base64url')
    const path = `/v1/programs/${shop.id}/backup?cursor=${cursor}`
    const { status, json } = await call('GET', path, { key: rootKey })
    expect([status, json.code]).toEqual([503, 'unavailable'])
    log.mockRestore()

    await damage(good)
    await evictDurableObject(stub)
    expect(await exportOf(shop.id)).toBe(whole)
  })
})
