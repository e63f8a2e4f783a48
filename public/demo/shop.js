import { createAccount } from './account.js'
import { tillKey } from './api.js'
import { createCard, stopCard } from './card.js'
import { createCoupons, createRewards, createShelf } from './counter.js'
import { fill, h } from './dom.js'
import * as member from './member.js'
import { createNotice } from './notice.js'
import { end, isSignedIn } from './session.js'
import { createSignIn } from './sign-in.js'
import { createPoints, createTier } from './standing.js'
import { createTimeline } from './timeline.js'
import { language, words } from './words.js'

/** The storefront: the way in, then all that a member sees. */
export function createShop({ onSent, onDoor }) {
  const notice = createNotice()
  const inside = h('div', { class: 'stack' })
  const element = h(
    'section',
    { id: 'shop', class: 'pane', 'aria-labelledby': 'shop-title' },
    h('h2', { id: 'shop-title' }, words.shopTitle),
    inside,
    notice.element,
  )
  let parts = []
  let signIn = null

  const enter = () => {
    parts = partsOf(notice, { refresh, renew, show, leave })
    fill(
      inside,
      parts.map((part) => part.element),
    )
    signIn = null
    onDoor(true)
    show()
  }
  const show = () => parts.forEach((part) => part.show(member.data))

  const leave = (text = '') => {
    stopCard()
    member.forget()
    signIn = createSignIn({ notice, onSent, onIn: arrive })
    parts = []
    onDoor(false)
    fill(inside, signIn.element, createShelf(null).element)
    notice.say(text)
  }

  const arrive = async (isNew) => {
    await member.load()
    enter()
    notice.say(isNew ? words.welcome : words.welcomeBack)
  }

  /** Reads and shows all anew; says so when the tier went up. */
  const refresh = notice.tries('shop', () =>
    orLeave(async () => {
      const before = member.data?.tier
      await member.load()
      if (parts.length === 0) {
        return enter()
      }
      show()
      const { tier } = member.data
      if (before && isAbove(tier, before)) {
        notice.say(words.newTier(tier.name))
      }
    }),
  )

  /** A QR code that cannot be renewed stays: the next refresh tells why. */
  const renew = () =>
    orLeave(async () => {
      await member.renewCard()
      show()
    }).catch(() => null)

  const orLeave = async (act) => {
    try {
      await act()
    } catch (error) {
      if (error.code === 'signed_out' || error.code === 'member_gone') {
        end()
        leave()
      }
      throw error
    }
  }

  const poll = async () => {
    if (member.data !== null && (await member.hasMoved().catch(() => false))) {
      await refresh()
    }
  }

  const open = async () => {
    if (member.data !== null) {
      enter()
    } else {
      leave()
    }
    if (isSignedIn()) {
      await refresh()
    }
  }
  const enterCode = (code) => signIn?.enterCode(code)
  return { element, open, refresh, poll, enterCode }
}

const isAbove = ({ id, levels }, before) => rankOf(levels, id) > rankOf(levels, before.id)
const rankOf = (levels, id) => levels.findIndex((level) => level.id === id)

function partsOf(notice, { refresh, renew, show, leave }) {
  const buy = async (product) => {
    const { entries } = await member.order(product)
    const points = entries.reduce((sum, entry) => sum + entry.points, 0)
    notice.say(words.bought(product[language], points))
    await refresh()
  }
  const checkIn = async () => {
    const { seq, entries } = await member.checkIn()
    const isNews = seq > member.data.balance.seq
    notice.say(isNews ? words.checkedIn(entries[0].points) : words.checkedInAlready)
    await refresh()
  }
  const redeem = async (reward) => {
    const { coupon } = await member.redeem(reward)
    notice.say(words.redeemed(coupon.name, coupon.code))
    await refresh()
  }
  const more = async () => {
    await member.loadOlder()
    show()
  }
  return [
    createCard(renew),
    createPoints(notice.tries('check-in', checkIn)),
    createTier(),
    createShelf(tillKey && ((product) => notice.tries('shop', () => buy(product))())),
    createRewards((reward) => notice.tries('shop', () => redeem(reward))()),
    createCoupons(),
    createTimeline(notice.tries('shop', more)),
    createAccount({ notice, onOut: leave }),
  ]
}
