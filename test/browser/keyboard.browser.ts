import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { open, points, skip, type Visit, visit } from './shop.ts'

describe('the storefront by keyboard alone', { skip, timeout: 120_000 }, () => {
  const world = open()

  it('goes through the page in the order in which it is read', async () => {
    const shop = await visit(world)
    const { words } = shop
    const order = [
      words.otherLanguage,
      words.contact,
      words.sendCode,
      words.pass.day,
      words.pass.month,
      words.pass.year,
      words.scan,
      words.scanned,
      words.lookUp,
      words.enrol,
    ]
    for (const name of order) {
      await shop.page.keyboard.press('Tab')
      assert.equal((await focused(shop)).name, name)
    }
    await shop.context.close()
  })

  it('signs in, buys, redeems, sells and signs out', async () => {
    const shop = await visit(world)
    const { page, words } = shop
    await tabTo(shop, words.contact)
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('keys@example.com')
    await page.keyboard.press('Enter')
    await page.getByLabel(words.code, { exact: true }).waitFor()
    const message = page.locator('#messages li', { hasText: 'keys@example.com' })
    await message.locator('code').waitFor()
    await tabTo(shop, words.fillIn)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await page.locator('#card svg').waitFor()
    assert.equal((await focused(shop)).name, words.cardTitle)

    await tabTo(shop, words.buyName('Dragon Well green tea', '¥128'))
    await page.keyboard.press('Enter')
    await points(shop, 128)
    // The button is still where the next press goes.
    await page.keyboard.press('Space')
    await points(shop, 256)
    await tabTo(shop, words.redeemName('10 off', 100))
    await page.keyboard.press('Enter')
    await points(shop, 156)

    await tabTo(shop, words.scan)
    await page.keyboard.press('Enter')
    await page.locator('.known').waitFor()
    await tabTo(shop, words.add('Porcelain cup', '¥36'))
    await page.keyboard.press('Enter')
    await tabTo(shop, words.redeemAtTill)
    await page.keyboard.press('ArrowDown')
    await tabTo(shop, words.chargeFor('¥26'))
    await page.keyboard.press('Enter')
    await points(shop, 182)
    assert.equal((await focused(shop)).name, words.receiptTitle)
    await tabTo(shop, words.undo)
    await page.keyboard.press('Enter')
    await points(shop, 156)

    await tabTo(shop, words.leave)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    assert.equal((await focused(shop)).name, words.leave)
    await tabTo(shop, words.signOut)
    await page.keyboard.press('Enter')
    await page.locator('#sign-in-title').waitFor()
    assert.deepEqual(shop.complaints, [])
    await shop.context.close()
  })
})

interface Focused {
  name: string
  outline: number
}

/** What has the focus, by its label, and how wide its outline is. */
const focused = ({ page }: Visit) =>
  page.evaluate<Focused>(`(() => {
    const { activeElement: element } = document
    const text = ({ firstChild, textContent }) =>
      firstChild?.nodeType === 3 ? firstChild.data : textContent
    const label = element.labels?.[0]
    const name = element.ariaLabel ?? (label ? label.innerText.split('\\n')[0] : text(element))
    return { name: name.trim(), outline: parseFloat(getComputedStyle(element).outlineWidth) }
  })()`)

const MOST_STOPS = 80

/** Presses Tab until the focus is there; on the way each stop must be seen. */
async function tabTo(shop: Visit, name: string) {
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await shop.page.keyboard.press('Tab')
    const at = await focused(shop)
    if (at.name === name) {
      assert.ok(at.outline >= 2, `The focus on ${name} is seen.`)
      return
    }
  }
  assert.fail(`Tab does not come to ${name}.`)
}
