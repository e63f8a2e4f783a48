import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeHome, type Server, startServer } from './server.ts'

describe('the demo that npm start makes', { timeout: 120_000 }, () => {
  const world = {} as { server: Server }
  let home: string

  before(async () => {
    home = makeHome()
    world.server = await startServer(home)
  })
  after(async () => {
    await world.server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  it('is there for the publishable key of a test program alone', async () => {
    const { url, demo, address } = world.server
    const page = await fetch(address)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-security-policy')!, /default-src 'none'/)
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
    const wrong = [demo.key, demo.tillKey, `${demo.publishableKey}x`, '']
    const others = await Promise.all(wrong.map((key) => fetch(`${url}/demo?key=${key}`)))
    assert.deepEqual(
      others.map(({ status }) => status),
      [404, 404, 404, 404],
    )
    assert.match((await others[3]?.text()) ?? '', /npm start/)
  })

  it('keeps the till’s key out of what the server sees', async () => {
    const { address, demo } = world.server
    assert.ok(!new URL(address).search.includes(demo.tillKey))
    assert.equal(new URL(address).hash, `#till=${demo.tillKey}`)
    const answer = await fetch(`${world.server.url}/v1/keys`, {
      headers: { authorization: `Bearer ${demo.tillKey}` },
    })
    assert.equal(answer.status, 403)
  })

  it('is completed where an older start made it', async () => {
    const { key, memberId } = world.server.demo
    await world.server.stop()
    writeFileSync(join(home, '.wrangler/demo.json'), JSON.stringify({ key, memberId }))
    world.server = await startServer(home)
    assert.equal(world.server.demo.key, key)
    assert.equal((await fetch(world.server.address)).status, 200)
  })

  it('is as it was at the next start', async () => {
    const { demo } = world.server
    await world.server.stop()
    world.server = await startServer(home)
    assert.deepEqual(world.server.demo, demo)
  })
})
