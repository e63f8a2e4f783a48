import { Refused } from './api.js'
import { h } from './dom.js'
import { sentence } from './words.js'

const SHOWN_MS = 8_000

/** Where a pane says what happened; it is read out too. */
export function createNotice() {
  const element = h('output', { class: 'notice', 'aria-live': 'polite' })
  let timer = 0

  /** Says something for a while; what went wrong stays until the next word. */
  const say = (text, kind = 'good') => {
    clearTimeout(timer)
    element.textContent = text
    element.dataset.kind = kind
    if (kind === 'good' && text !== '') {
      timer = setTimeout(() => say(''), SHOWN_MS)
    }
  }

  /** Does something, and says why when it was refused; `where` makes the sentence fit. */
  const tries = (where, act) => async () => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error
      }
      say(sentence(error, where), 'bad')
    }
  }
  return { element, say, tries }
}
