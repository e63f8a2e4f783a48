import { till, tillKey } from './api.js'
import { fill, h, section, button } from './dom.js'
import { createNotice } from './notice.js'
import { moment, words } from './words.js'

const SHOWN = 2
const LOOK_AGAIN_MS = 500

const state = { messages: [], now: null }
let asked = 0

/** The member's phone: what was sent to it; and the clock of the demo. */
export function createPhone({ onCode, onTime }) {
  const notice = createNotice()
  const list = h('ol', { class: 'messages', 'aria-live': 'polite' })
  const clock = h('p', { class: 'clock' })
  const pass = (span) => notice.tries('clock', () => moveOn(span))
  const spans = ['day', 'month', 'year'].map((span) =>
    button(words.pass[span], pass(span), { key: `pass-${span}` }),
  )
  const element = h(
    'section',
    { id: 'phone', class: 'pane', 'aria-labelledby': 'phone-title' },
    h('h2', { id: 'phone-title' }, words.phoneTitle),
    h(
      'div',
      { class: 'stack' },
      section('messages', words.messagesTitle, list),
      section(
        'time',
        words.timeTitle,
        clock,
        h('div', { class: 'row' }, spans),
        h('p', { class: 'hint' }, words.timeNote),
      ),
    ),
    notice.element,
  )

  const moveOn = async (span) => {
    const { now } = await till('GET', '/v1/test-clock')
    let move = await till('POST', '/v1/test-clock', { body: { now: later(now, span) } })
    while (move.status === 'running') {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      move = await till('GET', '/v1/test-clock')
    }
    state.now = move.now
    show()
    notice.say(words.passed(moment(move.now)))
    await onTime()
  }

  const show = () => {
    const { messages, now } = state
    fill(
      list,
      messages.length > 0
        ? messages.slice(0, SHOWN).map((message) => bubble(message, onCode))
        : h('li', { class: 'hint' }, words.noMessages),
    )
    clock.textContent = now === null ? '' : words.itIs(moment(now))
  }

  const refresh = notice.tries('phone', async () => {
    if (tillKey === null) {
      return
    }
    const turn = ++asked
    const [outbox, time] = await Promise.all([
      till('GET', '/v1/outbox'),
      till('GET', '/v1/test-clock'),
    ])
    if (turn === asked) {
      Object.assign(state, { messages: outbox.data, now: time.now })
      show()
    }
  })
  show()
  return { element, refresh }
}

const bubble = ({ to, subject, text, code }, onCode) =>
  h(
    'li',
    { class: 'bubble' },
    h('p', { class: 'hint' }, words.messageTo(to)),
    subject && h('p', { class: 'subject' }, subject),
    h('p', {}, text),
    code && h('p', { class: 'code-row' }, h('code', {}, code)),
    code && button(words.fillIn, () => onCode(code), { key: `code-${code}` }),
  )

/** The instant so much later. Points live to the end of a day: a year and a day outlives them. */
function later(now, span) {
  const time = new Date(now)
  if (span === 'day') {
    time.setUTCDate(time.getUTCDate() + 1)
  } else if (span === 'month') {
    time.setUTCMonth(time.getUTCMonth() + 1)
  } else {
    time.setUTCFullYear(time.getUTCFullYear() + 1, time.getUTCMonth(), time.getUTCDate() + 1)
  }
  return time.toISOString()
}
