import { button, fill, h, section } from './dom.js'
import { productOf } from './shelf.js'
import { language, moment, money, signed, words } from './words.js'

/** What happened, newest first, in plain words. */
export function createTimeline(more) {
  const list = h('ol', { class: 'timeline' })
  const older = button(words.more, more, { class: 'quiet', key: 'more' })
  const none = h('p', { class: 'hint' }, words.noEntries)
  const element = section('timeline', words.timelineTitle, list, none, older)

  const show = (data) => {
    fill(
      list,
      data.entries.map((entry) => line(entry, data)),
    )
    none.hidden = data.entries.length > 0
    older.hidden = data.nextCursor === null
  }
  return { element, show }
}

const line = (entry, data) =>
  h(
    'li',
    { 'data-kind': entry.kind },
    h('span', { class: 'what' }, [subject(entry, data), goods(entry)].filter(Boolean).join(' · ')),
    h('time', { class: 'hint', datetime: entry.occurredAt }, moment(entry.occurredAt)),
    entry.points !== 0 && h('span', { class: 'delta' }, signed(entry.points)),
  )

/** What an entry is about, by its kind and what it names. */
function subject({ kind, activity, rewardId, tier, reversal }, { rewards, tier: { levels } }) {
  const { entry } = words
  const reward = rewards.find(({ id }) => id === rewardId)
  if (kind === 'award' && activity) {
    return activity === 'check-in' ? entry.checkIn : entry.activity(activity)
  }
  if (kind === 'redeem' && reward) {
    return entry.redeemReward(reward.name)
  }
  if (kind === 'tier') {
    const level = levels.find(({ id }) => id === tier)
    return level ? entry.tierIs(level.name) : entry.tier
  }
  return (kind === 'use' && reversal ? entry.reopen : entry[kind]) ?? kind
}

function goods({ kind, total, lines = [] }) {
  if (kind !== 'award' || total === undefined) {
    return null
  }
  const names = lines.map(({ sku, quantity }) => {
    const name = productOf(sku)?.[language] ?? sku
    return quantity > 1 ? `${quantity} × ${name}` : name
  })
  return [names.join(', '), money(total)].filter(Boolean).join(' · ')
}
