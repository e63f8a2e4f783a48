import {
  addMonths,
  dayOf,
  isCounted,
  leaves,
  type ModelWindow,
  nextMonth,
  startOf,
} from './model-calendar'

// Tiers of the naive ledger: a machine that looks at the figures at every command and every midnight.

export interface ModelTiers {
  basis: 'spend' | 'points' | 'orders' | 'visits'
  window: ModelWindow
  down: 'never' | 'one-step' | 'qualifying'
  grace: { months: number; days: number; toMonthEnd: boolean }
  levels: { id: string; from: number; factor: number; neverBelow?: string }[]
}

/** Something that counts: a purchase or an activity, less what came back of it. */
export interface Deed {
  day: number
  spend: number
  points: number
  /** An order that did not come back wholly. */
  isOrder: boolean
  isVisit: boolean
}

export class TierMachine {
  readonly #rules: ModelTiers
  readonly #enrolledOn: number
  #held = 0
  #highest = 0
  /** After a step down the tier is kept for another window. */
  #keptUntil = 0
  fallsAt: number | null = null

  constructor(rules: ModelTiers, enrolledOn: number) {
    this.#rules = rules
    this.#enrolledOn = enrolledOn
  }

  get tier() {
    return this.#rules.levels[this.#held]!
  }
  /** The tier below which nobody falls who has been so high; null for the lowest. */
  get floor(): string | null {
    return this.#floor === 0 ? null : this.#rules.levels[this.#floor]!.id
  }
  get #floor(): number {
    const { levels } = this.#rules
    const promised = levels.slice(0, this.#highest + 1).map(({ neverBelow }) => neverBelow)
    return Math.max(0, ...promised.map((id) => levels.findIndex((level) => level.id === id)))
  }

  /** When the tier is lost, and to what, if nothing more happens: lets a copy of the machine live on. */
  falls(now: number, deeds: readonly Deed[]): { at: number; to: string } | null {
    const copy = new TierMachine(this.#rules, this.#enrolledOn)
    copy.#held = this.#held
    copy.#highest = this.#highest
    copy.#keptUntil = this.#keptUntil
    copy.fallsAt = this.fallsAt
    for (let day = dayOf(now) + 1; day < dayOf(now) + 500; day += 1) {
      copy.look(startOf(day), deeds)
      if (copy.#held < this.#held) {
        return { at: startOf(day), to: copy.tier.id }
      }
    }
    return null
  }

  /** Looks at what counts at an instant, and rises or falls. */
  look(now: number, deeds: readonly Deed[]): void {
    const figure = this.figure(dayOf(now), deeds)
    const reached = this.#rules.levels.filter(({ from }) => from <= figure).length - 1
    if (reached >= this.#held) {
      this.#keptUntil = reached > this.#held ? 0 : this.#keptUntil
      this.#held = reached
      this.#highest = Math.max(this.#highest, reached)
      this.fallsAt = null
      return
    }
    if (this.#rules.down === 'never' || this.#held <= this.#floor) {
      return
    }
    this.fallsAt ??= Math.max(this.#afterGrace(now), this.#keptUntil)
    if (this.fallsAt <= now) {
      this.#fall(now, reached)
    }
  }

  #fall(now: number, reached: number): void {
    const least = Math.max(reached, this.#floor)
    this.fallsAt = null
    if (this.#rules.down === 'qualifying') {
      this.#held = least
      return
    }
    this.#held -= 1
    const next = leaves(this.#rules.window, this.#enrolledOn, dayOf(now))
    this.#keptUntil = this.#afterGrace(startOf(next))
    this.fallsAt = this.#held > least ? this.#keptUntil : null
  }

  /** What counts on a day. */
  figure(today: number, deeds: readonly Deed[]): number {
    const { basis, window } = this.#rules
    const counted = deeds.filter(({ day }) => isCounted(window, this.#enrolledOn, day, today))
    const figures = {
      spend: counted.reduce((sum, deed) => sum + deed.spend, 0),
      points: counted.reduce((sum, deed) => sum + deed.points, 0),
      orders: counted.filter(({ isOrder }) => isOrder).length,
      visits: new Set(
        counted.filter(({ isOrder, isVisit }) => isOrder || isVisit).map(({ day }) => day),
      ).size,
    }
    return figures[basis]
  }

  #afterGrace(ms: number): number {
    const { months, days, toMonthEnd } = this.#rules.grace
    if (months === 0 && days === 0 && !toMonthEnd) {
      return ms
    }
    const day = addMonths(dayOf(ms), months) + days
    return startOf(toMonthEnd ? nextMonth(day) : day)
  }
}
