import { once, till, tillKey } from './api.js'
import { createBasket } from './basket.js'
import { fill, h } from './dom.js'
import { createNotice } from './notice.js'
import { createReceipt } from './receipt.js'
import { saleOf, TERMINAL } from './sale.js'
import { createWho, identity } from './who.js'
import { locale, words } from './words.js'

// Who stands at the till, what he has, what was printed; it outlives a change of language.
const state = {
  scanned: '',
  isEnrolling: false,
  found: null,
  basket: {},
  redeem: 'nothing',
  points: 100,
  receipt: null,
}

async function sell() {
  // The same sale to the same person is the same action until it is answered.
  const action = JSON.stringify([state.scanned, state.basket, state.redeem, state.points])
  let orderId = ''
  const answer = await once(
    action,
    () => saleOf(state),
    (intent) => {
      orderId = intent.body.sale.orderId
      return till('POST', '/v1/pos/sales', intent)
    },
  )
  const { memberId, print } = answer
  Object.assign(state, { basket: {}, redeem: 'nothing', found: null })
  state.receipt = { memberId, orderId, prints: [print], isUndone: false }
}

async function takeBack() {
  const { memberId, orderId, prints: before } = state.receipt
  const { print } = await once(
    `undo ${orderId}`,
    () => ({ orderId, memberId, terminalId: TERMINAL, locale: locale() }),
    (intent) => till('POST', '/v1/pos/voids', intent),
  )
  state.receipt = { memberId, orderId, prints: [...before, print], isUndone: true }
}

/** The till: who it is, the basket, the receipt. `scan` gives what the member's QR says. */
export function createTill({ scan, onSale }) {
  const notice = createNotice()
  const inside = h('div', { class: 'stack' })
  const element = h(
    'section',
    { id: 'till', class: 'pane', 'aria-labelledby': 'till-title' },
    h('h2', { id: 'till-title' }, words.tillTitle),
    inside,
    notice.element,
  )
  if (tillKey === null) {
    fill(inside, h('p', {}, words.noTill))
    return { element, forget: () => {} }
  }

  const lookUp = notice.tries('till', async () => {
    state.found = null
    show()
    notice.say('')
    state.found = await till('POST', '/v1/pos/cards', { body: identity(state.scanned) })
    show()
  })
  const charge = notice.tries('till', async () => {
    await sell()
    show()
    turnTo('receipt')
    notice.say(words.sold)
    await onSale()
  })
  const undo = notice.tries('till', async () => {
    await takeBack()
    show()
    turnTo('receipt')
    notice.say(words.undone)
    await onSale()
  })
  const next = () => {
    Object.assign(state, { scanned: '', found: null, basket: {}, redeem: 'nothing', receipt: null })
    notice.say('')
    show()
    turnTo('who')
  }
  const scanned = async () => {
    state.scanned = scan() ?? ''
    show()
    if (state.scanned === '') {
      return notice.say(words.scanNothing, 'bad')
    }
    return lookUp()
  }

  const parts = [
    createWho(state, { scanned, lookUp }),
    createBasket(state, { charge }),
    createReceipt(state, { undo, next }),
  ]
  // What was pressed may be gone: the focus goes where it goes on.
  const turnTo = (id) => element.querySelector(`#${id}-title`).focus()
  const show = () => parts.forEach((part) => part.show())
  fill(
    inside,
    parts.map((part) => part.element),
  )
  show()

  /** What the till knew of the member is old. */
  const forget = () => {
    state.found = null
    show()
  }
  return { element, forget }
}
