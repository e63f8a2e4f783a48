import { busy, button, fill, h, section } from './dom.js'
import { words } from './words.js'

/** How the API takes what was scanned or typed: a phone number as such, all else as a card. */
export function identity(text) {
  const bare = text.replace(/[\s()-]/g, '')
  return /^(\+\d{5,15}|\d{6,12})$/.test(bare)
    ? { phone: text }
    : { card: /^\d+$/.test(bare) ? bare : text }
}

/** Who stands at the till: scanned or typed, and what is known of him. */
export function createWho(state, { scanned, lookUp }) {
  const input = h('input', {
    name: 'scanned',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
    input: () => {
      state.scanned = input.value.trim()
    },
  })
  const enrol = h('input', {
    type: 'checkbox',
    change: () => {
      state.isEnrolling = enrol.checked
    },
  })
  const form = h(
    'form',
    {
      submit: (event) => {
        event.preventDefault()
        void busy(form, lookUp)
      },
    },
    button(words.scan, scanned, { class: 'primary wide', key: 'scan' }),
    h(
      'div',
      { class: 'beside' },
      h('label', {}, words.scanned, input),
      h('button', {}, words.lookUp),
    ),
    h('label', { class: 'check' }, enrol, words.enrol),
  )
  const found = h('output', { class: 'found', 'aria-live': 'polite' })
  const element = section('who', words.whoTitle, form, found)

  const show = () => {
    input.value = state.scanned
    enrol.checked = state.isEnrolling
    fill(found, state.found ? knownOf(state.found) : h('p', { class: 'hint' }, words.nobody))
  }
  return { element, show }
}

const knownOf = ({ tier, balance, isFrozen, cardNumber }) => [
  h('p', { class: 'known' }, words.atTill(tier.name, balance.available)),
  cardNumber && h('p', { class: 'hint' }, cardNumber),
  isFrozen && h('p', { class: 'frozen' }, words.frozenAtTill),
]
