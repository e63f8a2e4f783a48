import { button, fill, h } from './dom.js'
import { createPhone } from './phone.js'
import { createShop } from './shop.js'
import { art } from './shelf.js'
import { createTill } from './till.js'
import { language, speak, words } from './words.js'

const POLL_MS = 4_000

const root = document.getElementById('demo')
let view = 'shop'
let shop = null

/** Builds the page in its language; what was typed and read before is kept beside it. */
async function build() {
  document.documentElement.lang = words.html
  document.title = words.shopName
  const side = h('div', { class: 'side' })
  shop = createShop({
    onSent: () => phone.refresh(),
    // Who waits for a code looks for the phone, who is in for the till.
    onDoor: (isIn) =>
      isIn ? side.append(till.element, phone.element) : side.append(phone.element, till.element),
  })
  const till = createTill({ scan: () => scan(), onSale: () => shop.refresh() })
  const phone = createPhone({
    onCode: (code) => {
      look('shop')
      shop.enterCode(code)
    },
    onTime: async () => {
      till.forget()
      await shop.refresh()
    },
  })
  const views = ['shop', 'till', 'phone'].map((name) =>
    button(words.view[name], () => look(name), { 'data-view': name, key: `view-${name}` }),
  )
  fill(
    root,
    header(),
    h('nav', { class: 'views', 'aria-label': words.views }, views),
    h('main', {}, shop.element, side),
  )
  look(view)
  await Promise.all([shop.open(), phone.refresh()])
}

/** Brings a pane to the front where there is room for one alone. */
function look(name) {
  view = name
  root.dataset.view = name
  for (const tab of root.querySelectorAll('[data-view]')) {
    tab.setAttribute('aria-pressed', String(tab.dataset.view === name))
  }
}

/** What a scanner would read off the storefront. */
const scan = () => root.querySelector('[data-token]')?.dataset.token

const header = () =>
  h(
    'header',
    {},
    art('pot'),
    h('div', {}, h('h1', {}, words.shopName), h('p', { class: 'hint' }, words.tagline)),
    button(
      words.otherLanguage,
      async () => {
        speak(language === 'en' ? 'zh' : 'en')
        await build()
      },
      { class: 'quiet', lang: language === 'en' ? 'zh-CN' : 'en', key: 'language' },
    ),
  )

setInterval(() => !document.hidden && shop.poll(), POLL_MS)
await build()
