import type { Program } from '../program/program'
import type { Pointer, Stand } from '../projection/projection'
import { ok, type Result } from '../result'
import { isArmed, nextCheckAt } from './alarm'
import { type LedgerPart, restore } from './backup'
import { chain } from './chain'
import { appendEntries } from './entries'
import type { Journal } from './journal'
import { dueAt } from './settle'
import { create, load, save, writeLots, type Ledger } from './store'

type Asked = Parameters<typeof appendEntries>[2]

/** Up to where the projection has a ledger, and of which history. */
export type Projected = Pick<Stand, 'seq' | 'history'>

/** What rolls a rehearsal back. */
const takenBack = new Error('Taken back')

/** A member's ledger as the object keeps it: in storage, and in memory as it was last written. */
export class Book {
  #ledger: Ledger | null = null
  /** What a transaction leaves for its end, however many commands it decides. */
  #isChanged = false
  #hasNews = false
  readonly #ctx: DurableObjectState
  readonly #send: (news: Pointer) => Promise<unknown>

  /** `send` tells the projection that a member has news. */
  constructor(ctx: DurableObjectState, send: (news: Pointer) => Promise<unknown>) {
    this.#ctx = ctx
    this.#send = send
  }

  get sql(): SqlStorage {
    return this.#ctx.storage.sql
  }

  /** Null where no member was enrolled. */
  get ledger(): Ledger | null {
    this.#ledger ??= load(this.#ctx.storage.sql)
    return this.#ledger
  }

  /** The ledger of who is a member, or why there is none. */
  get present(): Ledger | 'unknown' | 'gone' {
    const { ledger } = this
    if (ledger === null) {
      return 'unknown'
    }
    return ledger.erasedAt === null ? ledger : 'gone'
  }

  /** Runs `work` in one transaction and tells the projection, or leaves that to others. What memory holds of a failed one is forgotten. */
  atomically<T>(work: () => T, { isQuiet = false } = {}): T {
    try {
      const done = this.#ctx.storage.transactionSync(() => {
        const value = work()
        this.#save()
        return value
      })
      this.#hasNews &&= !isQuiet
      this.#announce()
      return done
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  /** Runs `work` within a transaction and takes back all that it wrote. */
  rehearse<T>(work: () => T): T {
    let seen: T
    try {
      this.#ctx.storage.transactionSync(() => {
        seen = work()
        throw takenBack
      })
    } catch (error) {
      this.#forget()
      if (error !== takenBack) {
        throw error
      }
    }
    return seen!
  }

  create(memberId: string, program: Program, locale: string | null): void {
    this.#ledger = this.ledger ?? create(this.#ctx.storage.sql, memberId, program, locale)
    // The first ledgers were not told.
    if (this.#ledger.locale === null && locale !== null && this.#ledger.erasedAt === null) {
      this.change({ locale })
    }
  }

  /** Changes what is kept beside the entries. */
  change(fields: Partial<Ledger>): void {
    this.#ledger = { ...this.ledger!, ...fields }
    this.#isChanged = true
  }

  /** Appends what a journal holds, arms the alarm if none is armed, and tells the projection. */
  commit(journal: Journal, asked: Asked, fields: Partial<Ledger> = {}): void {
    const { sql } = this.#ctx.storage
    const ledger = this.ledger!
    const salt = Buffer.from(ledger.salt, 'base64')
    let head: Uint8Array = Buffer.from(ledger.head, 'base64')
    const chained = journal.entries.map((entry) => {
      head = chain(head, entry, salt)
      return { entry, hash: head }
    })
    appendEntries(sql, chained, asked)
    writeLots(sql, ledger.state, journal.state, journal.entries)
    const committedAt = Date.now()
    this.change({
      head: Buffer.from(head).toString('base64'),
      committedAt,
      alarmAt: this.#armOnce(ledger, committedAt),
      dueAt: dueAt(journal.state, journal.program, journal.now),
      version: journal.program.version,
      state: journal.state,
      ...fields,
    })
    this.#hasNews = true
  }

  /** Takes a part of a backup, and tells the projection. */
  restore(part: LedgerPart): Result<null> {
    return this.atomically(() => {
      const restored = restore(this.sql, this.ledger, part)
      if (!restored.ok) {
        return restored
      }
      const alarmAt = this.#armOnce(restored.value, Date.now())
      this.change({ ...restored.value, alarmAt, restoredAt: Date.now() })
      this.#hasNews = true
      return ok(null)
    })
  }

  /** Whether the projection has all of this ledger. */
  isIn(projected: Projected): boolean {
    const { history, state } = this.ledger!
    return projected.history === history && projected.seq >= state.seq
  }

  /** Where the projection stands, null when it could not be asked: sends again until it has everything. */
  rearm(projected: Projected | null): void {
    if (projected !== null && this.isIn(projected)) {
      this.change({ alarmAt: null, attempt: 0 })
      return
    }
    const attempt = this.ledger!.attempt + 1
    this.change({ alarmAt: this.#arm(Date.now(), attempt), attempt })
    this.#hasNews = true
  }

  /** Begins a history that no other has been, and makes the projection follow it. */
  renew(): void {
    const { history, epoch } = this.ledger!
    const now = Date.now()
    this.change({
      history: Math.max(history + 1, now),
      epoch: Math.max(epoch + 1, now),
      alarmAt: this.#arm(now, 0),
      // What the projection was found to lack before is to be taken back.
      attempt: 1,
    })
    this.#hasNews = true
  }

  #save(): void {
    if (this.#isChanged) {
      save(this.#ctx.storage.sql, this.#ledger!)
      this.#isChanged = false
    }
  }

  #forget(): void {
    this.#ledger = null
    this.#isChanged = false
    this.#hasNews = false
  }

  /** Tells the projection that this member has news. Lost messages are the alarm's business. */
  #announce(): void {
    if (this.#hasNews) {
      const { programId, memberId } = this.#ledger!
      this.#hasNews = false
      this.#ctx.waitUntil(this.#send({ programId, memberId }).catch(() => null))
    }
  }

  /** When the alarm rings that is armed, or is now. */
  #armOnce(ledger: Ledger, now: number): number | null {
    return isArmed(ledger, now) ? ledger.alarmAt : this.#arm(now, 0)
  }

  #arm(now: number, attempt: number): number {
    const alarmAt = nextCheckAt(now, attempt)
    void this.#ctx.storage.setAlarm(alarmAt)
    return alarmAt
  }
}
