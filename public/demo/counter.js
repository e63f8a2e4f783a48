import { button, fill, h, section } from './dom.js'
import { art, products } from './shelf.js'
import { day, language, money, number, words } from './words.js'

/** The shelf; without `buy` it can only be looked at. */
export function createShelf(buy) {
  const list = h(
    'ul',
    { class: 'shelf' },
    products.map((product) => {
      const name = product[language]
      const price = money(product.price)
      const options = { key: `buy-${product.sku}`, name: words.buyName(name, price) }
      return h(
        'li',
        {},
        art(product.art),
        h('span', { class: 'product' }, name),
        h('span', { class: 'price' }, price),
        buy && button(words.buy, () => buy(product), options),
      )
    }),
  )
  const note = buy ? words.shelfNote : words.signInToBuy
  const element = section('shelf', words.shelfTitle, list, h('p', { class: 'hint' }, note))
  return { element, show: () => {} }
}

/** Rewards, cheapest first, with what is missing. */
export function createRewards(redeem) {
  const list = h('ol', { class: 'rewards' })
  const element = section('rewards', words.rewardsTitle, list)

  const offer = (reward) => {
    const { id, name, points, isAffordable, isAvailable, missing, left } = reward
    const options = { key: `redeem-${id}`, name: words.redeemName(name, points) }
    const can = isAffordable && isAvailable && left !== 0
    const why = isAvailable && left !== 0 ? words.missing(missing) : words.unavailable
    return h(
      'li',
      {},
      h('span', { class: 'step' }, number(points)),
      h('span', { class: 'reward' }, name),
      left ? h('span', { class: 'hint' }, words.left(left)) : null,
      can ? button(words.redeem, () => redeem(reward), options) : h('span', { class: 'hint' }, why),
    )
  }
  const show = ({ rewards }) =>
    fill(list, rewards.toSorted((a, b) => a.points - b.points).map(offer))
  return { element, show }
}

/** Coupons: code, what for, until when. */
export function createCoupons() {
  const list = h('ul', { class: 'coupons' })
  const none = h('p', { class: 'hint' }, words.noCoupons)
  const element = section('coupons', words.couponsTitle, list, none)

  const ticket = ({ code, name, status, expiresAt }) =>
    h(
      'li',
      { 'data-status': status },
      h('span', { class: 'reward' }, name),
      h('code', {}, code),
      h('span', { class: 'hint' }, stateOf(status, expiresAt)),
    )
  const show = ({ coupons }) => {
    fill(list, coupons.map(ticket))
    list.hidden = coupons.length === 0
    none.hidden = coupons.length > 0
  }
  return { element, show }
}

const stateOf = (status, expiresAt) =>
  status === 'open' && expiresAt
    ? words.goodUntil(day(Date.parse(expiresAt) - 1))
    : words.couponStatus[status]
