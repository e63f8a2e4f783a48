import { button, fill, h, section } from './dom.js'
import { words } from './words.js'

/** What was printed, and the way to undo it. */
export function createReceipt(state, { undo, next }) {
  const papers = h('div', { class: 'papers' })
  const none = h('p', { class: 'hint' }, words.noReceipt)
  const back = button(words.undo, undo, { key: 'undo' })
  const row = h('div', { class: 'row' }, back, button(words.nextCustomer, next, { key: 'next' }))
  const element = section('receipt', words.receiptTitle, none, papers, row)

  const show = () => {
    const { receipt } = state
    none.hidden = receipt !== null
    papers.hidden = receipt === null
    row.hidden = receipt === null
    back.hidden = receipt?.isUndone ?? true
    fill(papers, receipt?.prints.map(paper))
  }
  return { element, show }
}

const paper = (lines) =>
  h(
    'div',
    { class: 'paper' },
    lines.map((line) => h('p', {}, line)),
  )
