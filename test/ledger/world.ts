import { type Command, decide } from '../../src/ledger/decide'
import { earnLot } from '../../src/ledger/award'
import { type Journal, open } from '../../src/ledger/journal'
import { type Actor, balanceOf, empty, type Entry, type State } from '../../src/ledger/ledger'
import type { Payment, Till } from '../../src/ledger/sale'
import type { Proof } from '../../src/ledger/coupon'
import type { Purchase } from '../../src/ledger/schema'
import { historyIn } from '../../src/ledger/rehearsal'
import { settle } from '../../src/ledger/settle'
import type { EarningRule, Expiry, ProgramDocument, Tier, Tiers } from '../../src/program/document'
import { dayOf } from '../../src/program/calendar'
import { defaultDocument, type Program } from '../../src/program/program'
import type { Code, Result } from '../../src/result'

export const actor: Actor = { kind: 'server', keyId: 'key', requestId: 'request' }
export const DAY_MS = 86_400_000
export const at = (text: string): number => Date.parse(text)
/** Noon in Shanghai. */
export const NOON = at('2026-03-10T12:00:00+08:00')

const standard = defaultDocument({ name: 'Demo', currency: 'CNY', timeZone: 'Asia/Shanghai' }, 2)

/** The default program with some of its rules changed. */
export const programOf = (changes: Partial<ProgramDocument> = {}): Program => ({
  ...standard,
  ...changes,
  id: 'demo',
  mode: 'test',
  version: 1,
  publishedAt: 0,
  clockMs: null,
})

/** An earning rule: so many points for so many minor units. */
export const ruleOf = (
  points: number,
  per: EarningRule['per'],
  rest: Partial<EarningRule> = {},
): EarningRule => ({ id: 'purchase', points, per, wholeSteps: false, isOff: false, ...rest })

/** The default earning policy with other rules. */
export const earningOf = (
  rules: EarningRule[],
  rest: Partial<ProgramDocument['earning']> = {},
): ProgramDocument['earning'] => ({ ...standard.earning, rules, ...rest })

export const levelOf = (id: string, from: number, rest: Partial<Tier> = {}): Tier => ({
  id,
  name: { en: id },
  from,
  factor: 100,
  benefits: [],
  ...rest,
})

/** The default tiers with other levels: by what is spent in twelve months, down to what qualifies, at once. */
export const tiersOf = (levels: Tier[], rest: Partial<Tiers> = {}): Tiers => ({
  ...standard.tiers,
  levels,
  ...rest,
})

/** Points live so many months, to the end of the day. */
export const living = (months: number): Expiry => ({ kind: 'after', months, to: 'day' })

/** A purchase of so many whole units of money. */
export const purchaseOf = (orderId: string, major: number, rest: Partial<Purchase> = {}) => ({
  type: 'purchase' as const,
  request: {
    orderId,
    currency: 'CNY',
    lines: [],
    total: major * 100,
    channel: 'pos' as const,
    ...rest,
  },
})

/** A coupon by its redemption. Whether its code was made up only the object asks. */
export const proofOf = (seq: number): Proof => ({ seq, secret: '' })

/** What a command did: its entries, or the code by which it was refused; `first` is what it found done before. */
export interface Done {
  entries: Entry[]
  code: Code | null
  first: Entry | null
}

/** One member's ledger in memory, driven as the object drives it: settle, decide, keep. */
export class World {
  now = NOON
  state: State
  program: Program
  readonly entries: Entry[] = []

  constructor(program: Program = programOf()) {
    this.program = program
    const enrolledOn = dayOf(NOON, program.timeZone)
    this.state = empty({ tier: program.tiers.levels[0]!.id, enrolledOn })
  }

  get balance(): number {
    return balanceOf(this.state)
  }

  /** Open lots as [expiresAt, remaining], in the order of spending. */
  get lots(): [number, number][] {
    return this.state.lots.map((lot) => [lot.expiresAt, lot.remaining])
  }

  settle(): Entry[] {
    return this.#write((journal) => settle(journal))
  }

  do(command: Command, by: Actor = actor): Done {
    this.settle()
    let result: Result<Entry | null> | undefined
    const entries = this.#write((journal) => {
      result = decide(journal, command, by, historyIn(this.entries))
      return result.ok
    })
    return {
      entries,
      code: result!.ok ? null : result!.failure.code,
      first: result!.ok ? result!.value : null,
    }
  }

  /** Lets time pass to an instant and does what is due. */
  until(now: number): Entry[] {
    this.now = now
    return this.settle()
  }

  buy(orderId: string, major: number, rest: Partial<Purchase> = {}): Done {
    return this.do(purchaseOf(orderId, major, rest))
  }

  /** Puts a new version of the program in force. */
  publish(changes: Partial<ProgramDocument>): void {
    const { version } = this.program
    this.program = { ...this.program, ...changes, version: version + 1, publishedAt: this.now }
  }

  visit(type: string, reference?: string): Done {
    return this.do({ type: 'activity', request: { type, reference } })
  }

  give(points: number, expiresAt?: number): Done {
    return this.do({
      type: 'adjust',
      request: { points, reason: 'test', expiresAt, allowDebt: false },
    })
  }

  /** Takes points by hand, into debt where they are not there. */
  owe(points: number): Done {
    return this.do({
      type: 'adjust',
      request: { points: -points, reason: 'test', allowDebt: true },
    })
  }

  redeem(points: number, orderId?: string): Done {
    return this.do({ type: 'redeem', request: { points, orderId } })
  }

  hold(points: number, expiresInSeconds = 900, orderId?: string): Done {
    return this.do({ type: 'hold', request: { points, expiresInSeconds, orderId } })
  }

  capture(holdId: number, points?: number, orderId?: string): Done {
    return this.do({ type: 'capture', holdId, request: { points, orderId } })
  }

  release(holdId: number): Done {
    return this.do({ type: 'release', holdId })
  }

  refund(orderId: string, refundId: string, major: number): Done {
    return this.do({ type: 'refund', request: { orderId, refundId, amount: major * 100 } })
  }

  reverseRefund(refundId: string, orderId?: string): Done {
    return this.do({ type: 'reverseRefund', refundId, orderId })
  }

  reverse(redemptionId: number): Done {
    return this.do({ type: 'reverseRedemption', redemptionId })
  }

  /** Redeems a reward: for an order, or for a coupon. */
  reward(rewardId: string, orderId?: string): Done {
    return this.do({ type: 'redeem', request: { rewardId, orderId } })
  }

  /** The `seq` by which the coupon of a reward is named. */
  coupon(rewardId: string): number {
    return this.reward(rewardId).entries[0]!.seq
  }

  use(seq: number, orderId?: string): Done {
    return this.do({ type: 'useCoupon', ...proofOf(seq), orderId })
  }

  voidCoupon(seq: number, reason?: string): Done {
    return this.do({ type: 'voidCoupon', ...proofOf(seq), reason })
  }

  /** Sells for so many whole units of money at a till, partly for what the payment says. */
  sell(orderId: string, major: number, payment?: Payment, rest: Partial<Purchase> = {}): Done {
    return this.do({ ...purchaseOf(orderId, major, rest), type: 'sale', payment })
  }

  voidSale(orderId: string, till: Till = {}): Done {
    return this.do({ type: 'voidSale', orderId, till })
  }

  freeze(type: 'freeze' | 'unfreeze' = 'freeze', reason?: string): Done {
    return this.do({ type, reason })
  }

  /** An order whose points wake later, as a program with a delay would award it: the default rules have none. */
  buyPending(orderId: string, points: number, activeAt: number, expiresAt: number): Entry[] {
    this.settle()
    return this.#write((journal) => {
      const draft = {
        kind: 'award' as const,
        occurredAt: journal.now,
        orderId,
        actor,
        detail: {
          total: points * 100,
          lines: [],
          earning: { version: 1, base: points * 100, factor: 100, rounding: 'floor', rules: [] },
        } as const,
      }
      earnLot(journal, points, { activeAt, expiresAt }, draft)
    })
  }

  /** Keeps what was written to a journal, unless the writer answers false. */
  #write(by: (journal: Journal) => boolean | void): Entry[] {
    const journal = open(this.state, this.program, this.now)
    if (by(journal) === false) {
      return []
    }
    this.state = journal.state
    this.entries.push(...journal.entries)
    return journal.entries
  }
}
