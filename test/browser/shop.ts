import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { after, before } from 'node:test'
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
  type Response,
  type Locator,
} from 'playwright-core'
import { makeHome, type Server, startServer } from './server.ts'

const executablePath = '/usr/bin/chromium'
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']

/** Why a browser test is left out, or false. */
export const skip = existsSync(executablePath)
  ? false
  : 'Chromium is missing: apt-get install chromium'

interface World {
  home: string
  server: Server
  browser: Browser
}

/** A server and a browser for the tests of a `describe`. */
export function open() {
  const world = {} as World
  before(async () => {
    world.home = makeHome()
    world.server = await startServer(world.home)
    world.browser = await chromium.launch({ executablePath, args })
  })
  after(async () => {
    await world.browser?.close()
    await world.server?.stop()
    rmSync(world.home, { recursive: true, force: true })
  })
  return world
}

export const sizes = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
}
export type Size = keyof typeof sizes
export type Language = 'en' | 'zh'

/** The page's own texts: what it says is what is looked for. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Words = any

export const wordsOf = async (language: Language): Promise<Words> => {
  const file = new URL(`../../public/demo/words-${language}.js`, import.meta.url)
  return (await import(file.href))[language]
}

const axeFile = new URL('../../node_modules/axe-core/axe.min.js', import.meta.url)

export interface Visit {
  page: Page
  context: BrowserContext
  words: Words
  size: Size
  /** What the browser complained about: errors, and breaches of the policy. */
  complaints: string[]
}

/** Opens the storefront in a browser that has never been there. */
export async function visit(
  { browser, server }: Pick<World, 'browser' | 'server'>,
  { language = 'en', size = 'desktop' }: { language?: Language; size?: Size } = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: sizes[size],
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(20_000)
  // Before the page and beside its policy, which stays in force.
  await context.addInitScript({ path: axeFile.pathname })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // A refused call is part of the story; Chromium reports it as a failed resource.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text())
    }
  })
  await page.goto(server.address)
  await page.locator('#sign-in-title').waitFor()
  return { page, context, words: await wordsOf(language), size, complaints }
}

/** Brings a pane to the front, where one is shown at a time. */
export async function look({ page, size }: Visit, pane: 'shop' | 'till' | 'phone') {
  if (size === 'phone') {
    await page.locator(`nav [data-view=${pane}]`).click()
  }
}

/** Asks for a code, reads it off the member's phone, and types it. */
export async function signIn(shop: Visit, contact: string) {
  const { page, words } = shop
  await page.getByLabel(words.contact, { exact: true }).fill(contact)
  // In E.164, as the API keeps it.
  const to = contact.replaceAll(' ', '')
  const sent = page.waitForResponse(async (answer) => (await firstOf(answer))?.to === to)
  await page.getByRole('button', { name: words.sendCode }).click()
  const { code } = (await firstOf(await sent))!
  await look(shop, 'phone')
  const message = page.locator('#messages li', { hasText: to }).filter({ hasText: code })
  await message.getByRole('button', { name: words.fillIn }).click()
  assert.equal(await page.getByLabel(words.code, { exact: true }).inputValue(), code)
  await page.getByRole('button', { name: words.signIn, exact: true }).click()
  await page.locator('#card svg').waitFor()
}

/** The newest message in an answer of the outbox. */
async function firstOf(answer: Response): Promise<{ to: string; code: string } | undefined> {
  return answer.url().endsWith('/v1/outbox') ? (await answer.json()).data[0] : undefined
}

/** Waits until the storefront shows so many points. */
export const points = ({ page }: Visit, count: number) =>
  page
    .locator('#points .count', { hasText: new RegExp(`^${count}$`) })
    .waitFor({ state: 'attached' })

/** Clicks what can be seen, in one go: between press and release the page may be drawn anew. */
export const press = async (button: Locator) => {
  await button.waitFor()
  await button.dispatchEvent('click')
}

/** Buys one of a product on the storefront. */
export const buy = ({ page }: Visit, sku: string) => press(page.locator(`[data-key="buy-${sku}"]`))

/** Waits until the shop or the till says this. */
export const said = ({ page }: Visit, pane: 'shop' | 'till' | 'phone', text: string) =>
  page.locator(`#${pane} > .notice`, { hasText: text }).waitFor()

interface Finding {
  id: string
  help: string
  nodes: { html: string; failureSummary: string }[]
}

/** Fails for every violation that axe finds, by day and by night, and for what is wider than the screen. */
export async function accessible({ page }: Visit, where: string) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const violations = await page.evaluate<Finding[]>('axe.run().then((found) => found.violations)')
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}\n${node.html}\n${node.failureSummary}`),
    )
    assert.deepEqual(found, [], `${where}, ${colorScheme}`)
  }
  await page.emulateMedia({ colorScheme: null })
  const surplus = 'document.documentElement.scrollWidth - innerWidth'
  assert.ok((await page.evaluate<number>(surplus)) <= 0, `${where}: nothing is cut off`)
}
