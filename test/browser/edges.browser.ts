import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { call } from '../../bin/api.ts'
import type { Server } from './server.ts'
import { buy, look, open, points, said, signIn, skip, visit, wordsOf } from './shop.ts'

describe('the storefront at its edges', { skip, timeout: 300_000 }, () => {
  const world = open()

  it('stays signed in over a reload, and speaks the other language at once', async () => {
    const shop = await visit(world)
    await signIn(shop, 'stay@example.com')
    await buy(shop, 'PUER')
    await points(shop, 298)
    await shop.page.reload()
    await points(shop, 298)
    const zh = await wordsOf('zh')
    await shop.page.getByRole('button', { name: shop.words.otherLanguage }).click()
    await shop.page.getByRole('heading', { level: 1, name: zh.shopName }).waitFor()
    await shop.page.locator('.tier-name', { hasText: '青铜' }).waitFor()
    assert.equal(await shop.page.locator('html').getAttribute('lang'), 'zh-CN')
    await shop.page.locator('[data-key=language]:focus').waitFor()
    await shop.page.reload()
    await shop.page.getByRole('heading', { level: 1, name: zh.shopName }).waitFor()
    await shop.context.close()
  })

  it('shows a name that looks like HTML as it is', async () => {
    const shop = await visit(world)
    await signIn(shop, 'mallory@example.com')
    const { url, demo } = world.server
    const name = '<img src=x onerror="document.title=1">'
    const id = await idOf(world.server, 'mallory@example.com')
    await call(`${url}/v1/members/${id}`, demo.key, {
      method: 'PATCH',
      body: JSON.stringify({ name }),
    })
    await shop.page.reload()
    await shop.page.getByText(name, { exact: true }).waitFor()
    assert.equal(await shop.page.locator('img').count(), 0)
    await shop.context.close()
  })

  it('follows what happens elsewhere', async () => {
    const shop = await visit(world)
    await signIn(shop, 'li.wei@example.com')
    await shop.page.getByText('Li Wei', { exact: true }).waitFor()
    const { url, demo } = world.server
    await call(`${url}/v1/members/${demo.memberId}/purchases`, demo.key, {
      method: 'POST',
      headers: { 'idempotency-key': 'curl' },
      body: JSON.stringify({
        orderId: 'curl',
        currency: 'CNY',
        lines: [{ sku: 'TEA-1', quantity: 1, amount: 12_900 }],
        channel: 'pos',
      }),
    })
    await points(shop, 129)
    await shop.context.close()
  })

  it('says in a sentence what is refused', async () => {
    const shop = await visit(world)
    const { page, words } = shop
    await page.getByLabel(words.contact, { exact: true }).fill('nobody')
    await page.getByRole('button', { name: words.sendCode }).click()
    await said(shop, 'shop', words.problems['sign-in.validation_failed'])
    await page.getByLabel(words.contact, { exact: true }).fill('wrong@example.com')
    await page.getByRole('button', { name: words.sendCode }).click()
    const right = await page.locator('#messages li').first().locator('code').textContent()
    const code = String(1_000_000 + ((Number(right) + 1) % 1_000_000)).slice(1)
    await page.getByLabel(words.code, { exact: true }).fill(code)
    await page.getByRole('button', { name: words.signIn, exact: true }).click()
    await said(shop, 'shop', words.problems.code_refused)
    await page.getByLabel(words.scanned, { exact: true }).fill('+86 139 1234 5678')
    await page.getByRole('button', { name: words.lookUp }).click()
    await said(shop, 'till', words.problems['till.not_found'])
    await shop.context.close()
  })

  it('says that a card is frozen, here and at the till', async () => {
    const shop = await visit(world)
    const { page, words } = shop
    await signIn(shop, 'frozen@example.com')
    const { url, demo } = world.server
    const id = await idOf(world.server, 'frozen@example.com')
    await call(`${url}/v1/members/${id}/freeze`, demo.key, {
      method: 'POST',
      headers: { 'idempotency-key': 'freeze' },
      body: JSON.stringify({ reason: 'lost' }),
    })
    await page.getByText(words.frozen, { exact: true }).waitFor()
    await page.getByRole('button', { name: words.scan }).click()
    await page.getByText(words.frozenAtTill, { exact: true }).waitFor()
    await page.locator('.keys button').first().click()
    await page.getByRole('button', { name: words.chargeFor('¥128') }).click()
    await said(shop, 'till', words.problems.member_frozen)
    await shop.context.close()
  })

  it('erases a member who leaves', async () => {
    const shop = await visit(world)
    const { page, words } = shop
    await signIn(shop, '+86 138 0013 8000')
    await buy(shop, 'CUP')
    await points(shop, 36)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: words.exportData }).click()
    const data = readFileSync(await (await download).path(), 'utf8')
    assert.match(data, /13800138000/)
    await page.getByRole('button', { name: words.leave }).click()
    await page.getByRole('button', { name: words.leaveYes }).click()
    await said(shop, 'shop', words.left_)
    await signIn(shop, '+86 138 0013 8000')
    await said(shop, 'shop', words.welcome)
    await points(shop, 0)
    await shop.context.close()
  })

  it('enrols at the till whoever is new', async () => {
    const shop = await visit(world, { size: 'phone' })
    const { page, words } = shop
    await look(shop, 'till')
    await page.getByLabel(words.scanned, { exact: true }).fill('+86 137 0000 0001')
    await page.getByLabel(words.enrol).check()
    await page.locator('.keys button').first().click()
    await page.getByRole('button', { name: words.chargeFor('¥128') }).click()
    await said(shop, 'till', words.sold)
    await page.getByRole('button', { name: words.nextCustomer }).click()
    await look(shop, 'shop')
    await signIn(shop, '+86 137 0000 0001')
    await points(shop, 128)
    await shop.context.close()
  })
})

async function idOf({ url, demo }: Server, email: string) {
  const address = `${url}/v1/members?email=${email}`
  const { data } = await call<{ data: { id: string }[] }>(address, demo.key)
  return data[0]?.id
}
