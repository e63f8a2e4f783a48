import { drawing, fill, h, section } from './dom.js'
import { words } from './words.js'

let timer = 0
let ticker = 0

/** Lets no card renew itself any more. */
export function stopCard() {
  clearTimeout(timer)
  clearInterval(ticker)
}

/** The member's card; `renew` is called before its QR code runs out. */
export function createCard(renew) {
  const qr = h('div', { class: 'qr', role: 'img', 'aria-label': words.cardQr })
  const name = h('p', { class: 'card-name' })
  const number = h('p', { class: 'card-number' })
  const frozen = h('p', { class: 'frozen' })
  const life = h('progress', { class: 'life', 'aria-label': words.renewsIn, max: '1', value: '1' })
  const front = h('div', { class: 'card-front' }, qr, h('div', {}, name, number, life))
  const note = h('p', { class: 'hint' }, words.cardNote)
  const element = section('card', words.cardTitle, front, frozen, note)

  const count = (seconds) => {
    stopCard()
    const until = Date.now() + seconds * 1_000
    timer = setTimeout(() => void renew(), seconds * 1_000)
    ticker = setInterval(() => {
      life.value = Math.max(0, (until - Date.now()) / (seconds * 1_000))
    }, 1_000)
    life.value = 1
  }

  let drawn = null
  const show = ({ member, card }) => {
    front.dataset.tier = card.tier.id
    name.textContent = member.name ?? member.email ?? member.phone ?? words.member
    number.textContent = (member.cardNumber ?? '').replace(/(\d{4})(?=\d)/g, '$1 ')
    frozen.textContent = card.isFrozen ? words.frozen : ''
    if (card !== drawn) {
      drawn = card
      qr.dataset.token = card.token
      fill(qr, drawing(card.svg))
      count(card.refreshInSeconds)
    }
  }
  return { element, show }
}
