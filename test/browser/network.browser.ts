import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { buy, open, points, said, signIn, skip, visit } from './shop.ts'

describe('the storefront on a bad network', { skip, timeout: 120_000 }, () => {
  const world = open()

  it('renews the QR code before it runs out', async () => {
    const shop = await visit(world)
    await signIn(shop, 'renew@example.com')
    const { page } = shop
    const first = await page.locator('.qr').getAttribute('data-token')
    await page.clock.install()
    // What is set from now on runs by that clock.
    await page.getByRole('button', { name: shop.words.checkIn }).click()
    await points(shop, 1)
    const second = await tokenOtherThan(page, first!)
    await page.clock.fastForward(60_000)
    await tokenOtherThan(page, second)
    await shop.context.close()
  })

  it('counts a purchase once when its answer is lost', async () => {
    const shop = await visit(world)
    await signIn(shop, 'lost@example.com')
    let lost = 0
    await shop.page.route('**/purchases', async (route) => {
      if (lost++ > 0) {
        return route.continue()
      }
      await route.fetch()
      return route.abort()
    })
    await buy(shop, 'CUP')
    await points(shop, 36)
    assert.equal(lost, 2)
    assert.equal(await shop.page.locator('.timeline li').count(), 1)
    await shop.context.close()
  })

  it('goes on under the same key when the network comes back', async () => {
    const shop = await visit(world)
    await signIn(shop, 'offline@example.com')
    const keys: (string | undefined)[] = []
    const isDown = { value: true }
    await shop.page.route('**/purchases', (route) => {
      keys.push(route.request().headers()['idempotency-key'])
      return isDown.value ? route.abort() : route.continue()
    })
    await buy(shop, 'CUP')
    await said(shop, 'shop', shop.words.problems.no_answer)
    isDown.value = false
    await buy(shop, 'CUP')
    await points(shop, 36)
    assert.equal(new Set(keys).size, 1)
    await buy(shop, 'CUP')
    await points(shop, 72)
    assert.equal(new Set(keys).size, 2)
    await shop.context.close()
  })

  it('renews an access token that has run out, once', async () => {
    const shop = await visit(world)
    await signIn(shop, 'token@example.com')
    const renewals: string[] = []
    shop.page.on('request', (request) => {
      if (request.url().endsWith('/me/tokens')) {
        renewals.push(request.url())
      }
    })
    const tokens = new Set<string | undefined>()
    await shop.page.route(/\/me\/(balance|tier|entries)/, (route) => {
      const { authorization } = route.request().headers()
      tokens.add(authorization)
      return tokens.size === 1 ? refuse(route) : route.continue()
    })
    await shop.page.getByRole('button', { name: shop.words.checkIn }).click()
    await points(shop, 1)
    assert.equal(renewals.length, 1)
    await shop.context.close()
  })
})

async function tokenOtherThan(page: Page, token: string): Promise<string> {
  const qr = page.locator(`.qr:not([data-token="${token}"])`)
  await qr.waitFor()
  return (await qr.getAttribute('data-token'))!
}

const refuse = (route: Route) =>
  route.fulfill({
    status: 401,
    contentType: 'application/problem+json',
    body: JSON.stringify({ code: 'unauthorized', detail: 'The token has run out.' }),
  })
