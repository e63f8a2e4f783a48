import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  accessible,
  buy,
  look,
  open,
  points,
  press,
  said,
  signIn,
  skip,
  type Visit,
  visit,
} from './shop.ts'

const PICTURE_MAX_BYTES = 200_000

describe('the storefront', { skip, timeout: 600_000 }, () => {
  const world = open()

  for (const language of ['en', 'zh'] as const) {
    for (const size of ['desktop', 'phone'] as const) {
      it(`tells its whole story in ${language} on a ${size}`, async () => {
        const shop = await visit(world, { language, size })
        const picture = pictures(shop, `${size}-${language}`)
        await accessible(shop, 'the way in')
        await picture('welcome')
        await signIn(shop, `${language}-${size}@example.com`)
        await accessible(shop, 'a new member')
        await reachSilver(shop)
        await checkInTwice(shop)
        await redeemTwo(shop)
        await accessible(shop, 'a member with coupons')
        await picture('member')
        await sellByQr(shop)
        await accessible(shop, 'after a sale')
        await showItAgain(shop)
        await accessible(shop, 'a card that was refused')
        await useCoupon(shop, () => picture('till'))
        await undoIt(shop)
        await accessible(shop, 'an undone sale')
        await letAYearPass(shop)
        await accessible(shop, 'a year later')
        await goHome(shop)
        assert.deepEqual(shop.complaints, [])
        await shop.context.close()
      })
    }
  }
})

/** Three purchases: points one for a yuan, and from 500 yuan on silver. */
async function reachSilver(shop: Visit) {
  const { page, words } = shop
  assert.equal(await page.locator('.tier-name').getAttribute('data-tier'), 'bronze')
  await buy(shop, 'PUER')
  await points(shop, 298)
  await buy(shop, 'TEAPOT')
  await points(shop, 496)
  await buy(shop, 'JASMINE')
  await points(shop, 584)
  await page.locator('.tier-name[data-tier=silver]').waitFor()
  const name = await page.locator('.tier-name').textContent()
  await said(shop, 'shop', words.newTier(name))
  assert.equal(await page.locator('.benefits li').count(), 2)
  await page.locator('.timeline li', { hasText: words.entry.tierIs(name) }).waitFor()
}

async function checkInTwice(shop: Visit) {
  const { page, words } = shop
  const checkIn = page.getByRole('button', { name: words.checkIn })
  await press(checkIn)
  await points(shop, 585)
  await said(shop, 'shop', words.checkedIn(1))
  await press(checkIn)
  await said(shop, 'shop', words.checkedInAlready)
  await points(shop, 585)
}

async function redeemTwo(shop: Visit) {
  const { page } = shop
  await press(page.locator('[data-key=redeem-coupon]'))
  await points(shop, 485)
  await press(page.locator('[data-key=redeem-gift]'))
  await points(shop, 435)
  assert.equal(await page.locator('#coupons [data-status=open]').count(), 2)
  const code = await page.locator('#coupons code').first().textContent()
  await said(shop, 'shop', code!)
}

async function scan(shop: Visit) {
  const { page, words } = shop
  await look(shop, 'till')
  await page.getByRole('button', { name: words.scan }).click()
  await page.locator('.known').waitFor()
}

const greenTea = /Dragon Well|龙井/
const cup = /Porcelain cup|白瓷茶杯/

const add = ({ page }: Visit, name: RegExp) =>
  page.locator('.keys').getByRole('button', { name }).click()

const charge = ({ page, words }: Visit, amount: string) =>
  page.getByRole('button', { name: words.chargeFor(amount) }).click()

async function sellByQr(shop: Visit) {
  const { page, words } = shop
  await scan(shop)
  assert.match((await page.locator('.known').textContent())!, /435/)
  await add(shop, greenTea)
  await charge(shop, '¥128')
  await said(shop, 'till', words.sold)
  assert.ok((await page.locator('.paper p').count()) > 0)
  // 128 at silver's one and a half.
  await points(shop, 627)
  await page.locator('.timeline li', { hasText: /¥128/ }).first().waitFor({ state: 'attached' })
}

async function showItAgain(shop: Visit) {
  await add(shop, cup)
  await charge(shop, '¥36')
  await said(shop, 'till', shop.words.problems.card_refused)
  await points(shop, 627)
}

/** A fresh code, the basket as it is, and ten yuan off by the coupon. */
async function useCoupon(shop: Visit, beforeCharge: () => Promise<void>) {
  const { page, words } = shop
  await scan(shop)
  const select = page.getByRole('combobox', { name: words.redeemAtTill })
  const coupon = await select.locator('option', { hasText: /10/ }).first().getAttribute('value')
  await select.selectOption(coupon)
  await beforeCharge()
  await charge(shop, '¥26')
  await said(shop, 'till', words.sold)
  await points(shop, 666)
  await page.locator('#coupons [data-status=used]').waitFor({ state: 'attached' })
}

async function undoIt(shop: Visit) {
  const { page, words } = shop
  await page.getByRole('button', { name: words.undo }).click()
  await said(shop, 'till', words.undone)
  await points(shop, 627)
  await page.locator('#coupons [data-status=used]').waitFor({ state: 'detached' })
}

async function letAYearPass(shop: Visit) {
  const { page, words } = shop
  await look(shop, 'phone')
  await page.getByRole('button', { name: words.pass.year }).click()
  await points(shop, 0)
  await look(shop, 'shop')
  await page.locator('.tier-name[data-tier=bronze]').waitFor()
  await page.locator('.timeline li', { hasText: words.entry.expire }).first().waitFor()
}

async function goHome(shop: Visit) {
  const { page, words } = shop
  await page.getByRole('button', { name: words.leave }).click()
  await page.getByRole('dialog').waitFor()
  await accessible(shop, 'the last question')
  await page.getByRole('button', { name: words.leaveNo }).click()
  await page.getByRole('button', { name: words.signOut }).click()
  await said(shop, 'shop', words.signedOut)
  await page.locator('#sign-in-title').waitFor()
}

/** The pictures of `docs/`, by what they show. */
const wanted: Record<string, 'light' | 'dark'> = {
  'welcome-desktop-en': 'light',
  'till-desktop-en': 'light',
  'member-phone-zh': 'light',
  'till-phone-zh': 'dark',
}

/** Takes a picture where `SCREENSHOTS` asks for it. */
const pictures =
  ({ page }: Visit, suffix: string) =>
  async (state: string) => {
    const colorScheme = wanted[`${state}-${suffix}`]
    if (!process.env.SCREENSHOTS || !colorScheme) {
      return
    }
    const path = `docs/storefront-${state}-${suffix}.png`
    await page.emulateMedia({ colorScheme })
    await page.evaluate('scrollTo(0, 0)')
    await page.evaluate(hideNotices(true))
    await page.screenshot({ path })
    await page.evaluate(hideNotices(false))
    await page.emulateMedia({ colorScheme: null })
    assert.ok(statSync(path).size < PICTURE_MAX_BYTES, path)
  }

const hideNotices = (isHidden: boolean) =>
  `for (const notice of document.querySelectorAll('.notice')) { notice.hidden = ${isHidden} }`
