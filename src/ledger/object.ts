import { DurableObject } from 'cloudflare:workers'
import { findProjected, markBehind, unmarkBehind } from '../db/behind'
import { type Database, database } from '../db/client'
import { nowIn, type Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import { Book, type Projected } from './book'
import { dump, type LedgerPart, type Mark } from './backup'
import { executeAll, type BatchCall, type BatchHow, type Booked } from './batch'
import { type Call, type Reply, signedOut, type Unready } from './call'
import { eraseTexts } from './entries'
import { forfeit } from './erase'
import { bringUpToDate, execute, replyOf } from './execute'
import { open } from './journal'
import type { Actor } from './ledger'
import { answer, type Answered, pageAfter, type Query, type Unprojected } from './query'
import { rulesOf, type Told } from './rules'
import { changeSessions, isAlive, type SessionRef, type SessionRequest } from './session'
import { FORGOTTEN, type Ledger, sessionsOf } from './store'

/** One member's points. Everything that happens to them happens here, one after the other. */
export class MemberLedger extends DurableObject<Env> {
  readonly #book = new Book(this.ctx, (news) => this.env.PROJECTION.send(news))
  /** The furthest that a test clock was seen to stand, in milliseconds: 0 on real time. */
  #clockMs = 0
  /** What happens from here on is taken back at the next start. */
  #isCondemned = false

  /** Makes a new member's ledger. Once more changes nothing. */
  enrol(memberId: string, program: Program, locale: string | null = null): void {
    this.#book.atomically(() => this.#book.create(memberId, program, locale))
  }

  /** Decides a command, once for every Idempotency-Key. The reply is final when it leaves. */
  execute(call: Call): Reply | Unready {
    return this.#within(call.program, (program) => {
      if (!this.#admits(call.session)) {
        return replyOf(this.#book, { result: signedOut, replayed: false })
      }
      return replyOf(this.#book, execute(this.#book, call, program))
    })
  }

  /**
   * Decides commands one after the other in one transaction, or only says what would become of them. Makes the ledger
   * first where a member is told who has none yet.
   */
  executeAll(calls: readonly BatchCall[], told: Told, how: BatchHow = {}): Booked[] | Unready {
    const { enrolling, isRehearsal = false } = how
    const work = () => {
      const rules = rulesOf(told)
      if (enrolling && rules) {
        this.#book.create(enrolling.memberId, rules, enrolling.locale)
      }
      const program = enrolling && !rules ? 'unread' : this.#rules(told)
      if (typeof program === 'string') {
        return program
      }
      const decide = () => executeAll(this.#book, calls, program)
      return isRehearsal ? this.#book.rehearse(decide) : decide()
    }
    return this.#book.atomically(work, { isQuiet: true })
  }

  /** Answers a query once all that is due was done. */
  read(query: Query, told: Told, session?: SessionRef): Answered | Unready {
    return this.#within(told, (program) => {
      if (!this.#admits(session)) {
        return signedOut
      }
      bringUpToDate(this.#book, program)
      const ledger = this.#book.ledger!
      const answered = answer(this.ctx.storage.sql, ledger, query, program, nowIn(program))
      return { ...answered, locale: ledger.locale }
    })
  }

  /** Does what is due, so that it happens though nobody asks. */
  settle(told: Told): Unready | void {
    return this.#within(told, (program) => bringUpToDate(this.#book, program))
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
      bringUpToDate(this.#book, program)
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

  /** The next part of the ledger as a backup keeps it; null for an unknown member. */
  dump(after: Mark): ReturnType<typeof dump> | null {
    return this.#book.atomically(() => {
      const { ledger } = this.#book
      return ledger && dump(this.ctx.storage.sql, ledger, after)
    })
  }

  /** Takes a part of a backup, or what of it is missing. Of who has left meanwhile nothing comes back. */
  restore(part: LedgerPart): Result<null> {
    return this.#book.restore(part)
  }

  /** Has storage put back at the next start to what it was at an instant. Refused where it keeps no history. */
  async rewind(atMs: number): Promise<Result<null> | Unready> {
    const ledger = this.#book.atomically(() => this.#book.present)
    if (typeof ledger === 'string') {
      return ledger
    }
    const { storage } = this.ctx
    try {
      await storage.onNextSessionRestoreBookmark(await storage.getBookmarkForTime(atMs))
    } catch (error) {
      if (!/not implement/.test((error as Error).message)) {
        throw error
      }
      return fail('not_supported', 'This runtime keeps no history of objects; Cloudflare does.')
    }
    this.#isCondemned = true
    return ok(null)
  }

  /** Ends this instance: who calls is answered by an error. */
  restart(): void {
    this.ctx.abort('Put back')
  }

  /** Begins a new history and ends all sessions; false while storage is still to be put back. */
  renew(): boolean | Unready {
    if (this.#isCondemned) {
      return false
    }
    return this.#book.atomically(() => {
      if (this.#book.ledger === null) {
        return 'unknown'
      }
      changeSessions(sessionsOf(this.ctx.storage.sql), { type: 'closeAll' }, Date.now())
      this.#book.renew()
      return true
    })
  }

  /** Compares the projection with the ledger, and sends again until they agree. */
  override async alarm(): Promise<void> {
    const ledger = this.#book.atomically(() => this.#book.ledger)
    if (ledger === null) {
      return
    }
    const db = database(this.env, ledger)
    const projected = await this.#compare(db, ledger).catch(() => null)
    this.#book.atomically(() => this.#book.rearm(projected))
  }

  /** Where the projection stands; it is told of a ledger that it lacks something of, and that it does no more. */
  async #compare(db: Database, ledger: Ledger): Promise<Projected> {
    const projected = await findProjected(db, ledger)
    if (!this.#book.isIn(projected)) {
      await markBehind(db, [ledger], Date.now())
    } else if (ledger.attempt > 0) {
      await unmarkBehind(db, [ledger])
    }
    return projected
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
}
