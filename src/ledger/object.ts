import { DurableObject } from 'cloudflare:workers'
import { database } from '../db/client'
import { projectedSeq } from '../db/lookup'
import { nowIn, type Program } from '../program/program'
import { fail, type Failure, ok, type Result } from '../result'
import { Book } from './book'
import {
  bookedOtherwise,
  isDigestOf,
  type Call,
  isRemembered,
  type Key,
  keyOf,
  keyReused,
  type Reply,
  signedOut,
  type Unready,
} from './call'
import { couponIn } from './coupon-view'
import { decide } from './decide'
import { eraseTexts, historyOf, readEntry } from './entries'
import { forfeit } from './erase'
import { open } from './journal'
import type { Actor, Entry } from './ledger'
import { answer, type Answered, pageAfter, type Query, type Unprojected } from './query'
import { type Receipt, type Standing, standingOf, viewOf } from './receipt'
import { readCommand, recall, remember, type Outcome } from './replay'
import { rulesOf, type Told } from './rules'
import { cardOf, refuseCard, useCard } from './card'
import { isForged } from './coupon'
import { changeSessions, isAlive, type SessionRef, type SessionRequest } from './session'
import { dueAt, settle } from './settle'
import { FORGOTTEN, sessionsOf } from './store'

/** One member's points. Everything that happens to them happens here, one after the other. */
export class MemberLedger extends DurableObject<Env> {
  readonly #book = new Book(this.ctx, (news) => this.env.PROJECTION.send(news))
  /** The furthest that a test clock was seen to stand, in milliseconds: 0 on real time. */
  #clockMs = 0

  /** Makes a new member's ledger. Once more changes nothing. */
  enrol(memberId: string, program: Program, locale: string | null = null): void {
    this.#book.atomically(() => this.#book.create(memberId, program, locale))
  }

  /** Decides a command, once for every Idempotency-Key. The reply is final when it leaves. */
  execute(call: Call): Reply | Unready {
    return this.#within(call.program, (program) => {
      if (!this.#admits(call.session)) {
        return this.#reply(signedOut)
      }
      const asked = keyOf(call, program)
      const before = recall(this.ctx.storage.sql, asked.key)
      if (before !== null) {
        const isSame = isDigestOf(before.fingerprint, asked.fingerprint)
        return isSame ? this.#replay(before.outcome) : this.#reply(keyReused)
      }
      this.#settle(program)
      return this.#decide(call, program, asked)
    })
  }

  /** Answers a query once all that is due was done. */
  read(query: Query, told: Told, session?: SessionRef): Answered | Unready {
    return this.#within(told, (program) => {
      if (!this.#admits(session)) {
        return signedOut
      }
      this.#settle(program)
      const ledger = this.#book.ledger!
      const answered = answer(this.ctx.storage.sql, ledger, query, program, nowIn(program))
      return { ...answered, locale: ledger.locale }
    })
  }

  /** Does what is due, so that it happens though nobody asks. */
  settle(told: Told): Unready | void {
    return this.#within(told, (program) => this.#settle(program))
  }

  /** Signs a device in or out, or all of them out. Answers the epoch that tokens name from here on. */
  changeSessions(request: SessionRequest, session?: SessionRef): Result<number> | Unready {
    return this.#book.atomically(() => {
      const ledger = this.#book.present
      if (typeof ledger === 'string') {
        return ledger
      }
      if (!this.#admits(session)) {
        return signedOut
      }
      const changed = changeSessions(sessionsOf(this.ctx.storage.sql), request, Date.now())
      if (request.type === 'closeAll') {
        this.#book.change({ epoch: ledger.epoch + 1 })
      }
      return changed.ok ? ok(this.#book.ledger!.epoch) : changed
    })
  }

  /** Keeps the language in which the member is written to. */
  setLocale(locale: string | null): void {
    this.#book.atomically(() => {
      const ledger = this.#book.present
      if (typeof ledger !== 'string' && ledger.locale !== locale) {
        this.#book.change({ locale })
      }
    })
  }

  /** Forgets who the member was, and gives up all that is left. Once more changes nothing. */
  erase(actor: Actor, told: Told): Result<null> | Unready {
    return this.#within(told, (program) => {
      this.#settle(program)
      const { state, salt, epoch } = this.#book.ledger!
      const journal = open(state, program, nowIn(program))
      forfeit(journal, actor)
      this.#book.commit(journal, null, { ...FORGOTTEN, epoch: epoch + 1, erasedAt: Date.now() })
      eraseTexts(this.ctx.storage.sql, Buffer.from(salt, 'base64'))
      return ok(null)
    })
  }

  /** What the projection lacks when it has everything up to `seq`; null for an unknown member. */
  unprojected(seq: number): Unprojected | null {
    return this.#book.atomically(() => {
      const { ledger } = this.#book
      return ledger && pageAfter(this.ctx.storage.sql, ledger, seq)
    })
  }

  /** Compares the projection with the ledger, and sends again until they agree. */
  override async alarm(): Promise<void> {
    const ledger = this.#book.atomically(() => this.#book.ledger)
    if (ledger === null) {
      return
    }
    const { programId, memberId } = ledger
    const db = database(this.env, { programId, memberId })
    const seq = await projectedSeq(db, programId, memberId).catch(() => null)
    this.#book.atomically(() => this.#book.rearm(seq))
  }

  /** Works by the rules that are told, in one transaction, or says why there is no answer. */
  #within<T>(told: Told, work: (program: Program) => T): T | Unready {
    return this.#book.atomically(() => {
      const program = this.#rules(told)
      return typeof program === 'string' ? program : work(program)
    })
  }

  #rules(told: Told): Program | Unready {
    const ledger = this.#book.present
    if (typeof ledger === 'string') {
      return ledger
    }
    const clockMs = told.clockMs ?? 0
    if (told.version < ledger.version || clockMs < this.#clockMs) {
      return 'stale'
    }
    this.#clockMs = clockMs
    return rulesOf(told) ?? 'unread'
  }

  /** Whether who calls is no member, or one who is signed in. */
  #admits(session: SessionRef | undefined): boolean {
    const { epoch } = this.#book.ledger!
    return session === undefined || isAlive(sessionsOf(this.ctx.storage.sql), epoch, session)
  }

  #settle(program: Program): void {
    const ledger = this.#book.ledger!
    const now = nowIn(program)
    if (ledger.version === program.version && now < (ledger.dueAt ?? Infinity)) {
      return
    }
    const journal = open(ledger.state, program, now)
    settle(journal)
    if (journal.entries.length > 0) {
      this.#book.commit(journal, null)
    } else {
      // New rules may have moved what is due; the version is kept, so that an older one never follows it.
      const { version } = program
      this.#book.change({ version, dueAt: dueAt(journal.state, program, now) })
    }
  }

  #decide({ command, actor }: Call, program: Program, asked: Key): Reply {
    const { sql } = this.ctx.storage
    const ledger = this.#book.ledger!
    const journal = open(ledger.state, program, nowIn(program))
    const decided = isForged(command, ledger.couponKey)
      ? fail('not_found', 'There is no such coupon.')
      : decide(journal, command, actor, historyOf(sql))
    if (decided.ok && decided.value !== null) {
      return this.#repeat(decided.value, asked)
    }
    const taken = refuseCard(cardOf(command), ledger, Date.now()) ?? decided
    if (!taken.ok) {
      return this.#refuse(taken.failure, asked)
    }
    const standing = standingOf(journal.state, program, journal.now)
    if (journal.entries.length > 0) {
      const fields = useCard(cardOf(command), ledger.cards, Date.now())
      this.#book.commit(journal, { key: asked, span: journal.entries.length, standing }, fields)
    } else if (command.type !== 'refundTo') {
      // A sum that is reached is compared anew each time: there is nothing to repeat.
      remember(sql, asked, { standing })
    }
    return this.#reply(ok(this.#receipt(journal.entries, standing)))
  }

  #refuse(failure: Failure, asked: Key): Reply {
    if (isRemembered(failure)) {
      remember(this.ctx.storage.sql, asked, { failure })
    }
    return this.#reply({ ok: false, failure })
  }

  /** The same thing was booked before, under another key. */
  #repeat(first: Entry, asked: Key): Reply {
    const { content } = readCommand(this.ctx.storage.sql, first.seq)
    if (!isDigestOf(content, asked.content)) {
      return this.#refuse(bookedOtherwise, asked)
    }
    remember(this.ctx.storage.sql, asked, { seq: first.seq })
    return this.#replay({ seq: first.seq })
  }

  #replay(outcome: Outcome): Reply {
    if ('failure' in outcome) {
      return this.#reply({ ok: false, failure: outcome.failure }, true)
    }
    if ('standing' in outcome) {
      return this.#reply(ok({ entries: [], ...outcome.standing }), true)
    }
    const { entries, standing } = readCommand(this.ctx.storage.sql, outcome.seq)
    return this.#reply(ok(this.#receipt(entries, standing)), true)
  }

  #receipt(entries: readonly Entry[], standing: Standing): Receipt {
    const { sql } = this.ctx.storage
    const coupon = couponIn(this.#book.ledger!, entries, (seq) => readEntry(sql, seq))
    return { entries: entries.map(viewOf), ...standing, ...(coupon && { coupon }) }
  }

  #reply(result: Result<Receipt>, replayed = false): Reply {
    return { result, replayed, locale: this.#book.ledger!.locale }
  }
}
