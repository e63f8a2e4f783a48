import { DurableObject } from 'cloudflare:workers'
import { database } from '../db/client'
import { projectedSeq } from '../db/lookup'
import { nowIn, type Program } from '../program/program'
import { ok, type Failure, type Result } from '../result'
import {
  bookedOtherwise,
  isDigestOf,
  type Call,
  isRemembered,
  type Key,
  keyOf,
  keyReused,
  type Reply,
  type Unready,
} from './call'
import { isArmed, nextCheckAt } from './alarm'
import { chain } from './chain'
import { decide } from './decide'
import { appendEntries, historyOf } from './entries'
import { open, type Journal } from './journal'
import type { Entry } from './ledger'
import { answer, type Answer, pageAfter, type Query, type Unprojected } from './query'
import { standingOf, viewOf } from './receipt'
import { readCommand, recall, remember, type Outcome } from './replay'
import { rulesOf, type Told } from './rules'
import { dueAt, settle } from './settle'
import { create, load, save, writeLots, type Ledger } from './store'

/** One member's points. Everything that happens to them happens here, one after the other. */
export class MemberLedger extends DurableObject<Env> {
  /** As it was last written; null until it is read, and after any throw. */
  #ledger: Ledger | null = null
  /** The furthest that a test clock was seen to stand, in milliseconds: 0 on real time. */
  #clockMs = 0

  /** Makes a new member's ledger. Once more changes nothing. */
  enrol(memberId: string, program: Program): void {
    this.#atomically(() => {
      const { sql } = this.ctx.storage
      this.#ledger = this.#load() ?? create(sql, memberId, program)
    })
  }

  /** Decides a command, once for every Idempotency-Key. The reply is final when it leaves. */
  execute(call: Call): Reply | Unready {
    return this.#atomically(() => {
      const program = this.#rules(call.program)
      if (typeof program === 'string') {
        return program
      }
      const asked = keyOf(call, program)
      const before = recall(this.ctx.storage.sql, asked.key)
      if (before !== null) {
        const isSame = isDigestOf(before.fingerprint, asked.fingerprint)
        return isSame ? this.#replay(before.outcome) : { result: keyReused, replayed: false }
      }
      this.#settle(program)
      return this.#decide(call, program, asked)
    })
  }

  /** Answers a query once all that is due was done. */
  read(query: Query, told: Told): Result<Answer> | Unready {
    return this.#atomically(() => {
      const program = this.#rules(told)
      if (typeof program === 'string') {
        return program
      }
      this.#settle(program)
      return answer(this.ctx.storage.sql, this.#ledger!, query, program, nowIn(program))
    })
  }

  /** Does what is due, so that it happens though nobody asks. */
  settle(told: Told): Unready | void {
    return this.#atomically(() => {
      const program = this.#rules(told)
      return typeof program === 'string' ? program : this.#settle(program)
    })
  }

  /** What the projection lacks when it has everything up to `seq`; null for an unknown member. */
  unprojected(seq: number): Unprojected | null {
    return this.#atomically(() => {
      const ledger = this.#load()
      return ledger && pageAfter(this.ctx.storage.sql, ledger, seq)
    })
  }

  /** Compares the projection with the ledger, and sends again until they agree. */
  override async alarm(): Promise<void> {
    const ledger = this.#atomically(() => this.#load())
    if (ledger === null) {
      return
    }
    const { programId, memberId } = ledger
    const db = database(this.env, { programId, memberId })
    const seq = await projectedSeq(db, programId, memberId).catch(() => null)
    this.#atomically(() => this.#rearm(seq))
  }

  /** Runs `work` in one transaction. What memory holds of a failed one is forgotten. */
  #atomically<T>(work: () => T): T {
    try {
      return this.ctx.storage.transactionSync(work)
    } catch (error) {
      this.#ledger = null
      throw error
    }
  }

  /** The rules by which to answer, or why there is no answer. */
  #rules(told: Told): Program | Unready {
    const ledger = this.#load()
    if (ledger === null) {
      return 'unknown'
    }
    const clockMs = told.clockMs ?? 0
    if (told.version < ledger.version || clockMs < this.#clockMs) {
      return 'stale'
    }
    this.#clockMs = clockMs
    return rulesOf(told) ?? 'unread'
  }

  #load(): Ledger | null {
    this.#ledger ??= load(this.ctx.storage.sql)
    return this.#ledger
  }

  #settle(program: Program): void {
    const ledger = this.#ledger!
    const now = nowIn(program)
    if (ledger.version === program.version && now < (ledger.dueAt ?? Infinity)) {
      return
    }
    const journal = open(ledger.state, program, now)
    settle(journal)
    if (journal.entries.length > 0) {
      this.#commit(journal, null)
    } else {
      // New rules may have moved what is due; the version is kept, so that an older one never follows it.
      this.#save({ ...ledger, version: program.version, dueAt: dueAt(journal.state, program, now) })
    }
  }

  #decide({ command, actor }: Call, program: Program, asked: Key): Reply {
    const { sql } = this.ctx.storage
    const journal = open(this.#ledger!.state, program, nowIn(program))
    const decided = decide(journal, command, actor, historyOf(sql))
    if (!decided.ok) {
      return this.#refuse(decided.failure, asked)
    }
    if (decided.value !== null) {
      return this.#repeat(decided.value, asked)
    }
    const standing = standingOf(journal.state, program, journal.now)
    if (journal.entries.length === 0) {
      remember(sql, asked, { standing })
    } else {
      this.#commit(journal, { key: asked, span: journal.entries.length, standing })
    }
    return { result: ok({ entries: journal.entries.map(viewOf), ...standing }), replayed: false }
  }

  #refuse(failure: Failure, asked: Key): Reply {
    if (isRemembered(failure)) {
      remember(this.ctx.storage.sql, asked, { failure })
    }
    return { result: { ok: false, failure }, replayed: false }
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
      return { result: { ok: false, failure: outcome.failure }, replayed: true }
    }
    if ('standing' in outcome) {
      return { result: ok({ entries: [], ...outcome.standing }), replayed: true }
    }
    const { entries, standing } = readCommand(this.ctx.storage.sql, outcome.seq)
    return { result: ok({ entries: entries.map(viewOf), ...standing }), replayed: true }
  }

  /** Appends what a journal holds, and arms the alarm if none is armed. */
  #commit(journal: Journal, asked: Parameters<typeof appendEntries>[2]): void {
    const { sql } = this.ctx.storage
    const ledger = this.#ledger!
    const salt = Buffer.from(ledger.salt, 'base64')
    let head: Uint8Array = Buffer.from(ledger.head, 'base64')
    const chained = journal.entries.map((entry) => {
      head = chain(head, entry, salt)
      return { entry, hash: head }
    })
    appendEntries(sql, chained, asked)
    writeLots(sql, ledger.state, journal.state, journal.entries)
    const committedAt = Date.now()
    this.#save({
      ...ledger,
      head: Buffer.from(head).toString('base64'),
      committedAt,
      alarmAt: isArmed(ledger, committedAt) ? ledger.alarmAt : this.#arm(committedAt, 0),
      dueAt: dueAt(journal.state, journal.program, journal.now),
      version: journal.program.version,
      state: journal.state,
    })
    this.#announce()
  }

  #save(ledger: Ledger): void {
    save(this.ctx.storage.sql, ledger)
    this.#ledger = ledger
  }

  /** Tells the projection that this member has news. Lost messages are the alarm's business. */
  #announce(): void {
    const { programId, memberId } = this.#ledger!
    this.ctx.waitUntil(this.env.PROJECTION.send({ programId, memberId }).catch(() => null))
  }

  #arm(now: number, attempt: number): number {
    const alarmAt = nextCheckAt(now, attempt)
    void this.ctx.storage.setAlarm(alarmAt)
    return alarmAt
  }

  /** The projection stands at `seq`; null when it could not be asked. */
  #rearm(seq: number | null): void {
    const ledger = this.#load()!
    if (seq !== null && seq >= ledger.state.seq) {
      this.#save({ ...ledger, alarmAt: null, attempt: 0 })
      return
    }
    const attempt = ledger.attempt + 1
    this.#save({ ...ledger, alarmAt: this.#arm(Date.now(), attempt), attempt })
    this.#announce()
  }
}
