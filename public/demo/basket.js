import { button, fill, h, section } from './dom.js'
import { price } from './sale.js'
import { art, products } from './shelf.js'
import { language, money, words } from './words.js'

/** What is sold, what is redeemed with it, and what is to pay. */
export function createBasket(state, { charge }) {
  const change = (sku, by) => {
    state.basket[sku] = (state.basket[sku] ?? 0) + by
    show()
  }
  const lines = h('ul', { class: 'lines' })
  const total = h('output', { class: 'total', 'aria-live': 'polite' })
  const extra = createExtra(state, () => show())
  const pay = button(words.charge, charge, { class: 'primary wide', key: 'charge' })
  const element = section(
    'basket',
    words.basketTitle,
    h(
      'div',
      { class: 'keys' },
      products.map((product) => keyOf(product, () => change(product.sku, 1))),
    ),
    lines,
    extra.element,
    total,
    pay,
  )

  const show = () => {
    extra.show()
    const sale = price(state)
    fill(
      lines,
      sale.lines.length > 0
        ? sale.lines.map((line) => lineOf(line, () => change(line.sku, -1)))
        : h('li', { class: 'hint' }, words.basketEmpty),
    )
    const due = money(sale.total - sale.paid)
    total.hidden = sale.lines.length === 0
    total.textContent = `${words.total}: ${due}`
    pay.textContent = words.chargeFor(due)
    pay.hidden = sale.lines.length === 0 || state.scanned === ''
  }
  return { element, show }
}

const keyOf = ({ art: name, price: each, ...product }, add) =>
  h(
    'button',
    { type: 'button', 'aria-label': words.add(product[language], money(each)), click: add },
    art(name),
    h('span', {}, product[language]),
  )

const lineOf = ({ sku, quantity, price: each, ...product }, less) =>
  h(
    'li',
    {},
    h('span', {}, `${quantity} × ${product[language]}`),
    h('span', { class: 'price' }, money(quantity * each)),
    button('−', less, { key: `less-${sku}`, name: words.remove(product[language]) }),
  )

/** What is redeemed: nothing, points, a reward or a coupon. */
function createExtra(state, onChange) {
  const select = h('select', {
    change: () => {
      state.redeem = select.value
      onChange()
    },
  })
  const count = h('input', {
    type: 'number',
    min: '10',
    step: '10',
    inputmode: 'numeric',
    input: () => {
      state.points = Math.max(0, Math.floor(Number(count.value)))
      onChange()
    },
  })
  const many = h('label', {}, words.howMany, count)
  const element = h('div', { class: 'extra' }, h('label', {}, words.redeemAtTill, select), many)

  const show = () => {
    const choices = choicesOf(state.found)
    if (!choices.some(([value]) => value === state.redeem)) {
      state.redeem = 'nothing'
    }
    fill(
      select,
      choices.map(([value, text]) =>
        h('option', { value, selected: value === state.redeem }, text),
      ),
    )
    element.hidden = state.found === null
    many.hidden = state.redeem !== 'points'
    if (document.activeElement !== count) {
      count.value = String(state.points)
    }
  }
  return { element, show }
}

function choicesOf(found) {
  const { balance, rewards = [], coupons = [] } = found ?? {}
  return [
    ['nothing', words.redeemNothing],
    ...coupons.map(({ code, name }) => [
      `coupon ${code}`,
      words.redeemCoupon(name, code.slice(-6)),
    ]),
    ...rewards
      .filter(({ isAffordable, isAvailable }) => isAffordable && isAvailable)
      .map(({ id, name, points }) => [`reward ${id}`, words.redeemRewardFor(name, points)]),
    ...(balance?.available >= 10 ? [['points', words.redeemPoints]] : []),
  ]
}
