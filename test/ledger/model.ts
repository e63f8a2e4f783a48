import { DAY, dayOf, lifeEnd, type ModelLife, startOf } from './model-calendar'
import { isOpenAt, leftOf, type ModelReward, newCoupon, type Taken } from './model-coupon'
import {
  type Hold,
  type Life,
  lineOf,
  type Lot,
  type ModelTill,
  type Order,
  type Point,
  proportionate,
  type Redemption,
  type Refund,
  returnLines,
  share,
  type Slot,
  standing,
  total,
} from './model-order'
import { type Deed, type ModelTiers, TierMachine } from './model-tier'

// A deliberately naive second ledger: every point is an object of its own, nothing is shared with src.

export interface ModelRules {
  clawback: 'debt' | 'clamp'
  expiry: { kind: 'never' } | ({ kind: 'after' | 'inactivity' } & ModelLife)
  activeAfterDays: number
  restoreGraceDays: number
  activities: Record<
    string,
    { points: number; once: 'day' | 'reference' | 'ever'; isVisit: boolean }
  >
  tiers: ModelTiers
  rewards: ReadonlyMap<string, ModelReward>
}

/** `done`, `nothing`, `again` for what was done before, or the code of a refusal. */
export type Outcome = string

/** Whether a sale was undone as such. */
export const isVoid = ({ refunds }: Order): boolean => refunds.some(({ id }) => id === 'void')

export class Model {
  rules: ModelRules
  now: number
  debt = 0
  readonly lots: Lot[] = []
  points: Point[] = []
  readonly holds: Hold[] = []
  readonly redemptions: Redemption[] = []
  orders: Order[] = []
  readonly activities = new Map<string, string | undefined>()
  readonly taken: Taken[] = []
  isFrozen = false
  readonly #activityDeeds: Deed[] = []
  /** Redemptions whose coupons were used, in that order. */
  protected uses: Redemption[] = []
  readonly #tiers: TierMachine
  /** Of each inactivity rule the life that goes on or ended last. */
  readonly #lives = new Map<string, { rule: ModelLife; life: Life }>()

  constructor(rules: ModelRules, now: number) {
    this.rules = rules
    this.now = now
    this.#tiers = new TierMachine(rules.tiers, dayOf(now))
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
      return inside.length === 0 ? [] : [[endOf(lot), lot.activeAt, inside.length, held]]
    })
  }
  get tier() {
    return this.#tiers.tier
  }
  get floor() {
    return this.#tiers.floor
  }
  get fallsAt() {
    return this.#tiers.fallsAt
  }
  /** What counts for tiers today. */
  get reached() {
    return this.#tiers.figure(dayOf(this.now), this.#deeds)
  }
  /** When the tier is lost, and to what, if nothing more happens. */
  get falls() {
    return this.#tiers.falls(this.now, this.#deeds)
  }

  /** Coupons that can be used, by their ends. */
  get coupons(): number[] {
    return this.redemptions.flatMap(({ coupon }) =>
      coupon?.state === 'open' ? [coupon.endsAt] : [],
    )
  }
  /** How often each reward with a limit can still be had. */
  get left(): Record<string, number> {
    const today = dayOf(this.now)
    const all = [...this.rules.rewards].map(
      ([id, reward]) => [id, leftOf(id, reward, this.taken, today)] as const,
    )
    return Object.fromEntries(all.flatMap(([id, left]) => (left === null ? [] : [[id, left]])))
  }

  /** Everything that tiers may count. */
  get #deeds(): Deed[] {
    const orders = this.orders.filter((order) => order.counts)
    const bought = orders.map((order) => {
      const refunds = standing(order)
      const [num, den] = share(order, refunds)
      return {
        day: order.day,
        spend: order.base - total(refunds, 'spend'),
        points: order.earned - total(refunds, 'owed'),
        isOrder: num < den,
        isVisit: false,
      }
    })
    return [...bought, ...this.#activityDeeds]
  }
  protected look(): void {
    this.#tiers.look(this.now, this.#deeds)
  }

  // Time.

  pass(to: number): void {
    const moments = [
      ...this.holds.filter((hold) => hold.open).map((hold) => hold.endsAt),
      ...this.lots.flatMap((lot) => [endOf(lot), lot.activeAt ?? 0]),
      ...this.coupons,
    ]
    for (let day = dayOf(this.now) + 1; startOf(day) <= to; day += 1) {
      moments.push(startOf(day))
    }
    const due = new Set(moments.filter((each) => each > this.now && each <= to))
    for (const moment of [...due].sort((a, b) => a - b)) {
      this.now = moment
      this.#due()
      if (moment === startOf(dayOf(moment))) {
        this.look()
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
    this.lapse()
  }

  protected lapse(): void {
    for (const { coupon } of this.redemptions) {
      if (coupon?.state === 'open' && coupon.endsAt <= this.now) {
        coupon.state = 'over'
      }
    }
    const gone = this.points.filter(({ hold, lot }) => !hold && endOf(lot) <= this.now)
    gone.forEach(({ lot }) => (lot.lapsed += 1))
    this.#drop(gone)
  }

  // Points.

  #inOrder(): Lot[] {
    return [...this.lots].sort((a, b) => (endOf(a) < endOf(b) ? -1 : endOf(a) > endOf(b) ? 1 : 0))
  }
  /** A lot of today by the rules. */
  #lotOf(day = dayOf(this.now), waits = 0): Lot {
    const { expiry } = this.rules
    const wakes = startOf(day + waits)
    const activeAt = waits > 0 && wakes > this.now ? wakes : null
    if (expiry.kind === 'inactivity') {
      const { life } = this.#lives.get(JSON.stringify(expiry))!
      return { until: NaN, life, activeAt, lapsed: 0 }
    }
    const until = expiry.kind === 'never' ? Infinity : lifeEnd(expiry, day + waits)
    return { until, life: null, activeAt, lapsed: 0 }
  }
  /** The member did something: what lives by activity goes on; by today's rules it begins anew where it had ended. */
  #act(ms = this.now): void {
    const own = this.#know()
    for (const each of this.#lives.values()) {
      const until = lifeEnd(each.rule, dayOf(ms))
      if (each.life.until > this.now) {
        each.life.until = Math.max(each.life.until, until)
      } else if (each === own) {
        each.life = { until }
      }
    }
  }
  /** Points come in without activity: they join the life that goes on, or begin one. */
  #join(): void {
    const known = this.#know()
    if (known && known.life.until <= this.now) {
      known.life = { until: lifeEnd(known.rule, dayOf(this.now)) }
    }
  }
  /** The life by today's rules; undefined where they know no inactivity. */
  #know() {
    const { expiry } = this.rules
    const key = JSON.stringify(expiry)
    if (expiry.kind === 'inactivity' && !this.#lives.has(key)) {
      this.#lives.set(key, { rule: expiry, life: { until: -Infinity } })
    }
    return this.#lives.get(key)
  }
  #isLive(lot: Lot): boolean {
    return endOf(lot) > this.now && (lot.activeAt === null || lot.activeAt <= this.now)
  }
  #earn(points: number, lot: Lot): Lot {
    this.lots.push(lot)
    for (let i = 0; i < points; i += 1) {
      this.#put(lot)
    }
    return lot
  }
  /** One point comes in: it pays debt if it could be spent. */
  #put(lot: Lot): void {
    if (this.#isLive(lot) && this.debt > 0) {
      this.debt -= 1
    } else {
      this.points.push({ lot, hold: null })
    }
  }
  /**
   * Points come back: those that were owed pay debt or live anew in a lot, the others go to their own lots. What has
   * lapsed there lives through its grace; apart from the lot where some of it is held. Answers which could be taken again.
   */
  #putBack(loose: number, lots: Lot[]): { own: Set<Lot>; points: number } {
    const grace = this.rules.restoreGraceDays
    const until = startOf(dayOf(this.now) + grace + 1)
    const anew = { until, life: null, activeAt: null, lapsed: 0 }
    const cleared = Math.min(this.debt, loose)
    this.debt -= cleared
    const homes = new Map<Lot, Lot>()
    for (const lot of new Set(lots)) {
      const isOpen = this.points.some((point) => point.lot === lot)
      // A lot that was emptied is as it was made: the grace of points that are gone is none for others.
      lot.graced = isOpen ? lot.graced : null
      const isGraced = grace > 0 && endOf(lot) <= this.now
      if (isGraced && !isOpen) {
        lot.graced = anew.until
        lot.activeAt = null
      }
      homes.set(lot, isGraced && isOpen ? anew : lot)
    }
    const lived = lots.filter((lot) => endOf(homes.get(lot)!) > this.now)
    lots.forEach((lot) => this.#put(homes.get(lot)!))
    const fresh = this.#putLoose(loose - cleared, anew)
    return { own: new Set([fresh, ...lived]), points: lived.length + loose }
  }
  /** What was owed and is not any more lives in one lot with what has grace apart, to the later end. */
  #putLoose(count: number, graced: Lot): Lot {
    const apart = this.points.filter((point) => point.lot === graced)
    let lot = graced
    if (count > 0 && (apart.length === 0 || graced.until <= this.#endOfNew())) {
      this.#join()
      lot = this.#lotOf()
      apart.forEach((point) => (point.lot = lot))
    }
    if (count + apart.length > 0) {
      this.#earn(count, lot)
    }
    return lot
  }
  /** When points of today would lapse. */
  #endOfNew(): number {
    const known = this.#know()
    const goesOn = known && known.life.until > this.now
    return goesOn
      ? known.life.until
      : known
        ? lifeEnd(known.rule, dayOf(this.now))
        : this.#lotOf().until
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
  protected claw(count: number, own: Set<Lot>): { taken: Lot[]; debt: number } {
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

  /** New rules: for what comes in from now on. The tiers stay. */
  publish(rules: Omit<ModelRules, 'tiers' | 'activities' | 'rewards'>): void {
    this.rules = { ...this.rules, ...rules }
  }

  purchase(
    order: Pick<Order, 'id' | 'total' | 'lines'>,
    money: { shipping: number; byPoints: number },
    occurredAt: number,
    till: ModelTill | null = {},
  ): Outcome {
    if (this.isLate(occurredAt)) {
      return 'validation_failed'
    }
    const known = this.orders.find(({ id }) => id === order.id)
    if (known) {
      return isVoid(known) ? 'already_exists' : 'again'
    }
    const { total } = order
    const part = total === 0 ? 0 : ((total - money.shipping) * (total - money.byPoints)) / total
    const base = Math.floor(part)
    const earned = Math.floor((Math.floor(base / 100) * this.tier.factor) / 100)
    const day = dayOf(occurredAt)
    this.#act(occurredAt)
    const lot = this.#earn(earned, this.#lotOf(day, this.rules.activeAfterDays))
    this.orders.push({ ...order, till, base, earned, lot, day, counts: true, refunds: [] })
    this.lapse()
    this.look()
    return 'done'
  }

  protected isLate(occurredAt: number): boolean {
    return occurredAt > this.now + 5 * 60_000 || occurredAt < this.now - 400 * DAY
  }

  /** Redemptions whose coupons are used for an order, in the order of the uses. */
  protected couponsFor(orderId: string): Redemption[] {
    return this.uses.filter(({ coupon }) => coupon!.state === 'used' && coupon!.orderId === orderId)
  }

  pendingOrder(id: string, earned: number, activeAt: number, expiresAt: number): void {
    this.#act()
    const lot = this.#earn(earned, { until: expiresAt, life: null, activeAt, lapsed: 0 })
    const order = { id, till: null, day: 0, total: earned * 100, base: 0, counts: false, lines: [] }
    this.orders.push({ ...order, earned, lot, refunds: [] })
  }

  activity(type: string, reference: string | undefined): Outcome {
    const rule = Object.entries(this.rules.activities).find(([id]) => id === type)?.[1]
    if (rule === undefined || (rule.once === 'reference' && reference === undefined)) {
      return 'validation_failed'
    }
    const day = dayOf(this.now)
    const once = `${type} ${{ day, reference, ever: 'ever' }[rule.once]}`
    if (this.activities.has(once)) {
      return this.activities.get(once) === reference ? 'again' : 'limit_reached'
    }
    this.activities.set(once, reference)
    const { points, isVisit } = rule
    this.#act()
    this.#earn(points, this.#lotOf())
    this.#activityDeeds.push({ day, spend: 0, points, isOrder: false, isVisit })
    this.look()
    return 'done'
  }

  adjust(points: number, allowDebt: boolean, expiresAt: number | undefined): Outcome {
    if (points > 0) {
      if (expiresAt !== undefined && expiresAt <= this.now) {
        return 'validation_failed'
      }
      if (expiresAt === undefined) {
        this.#join()
      }
      this.#earn(
        points,
        expiresAt === undefined
          ? this.#lotOf()
          : { until: expiresAt, life: null, activeAt: null, lapsed: 0 },
      )
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
    if (this.isFrozen || taken.length < points) {
      return this.isFrozen ? 'member_frozen' : 'insufficient_points'
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
      { byHold: true },
    )
    this.#act()
    this.lapse()
    return 'done'
  }

  release(hold: Hold | undefined): Outcome {
    if (!hold?.open) {
      return hold ? 'hold_ended' : 'not_found'
    }
    this.#free(hold)
    this.lapse()
    return 'done'
  }

  /** So many points, or a reward by its id. */
  redeem(what: number | string, orderId: string | null): Outcome {
    if (this.isFrozen) {
      return 'member_frozen'
    }
    const reward = typeof what === 'string' ? this.rules.rewards.get(what) : undefined
    if (typeof what === 'string') {
      if (!reward) {
        return 'not_found'
      }
      const isFull = orderId === null && this.coupons.length >= 100
      if (!isOpenAt(reward, this.now) || this.left[what] === 0 || isFull) {
        return 'limit_reached'
      }
    }
    const points = reward?.tierPoints?.[this.tier.id] ?? reward?.points ?? Number(what)
    const spent = this.#spendable().slice(0, points)
    if (spent.length < points) {
      return 'insufficient_points'
    }
    this.#drop(spent)
    const lots = spent.map((point) => point.lot)
    if (reward && typeof what === 'string') {
      const taken = reward.limit ? { rewardId: what, day: dayOf(this.now), isBack: false } : null
      this.taken.push(...(taken ? [taken] : []))
      const coupon = orderId === null ? newCoupon(reward, this.now) : null
      this.#book(lots, orderId, { rewardId: what, taken, coupon })
    } else {
      this.#book(lots, orderId)
    }
    this.#act()
    return 'done'
  }

  #book(lots: Lot[], orderId: string | null, rest: Partial<Redemption> = {}): void {
    const slots = lots.map((lot) => ({ lot, back: false }))
    const nothing = { byHold: false, rewardId: null, taken: null, coupon: null }
    const spent = lots.length
    this.redemptions.push({ orderId, slots, spent, reversed: false, ...nothing, ...rest })
  }

  reverseRedemption(redemption: Redemption | undefined): Outcome {
    if (!redemption) {
      return 'not_found'
    }
    if (redemption.reversed) {
      return 'again'
    }
    const { coupon, taken } = redemption
    if (coupon?.state === 'used' && this.orders.some(({ id }) => id === coupon.orderId)) {
      return 'coupon_ended'
    }
    redemption.reversed = true
    Object.assign(coupon ?? {}, { state: 'returned' })
    Object.assign(taken ?? {}, { isBack: true })
    this.#giveBack(
      redemption,
      redemption.slots.filter((slot) => !slot.back),
    )
    this.lapse()
    return 'done'
  }

  /** Gives spent points back, lot by lot in the order of spending. Answers which could be taken again: those that lived. */
  #giveBack({ slots: all }: Redemption, some: Slot[]): { own: Set<Lot>; points: number } {
    const place = (slot: Slot) => all.findIndex(({ lot }) => lot === slot.lot)
    const slots = some.toSorted((a, b) => place(a) - place(b))
    slots.forEach((slot) => (slot.back = true))
    const lots = slots.flatMap((slot) => slot.lot ?? [])
    return this.#putBack(slots.length - lots.length, lots)
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
    if (id !== 'void' && refund.owed === 0 && num === share(order, before)[0]) {
      return 'nothing'
    }
    const paying = this.redemptions.filter((each) => each.orderId === orderId)
    for (const redemption of [...paying, ...this.couponsFor(orderId)]) {
      const left = redemption.slots.filter((slot) => !slot.back)
      const points = part(redemption.spent) - (redemption.spent - left.length)
      if (points > 0) {
        Object.assign((id === 'void' && redemption.taken) || {}, { isBack: true })
        const back = this.#giveBack(redemption, proportionate(redemption.slots, points))
        refund.returned.push({ redemption, ...back })
      }
    }
    Object.assign(refund, this.claw(refund.owed, new Set(order.lot ? [order.lot] : [])))
    order.refunds.push(refund)
    this.lapse()
    this.look()
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
    if (this.orders.some((order) => order.refunds.includes(refund) && isVoid(order))) {
      return 'already_exists'
    }
    refund.reversed = true
    this.#putBack(refund.debt, refund.taken)
    for (const { redemption, own, points } of refund.returned) {
      if (!redemption.reversed) {
        const active = [...own].filter((lot) => this.#isLive(lot))
        const { taken, debt } = this.claw(points, new Set(active))
        redemption.slots.push(...taken.map((lot) => ({ lot, back: false })))
        redemption.slots.push(...Array.from({ length: debt }, () => ({ lot: null, back: false })))
      }
    }
    this.lapse()
    this.look()
    return 'done'
  }
}

/** The first instant at which a lot's points are gone. */
const endOf = (lot: Lot): number => lot.graced ?? lot.life?.until ?? lot.until
