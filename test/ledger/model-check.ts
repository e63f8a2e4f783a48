import { apply, fold, madeBy } from '../../src/ledger/apply'
import { open } from '../../src/ledger/journal'
import { balanceOf, empty, type Entry, type Start } from '../../src/ledger/ledger'
import { dueAt, settle } from '../../src/ledger/settle'
import { offerOf } from '../../src/program/reward'
import { fallOf, floorTier, reachedAt } from '../../src/program/tier'
import type { Model } from './model'
import { couponFaults } from './model-audit'
import { DAY_MS, type World } from './world'

// What a ledger and the naive one are compared by, and what must always hold.

/** Everything by which two ledgers are compared. */
export const stateOf = ({ state, program, now }: World) => ({
  available: state.available,
  held: state.held,
  pending: state.pending,
  debt: state.debt,
  lots: state.lots.map((lot) => [lot.expiresAt, lot.activeAt, lot.remaining, lot.held]),
  holds: state.holds.length,
  tier: state.tier,
  fallsAt: state.fallsAt,
  floor: floorTier(program, state)?.id ?? null,
  reached: reachedAt(program, state, now),
  coupons: state.coupons.map(([, endsAt]) => endsAt).toSorted((a, b) => a - b),
  isFrozen: state.isFrozen,
  left: Object.fromEntries(
    Object.keys(program.rewards).flatMap((id) => {
      const { left } = offerOf(program, id, state, now)!
      return left === null ? [] : [[id, left]]
    }),
  ),
})

/** When and to what the member falls if nothing more happens. */
export function fallOfWorld({ state, program, now }: World) {
  const fall = fallOf(program, state, now)
  return fall && { at: fall.at, to: fall.to.id }
}

export const stateOfModel = (model: Model): ReturnType<typeof stateOf> => ({
  available: model.available,
  held: model.held,
  pending: model.pending,
  debt: model.debt,
  lots: model.open.map(([until, ...rest]) => [Math.min(until, Number.MAX_SAFE_INTEGER), ...rest]),
  holds: model.holds.filter((hold) => hold.open).length,
  tier: model.tier.id,
  fallsAt: model.fallsAt,
  floor: model.floor,
  reached: model.reached,
  coupons: model.coupons.toSorted((a, b) => a - b),
  isFrozen: model.isFrozen,
  left: model.left,
})

/** An entry without the moment at which the ledger took it. */
export const untimed = (entry: Entry) => ({ ...entry, recordedAt: 0 })

/** The state that the stored entries of a ledger fold to. */
export const folded = (entries: readonly Entry[], start: Start) =>
  fold(JSON.parse(JSON.stringify(entries)) as Entry[], start)

const total = (entries: readonly Entry[]) => entries.reduce((sum, { points }) => sum + points, 0)

/** Reads a ledger's entries one by one, and says what must always hold (design §11) and does not. */
export class Audit {
  readonly #world: World
  readonly #start: Start
  #state
  #faults: string[] = []

  constructor(world: World) {
    this.#world = world
    this.#start = { tier: world.state.tier, enrolledOn: world.state.enrolledOn }
    this.#state = empty(this.#start)
  }

  get start(): Start {
    return this.#start
  }

  /** What is broken since the last look. */
  look(): string[] {
    this.#faults = []
    const { entries } = this.#world
    for (const entry of entries.slice(this.#state.seq)) {
      this.#read(entry)
    }
    this.#parts()
    this.#tiers()
    this.#due()
    this.#faults.push(...couponFaults(this.#world))
    entries.forEach((entry) => this.#sums(entry))
    return this.#faults
  }

  #must(holds: boolean, what: string): void {
    if (!holds) {
      this.#faults.push(what)
    }
  }

  /** One entry on top of those before it. */
  #read(entry: Entry): void {
    const before = this.#state
    this.#must(entry.seq === before.seq + 1, 'dense')
    this.#must(entry.recordedAt >= before.recordedAt, 'recordedAt is monotone')
    if (entry.kind === 'hold' || entry.kind === 'redeem') {
      const lots = entry.lots.map(([seq]) => before.lots.find((lot) => lot.seq === seq)!)
      const live = lots.every(
        (lot) => lot.expiresAt > entry.recordedAt && (lot.activeAt ?? 0) <= entry.recordedAt,
      )
      this.#must(live, 'nothing lapsed or pending is spent')
      const times = lots.map((lot) => lot.expiresAt)
      const isSorted = times.every((time, at) => at === 0 || times[at - 1]! <= time)
      this.#must(isSorted, 'soonest expiry first')
    }
    if (entry.kind === 'expire') {
      const isDue = entry.lots.every(
        ([seq]) => before.lots.find((lot) => lot.seq === seq)!.expiresAt <= entry.recordedAt,
      )
      this.#must(isDue, 'nothing lapses early')
    }
    for (const [life, end] of entry.detail.renews ?? []) {
      const [, old = 0] = before.idle.find(([each]) => each === life) ?? []
      this.#must(end > old, 'no end moves backwards')
    }
    if (entry.tier !== null) {
      const { tier, fallsAt, floor } = before
      const { detail } = entry
      const isChange =
        entry.tier !== tier ||
        (detail.fallsAt ?? null) !== fallsAt ||
        (detail.floor ?? floor) !== floor
      this.#must(isChange, 'a tier entry changes something')
    }
    this.#state = apply(before, entry)
  }

  #parts(): void {
    const { state, entries, now } = this.#world
    const remaining = state.lots.reduce((sum, lot) => sum + lot.remaining, 0)
    const { available, held, pending, debt } = state
    this.#must(total(entries) === balanceOf(state), 'balance = fold')
    this.#must(remaining - debt === balanceOf(state), 'balance = Σ remaining − debt')
    this.#must([available, held, pending, debt].every(Number.isSafeInteger), 'integers')
    this.#must(Math.min(available, held, pending, debt) >= 0, 'no part is negative')
    this.#must(debt === 0 || available === 0, 'debt only when nothing is available')
    const order = state.lots.map((lot) => [lot.expiresAt, lot.seq] as const)
    const sorted = order.toSorted(([a, b], [c, d]) => a - c || b - d)
    this.#must(JSON.stringify(order) === JSON.stringify(sorted), 'lots are in order')
    for (const lot of state.lots) {
      const amount = madeBy(entries[lot.seq - 1]!)
      this.#must(lot.held >= 0 && lot.held <= lot.remaining, 'held ≤ remaining')
      this.#must(lot.remaining > 0 && lot.remaining <= amount, 'remaining ≤ amount')
      this.#must(lot.expiresAt > now || lot.held === lot.remaining, 'nothing lapsed stays')
      this.#must(lot.activeAt === null || lot.activeAt > now, 'nothing woken is pending')
    }
    for (const life of new Set(state.lots.flatMap((lot) => lot.idle ?? []))) {
      const ends = state.lots.filter((lot) => lot.idle === life && lot.expiresAt > now)
      const all = new Set(ends.map((lot) => lot.expiresAt))
      this.#must(all.size <= 1, 'what lives by activity lapses together')
    }
  }

  #tiers(): void {
    const { state, program, now } = this.#world
    const rankOf = (id: string | null) => program.tiers.levels.findIndex((tier) => tier.id === id)
    this.#must(rankOf(state.tier) >= rankOf(state.floor), 'no tier is below the floor')
    this.#must((state.fallsAt ?? Infinity) > now, 'what falls has fallen')
    this.#must(state.fallsAt === null || rankOf(state.tier) > 0, 'the lowest tier does not fall')
  }

  /** The alarm goes off when the next thing is due, and not before. */
  #due(): void {
    const { state, program, now } = this.#world
    const written = (at: number) => {
      const journal = open(state, program, at)
      settle(journal)
      return journal.entries.length
    }
    const due = dueAt(state, program, now)
    this.#must(due === null || due > now, 'nothing is due after a step')
    this.#must(written((due ?? now + 800 * DAY_MS) - 1) === 0, 'nothing is due before the alarm')
    this.#must(due === null || written(due) > 0, 'something is due at the alarm')
  }

  #sums(entry: Entry): void {
    const { entries } = this.#world
    const ref = (kinds: string[]) =>
      entries.filter((other) => other.ref === entry.seq && kinds.includes(other.kind))
    if (entry.kind === 'hold') {
      this.#must(ref(['capture', 'release']).length <= 1, 'a hold ends once')
    }
    if (entry.kind === 'redeem' || entry.kind === 'capture') {
      const restores = ref(['restore'])
      const undone = entries.filter(
        (e) => e.kind === 'clawback' && restores.some(({ seq }) => seq === e.ref),
      )
      this.#must(total(restores) + total(undone) <= -entry.points, 'Σ restored ≤ spent')
    }
    if (entry.kind === 'award') {
      const taken = ref(['clawback'])
      const back = entries.filter(
        (e) => e.kind === 'restore' && taken.some(({ seq }) => seq === e.ref),
      )
      this.#must(-total(taken) - total(back) <= entry.points, 'Σ clawback ≤ earned')
    }
  }
}
