// A deliberately naive second ledger: every point is an object of its own, nothing is shared with src.

const DAY = 86_400_000
const ZONE = 8 * 3_600_000

export interface ModelRules {
  clawback: 'debt' | 'clamp'
  expiryMonths: number
  tierMonths: number
  tiers: { id: string; from: number; factor: number }[]
}

interface Lot {
  expiresAt: number
  activeAt: number | null
}
interface Point {
  lot: Lot
  hold: Hold | null
}
interface Hold {
  endsAt: number
  points: Point[]
  orderId: string | null
  open: boolean
}
/** A point that was spent: the lot that it came from, null where it was owed. */
interface Slot {
  lot: Lot | null
  back: boolean
}
interface Redemption {
  orderId: string | null
  slots: Slot[]
  spent: number
  reversed: boolean
}
interface Returned {
  redemption: Redemption
  own: Set<Lot>
  points: number
}
interface Refund {
  id: string
  amount: number
  lines: { index: number; goods: number; units: number }[] | null
  owed: number
  spend: number
  taken: Lot[]
  debt: number
  returned: Returned[]
  reversed: boolean
}
interface Line {
  lineId: string
  quantity: number
  amount: number
}
interface Order {
  id: string
  day: number
  total: number
  base: number
  lines: Line[]
  earned: number
  lot: Lot | null
  refunds: Refund[]
}

/** `done`, `nothing`, `again` for what was done before, or the code of a refusal. */
export type Outcome = string

const dayOf = (ms: number) => Math.floor((ms + ZONE) / DAY)

function addMonths(day: number, months: number): number {
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months]
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(date.getUTCDate(), length)) / DAY
}

export class Model {
  readonly rules: ModelRules
  now: number
  debt = 0
  readonly lots: Lot[] = []
  points: Point[] = []
  readonly holds: Hold[] = []
  readonly redemptions: Redemption[] = []
  readonly orders: Order[] = []
  readonly activities = new Map<string, string | undefined>()

  constructor(rules: ModelRules, now: number) {
    this.rules = rules
    this.now = now
  }

  // What it stands at.

  get available(): number {
    return this.points.filter((point) => !point.hold && point.lot.activeAt === null).length
  }
  get held(): number {
    return this.points.filter((point) => point.hold).length
  }
  get pending(): number {
    return this.points.filter((point) => point.lot.activeAt !== null).length
  }
  /** Lots that still hold points: [expiresAt, activeAt, remaining, held]. */
  get open(): [number, number | null, number, number][] {
    return this.#inOrder().flatMap((lot) => {
      const inside = this.points.filter((point) => point.lot === lot)
      const held = inside.filter((point) => point.hold).length
      return inside.length === 0 ? [] : [[lot.expiresAt, lot.activeAt, inside.length, held]]
    })
  }
  get tier() {
    const today = dayOf(this.now)
    let spend = 0
    for (const order of this.orders) {
      if (addMonths(order.day, this.rules.tierMonths) > today) {
        spend += order.base
        standing(order).forEach((refund) => (spend -= refund.spend))
      }
    }
    return this.rules.tiers.filter((tier) => tier.from <= spend).at(-1)!
  }

  // Time.

  pass(to: number): void {
    const moments = [
      ...this.holds.filter((hold) => hold.open).map((hold) => hold.endsAt),
      ...this.lots.flatMap((lot) => [lot.expiresAt, lot.activeAt ?? 0]),
    ]
    for (const moment of moments.filter((each) => each > this.now).sort((a, b) => a - b)) {
      if (moment <= to) {
        this.now = moment
        this.#due()
      }
    }
    this.now = to
  }

  #due(): void {
    for (const hold of this.holds.filter((each) => each.open && each.endsAt <= this.now)) {
      this.#free(hold)
    }
    for (const lot of this.#inOrder()) {
      if (lot.activeAt !== null && lot.activeAt <= this.now) {
        lot.activeAt = null
        const woken = this.points.filter((point) => point.lot === lot)
        this.#drop(woken)
        woken.forEach(() => this.#put(lot))
      }
    }
    this.#lapse()
  }

  #lapse(): void {
    this.points = this.points.filter((point) => point.hold || point.lot.expiresAt > this.now)
  }

  // Points.

  #inOrder(): Lot[] {
    return [...this.lots].sort((a, b) => a.expiresAt - b.expiresAt)
  }
  #newLot(expiresAt: number, activeAt: number | null = null): Lot {
    const lot = { expiresAt, activeAt }
    this.lots.push(lot)
    return lot
  }
  #expiryAt(ms: number): number {
    return (addMonths(dayOf(ms), this.rules.expiryMonths) + 1) * DAY - ZONE
  }
  #isLive(lot: Lot): boolean {
    return lot.expiresAt > this.now && (lot.activeAt === null || lot.activeAt <= this.now)
  }
  /** One point comes in: it pays debt if it could be spent. */
  #put(lot: Lot): void {
    if (this.#isLive(lot) && this.debt > 0) {
      this.debt -= 1
    } else {
      this.points.push({ lot, hold: null })
    }
  }
  /** Points that were owed come back: they pay debt, or live anew in one lot. Answers that lot. */
  #putLoose(count: number): Lot {
    const lot = { expiresAt: this.#expiryAt(this.now), activeAt: null }
    for (let i = 0; i < count; i += 1) {
      this.#put(lot)
    }
    if (this.points.some((point) => point.lot === lot)) {
      this.lots.push(lot)
    }
    return lot
  }
  #drop(gone: Point[]): void {
    const set = new Set(gone)
    this.points = this.points.filter((point) => !set.has(point))
  }
  #spendable(): Point[] {
    return this.#inOrder()
      .filter((lot) => this.#isLive(lot))
      .flatMap((lot) => this.points.filter((point) => point.lot === lot && !point.hold))
  }
  #free(hold: Hold): void {
    hold.open = false
    const lots = hold.points.map((point) => point.lot)
    this.#drop(hold.points)
    lots.forEach((lot) => this.#put(lot))
  }
  /** Takes back from these lots first, then from any; the rest is owed or dropped. */
  #claw(count: number, own: Set<Lot>): { taken: Lot[]; debt: number } {
    const free = this.points.filter((point) => !point.hold && own.has(point.lot))
    const first = this.#inOrder().flatMap((lot) => free.filter((point) => point.lot === lot))
    const rest = this.#spendable().filter((point) => !own.has(point.lot))
    const taken = [...first, ...rest].slice(0, count)
    this.#drop(taken)
    const debt = this.rules.clawback === 'debt' ? count - taken.length : 0
    this.debt += debt
    return { taken: taken.map((point) => point.lot), debt }
  }

  // Commands.

  purchase(
    order: Omit<Order, 'day' | 'refunds' | 'earned' | 'lot' | 'base'>,
    money: { shipping: number; byPoints: number },
    occurredAt: number,
  ): Outcome {
    if (occurredAt > this.now + 5 * 60_000 || occurredAt < this.now - 400 * DAY) {
      return 'validation_failed'
    }
    if (this.orders.some(({ id }) => id === order.id)) {
      return 'again'
    }
    const { total } = order
    const part = total === 0 ? 0 : ((total - money.shipping) * (total - money.byPoints)) / total
    const base = Math.floor(part)
    const earned = Math.floor((Math.floor(base / 100) * this.tier.factor) / 100)
    const lot = this.#newLot(this.#expiryAt(occurredAt))
    for (let i = 0; i < earned; i += 1) {
      this.#put(lot)
    }
    this.orders.push({ ...order, base, earned, lot, day: dayOf(occurredAt), refunds: [] })
    this.#lapse()
    return 'done'
  }

  pendingOrder(id: string, earned: number, activeAt: number, expiresAt: number): void {
    const lot = this.#newLot(expiresAt, activeAt)
    for (let i = 0; i < earned; i += 1) {
      this.#put(lot)
    }
    const total = earned * 100
    this.orders.push({ id, day: 0, total, base: 0, lines: [], earned, lot, refunds: [] })
  }

  activity(type: string, reference: string | undefined): Outcome {
    const rule = { 'check-in': 1, review: 5 }[type]
    if (rule === undefined || (type === 'review' && reference === undefined)) {
      return 'validation_failed'
    }
    const once = type === 'review' ? `review ${reference}` : `day ${dayOf(this.now)}`
    if (this.activities.has(once)) {
      return this.activities.get(once) === reference ? 'again' : 'limit_reached'
    }
    this.activities.set(once, reference)
    const lot = this.#newLot(this.#expiryAt(this.now))
    for (let i = 0; i < rule; i += 1) {
      this.#put(lot)
    }
    return 'done'
  }

  adjust(points: number, allowDebt: boolean, expiresAt: number | undefined): Outcome {
    if (points > 0) {
      const until = expiresAt ?? this.#expiryAt(this.now)
      if (until <= this.now) {
        return 'validation_failed'
      }
      const lot = this.#newLot(until)
      for (let i = 0; i < points; i += 1) {
        this.#put(lot)
      }
      return 'done'
    }
    const taken = this.#spendable().slice(0, -points)
    const missing = -points - taken.length
    if (missing > 0 && !allowDebt) {
      return 'insufficient_points'
    }
    this.#drop(taken)
    this.debt += missing
    return 'done'
  }

  hold(points: number, seconds: number, orderId: string | null): Outcome {
    const taken = this.#spendable().slice(0, points)
    if (taken.length < points) {
      return 'insufficient_points'
    }
    const hold = { endsAt: this.now + seconds * 1000, points: taken, orderId, open: true }
    taken.forEach((point) => (point.hold = hold))
    this.holds.push(hold)
    return 'done'
  }

  capture(hold: Hold | undefined, points: number | undefined, orderId: string | null): Outcome {
    if (!hold?.open) {
      return hold ? 'hold_ended' : 'not_found'
    }
    if ((points ?? 0) > hold.points.length) {
      return 'insufficient_points'
    }
    const spent = hold.points.slice(0, points)
    this.#drop(spent)
    hold.points = hold.points.filter((point) => !spent.includes(point))
    this.#free(hold)
    this.#book(
      spent.map((point) => point.lot),
      orderId ?? hold.orderId,
    )
    this.#lapse()
    return 'done'
  }

  release(hold: Hold | undefined): Outcome {
    if (!hold?.open) {
      return hold ? 'hold_ended' : 'not_found'
    }
    this.#free(hold)
    this.#lapse()
    return 'done'
  }

  redeem(points: number, orderId: string | null): Outcome {
    const taken = this.#spendable().slice(0, points)
    if (taken.length < points) {
      return 'insufficient_points'
    }
    this.#drop(taken)
    this.#book(
      taken.map((point) => point.lot),
      orderId,
    )
    return 'done'
  }

  #book(lots: Lot[], orderId: string | null): void {
    const slots = lots.map((lot) => ({ lot, back: false }))
    this.redemptions.push({ orderId, slots, spent: lots.length, reversed: false })
  }

  reverseRedemption(redemption: Redemption | undefined): Outcome {
    if (!redemption) {
      return 'not_found'
    }
    if (redemption.reversed) {
      return 'again'
    }
    redemption.reversed = true
    this.#giveBack(
      redemption,
      redemption.slots.filter((slot) => !slot.back),
    )
    this.#lapse()
    return 'done'
  }

  /** Gives spent points back, lot by lot in the order of spending. Answers which could be taken again: those that lived. */
  #giveBack({ slots: all }: Redemption, some: Slot[]): { own: Set<Lot>; points: number } {
    const place = (slot: Slot) => all.findIndex(({ lot }) => lot === slot.lot)
    const slots = some.toSorted((a, b) => place(a) - place(b))
    slots.forEach((slot) => (slot.back = true))
    const loose = slots.filter((slot) => slot.lot === null)
    const fresh = this.#putLoose(loose.length)
    const lots = slots.flatMap((slot) => slot.lot ?? [])
    const lived = lots.filter((lot) => lot.expiresAt > this.now)
    lots.forEach((lot) => this.#put(lot))
    return { own: new Set([fresh, ...lived]), points: lived.length + loose.length }
  }

  refund(
    orderId: string,
    id: string,
    amount: number | undefined,
    asked: { lineId: string; quantity?: number; amount?: number }[],
  ): Outcome {
    const order = this.orders.find((each) => each.id === orderId)
    if (!order) {
      return 'not_found'
    }
    if (order.refunds.some((refund) => refund.id === id)) {
      return 'again'
    }
    if (amount === undefined && asked.some((each) => !lineOf(order, each.lineId))) {
      return 'validation_failed'
    }
    const before = standing(order)
    const paidBack = before.reduce((sum, refund) => sum + refund.amount, 0)
    const refund: Refund = {
      id,
      amount: amount === undefined ? 0 : Math.min(amount, order.total - paidBack),
      lines: amount === undefined ? returnLines(order, asked) : null,
      owed: 0,
      spend: 0,
      taken: [],
      debt: 0,
      returned: [],
      reversed: false,
    }
    const [num, den] = share(order, [...before, refund])
    const part = (whole: number) => Math.floor((whole * num) / den)
    refund.owed = Math.max(0, part(order.earned) - total(before, 'owed'))
    refund.spend = Math.max(0, part(order.base) - total(before, 'spend'))
    if (refund.owed === 0 && num === share(order, before)[0]) {
      return 'nothing'
    }
    for (const redemption of this.redemptions.filter((each) => each.orderId === orderId)) {
      const left = redemption.slots.filter((slot) => !slot.back)
      const points = part(redemption.spent) - (redemption.spent - left.length)
      if (points > 0) {
        const back = this.#giveBack(redemption, proportionate(redemption.slots, points))
        refund.returned.push({ redemption, ...back })
      }
    }
    Object.assign(refund, this.#claw(refund.owed, new Set(order.lot ? [order.lot] : [])))
    order.refunds.push(refund)
    this.#lapse()
    return 'done'
  }

  reverseRefund(id: string, orderId: string | undefined): Outcome {
    const found = this.orders
      .filter((order) => orderId === undefined || order.id === orderId)
      .flatMap((order) => order.refunds.filter((refund) => refund.id === id))
    if (found.length !== 1) {
      return found.length > 1 ? 'validation_failed' : 'not_found'
    }
    const refund = found[0]!
    if (refund.reversed) {
      return 'again'
    }
    refund.reversed = true
    this.#putLoose(refund.debt)
    refund.taken.forEach((lot) => this.#put(lot))
    for (const { redemption, own, points } of refund.returned) {
      if (!redemption.reversed) {
        const active = [...own].filter((lot) => this.#isLive(lot))
        const { taken, debt } = this.#claw(points, new Set(active))
        redemption.slots.push(...taken.map((lot) => ({ lot, back: false })))
        redemption.slots.push(...Array.from({ length: debt }, () => ({ lot: null, back: false })))
      }
    }
    this.#lapse()
    return 'done'
  }
}

const standing = (order: Order) => order.refunds.filter((refund) => !refund.reversed)
const lineOf = (order: Order, id: string) => order.lines.find((line) => line.lineId === id)
const total = (refunds: Refund[], figure: 'owed' | 'spend') =>
  refunds.reduce((sum, refund) => sum + refund[figure], 0)

/** What part of an order came back, as a fraction that is at most 1. */
function share(order: Order, refunds: Refund[]): [num: number, den: number] {
  let [amount, goods, units] = [0, 0, 0]
  for (const refund of refunds) {
    amount += order.total > 0 ? refund.amount : refund.lines ? 0 : 1
    refund.lines?.forEach((line) => {
      goods += line.goods
      units += line.units
    })
  }
  const worth = order.lines.reduce((sum, line) => sum + line.amount, 0)
  const pieces = order.lines.reduce((sum, line) => sum + line.quantity, 0)
  const ofAmount = order.total || 1
  const ofLines = worth || pieces || 1
  const num = amount * ofLines + (worth > 0 ? goods : units) * ofAmount
  return [Math.min(num, ofAmount * ofLines), ofAmount * ofLines]
}

function returnLines(
  order: Order,
  asked: { lineId: string; quantity?: number; amount?: number }[],
): NonNullable<Refund['lines']> {
  const before = standing(order).flatMap((refund) => refund.lines ?? [])
  const now: NonNullable<Refund['lines']> = []
  for (const { lineId, quantity = 0, amount } of asked) {
    const line = lineOf(order, lineId)!
    const index = order.lines.indexOf(line)
    const same = [...before, ...now].filter((each) => each.index === index)
    const goods = same.reduce((sum, each) => sum + each.goods, 0)
    const back = same.reduce((sum, each) => sum + each.units, 0)
    const units = Math.min(quantity, line.quantity - back)
    const worth = Math.floor((line.amount * (back + units)) / line.quantity)
    const of =
      amount === undefined ? Math.max(0, worth - goods) : Math.min(amount, line.amount - goods)
    now.push({ index, goods: of, units })
  }
  return now
}

/** Chooses so many of the points that are not back, from each lot its part: largest remainder, the earlier lot first. */
function proportionate(slots: Slot[], points: number): Slot[] {
  const lots = [...new Set(slots.map((slot) => slot.lot))]
  const groups = [...lots.filter((lot) => lot !== null), null].map((lot) =>
    slots.filter((slot) => slot.lot === lot && !slot.back),
  )
  const all = groups.reduce((sum, group) => sum + group.length, 0)
  const counts = groups.map((group) => Math.floor((group.length * points) / all))
  const remainders = groups.map((group) => (group.length * points) % all)
  let left = points - counts.reduce((sum, count) => sum + count, 0)
  while (left > 0) {
    const best = remainders.indexOf(Math.max(...remainders))
    counts[best]! += 1
    remainders[best] = -1
    left -= 1
  }
  return groups.flatMap((group, i) => group.slice(0, counts[i]))
}
