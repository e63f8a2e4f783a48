import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { call } from '../../bin/api.ts'
import { makeHome, type Server, startServer } from './server.ts'

const page = readFileSync('docs/storefront.md', 'utf8')
const lines = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? ''

const AsyncFunction = (async () => {}).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<Record<string, never>>

describe('docs/storefront.md', () => {
  let home: string
  let server: Server

  before(async () => {
    home = makeHome()
    server = await startServer(home)
  })
  after(async () => {
    await server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  /** The member reads the message. */
  const askForCode = async () => {
    const { data } = await call<{ data: { code: string }[] }>(
      `${server.url}/v1/outbox`,
      server.demo.key,
    )
    return data[0]?.code
  }

  it('signs a member in and shows the card, in ten lines as they stand', async () => {
    assert.equal(lines.trimEnd().split('\n').length, 10)
    const run = new AsyncFunction(
      'URL',
      'PUBLISHABLE_KEY',
      'askForCode',
      `${lines}; return { svg, tier, balance }`,
    )
    const { svg, tier, balance } = await run(server.url, server.demo.publishableKey, askForCode)
    assert.match(svg, /^<svg/)
    assert.equal((tier as { id: string }).id, 'bronze')
    assert.equal((balance as { available: number }).available, 0)
  })
})
