import { button, fill, h, section } from './dom.js'
import { lastDay, money, number, words } from './words.js'

/** Points: how many, what lapses when, and today's check-in. */
export function createPoints(checkIn) {
  const count = h('strong', { class: 'count' })
  const parts = h('ul', { class: 'plain' })
  const element = section(
    'points',
    words.pointsTitle,
    h('p', { class: 'balance' }, count, ' ', words.available),
    parts,
    button(words.checkIn, checkIn, { key: 'check-in' }),
  )

  const show = ({ balance: { balance, lapsing } }) => {
    count.textContent = number(balance.available)
    const others = ['pending', 'held', 'debt'].filter((part) => balance[part] > 0)
    const lines = [
      ...others.map((part) => words[part](balance[part])),
      ...lapsing.slice(0, 3).map((lot) => words.lapses(lot.points, lastDay(lot.at))),
    ]
    fill(
      parts,
      (lines.length > 0 ? lines : [words.nothingLapses]).map((line) => h('li', {}, line)),
    )
  }
  return { element, show }
}

/** The tier: its name, what it gives, and the way to the next. */
export function createTier() {
  const name = h('p', { class: 'tier-name' })
  const benefits = h('ul', { class: 'benefits', 'aria-label': words.benefits })
  const way = h('div')
  const element = section('tier', words.tierTitle, name, benefits, way)

  const show = ({ tier }) => {
    name.textContent = tier.name
    name.dataset.tier = tier.id
    fill(
      benefits,
      tier.benefits.map((benefit) => h('li', {}, benefit)),
    )
    fill(way, tier.next ? wayTo(tier.next, tier.levels) : h('p', {}, words.topTier))
  }
  return { element, show }
}

function wayTo({ id, name, remaining }, levels) {
  const { from } = levels.find((level) => level.id === id)
  return [
    h('progress', {
      max: String(from),
      value: String(from - remaining),
      'aria-label': words.progress(name),
    }),
    h('p', { class: 'hint' }, words.toNext(money(remaining), name)),
  ]
}
