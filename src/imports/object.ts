import { DurableObject } from 'cloudflare:workers'
import { database } from '../db/client'
import { findProgram } from '../program/store'
import { fail, ok, type Refusal, type Result } from '../result'
import { bookNext, giveWay } from './booking'
import {
  beginImport,
  firstDigest,
  type Import,
  isAtWork,
  nextPhase,
  type Phase,
  refuseBytes,
  reused,
  type Sender,
} from './import'
import { enrolNext, findNext } from './people'
import { readNext } from './reading'
import { cut, nextDigest, PIECE_BYTES } from './pieces'
import type { Fault } from './staged'
import { Staging } from './staging'
import { claimContent, freeContent } from './store'
import { undoNext } from './undoing'

/** How long the rest of a file is waited for. */
const REST_MS = 7 * 86_400_000

/** How many steps one alarm takes: one calls dozens of objects, and an invocation may make a thousand calls. */
const STEPS_AT_ONCE = 8
/** How long the next one waits after a failure. */
const FIRST_WAIT_MS = 1_000
const LAST_WAIT_MS = 5 * 60_000

/** What begins an import; the same once more finds it. */
export type Beginning = Parameters<typeof beginImport>[0]

const alone: Sender = { turn: '', isFirst: true }

const unknown = fail('not_found', 'There is no such import.')

/** One file on its way into the ledgers, step by step: each is written down, so that it goes on wherever it was cut off. */
export class ImportJob extends DurableObject<Env> {
  readonly #staging = new Staging(this.ctx.storage)
  #isRinging = false

  /** Begins an import, or finds it; a file that had not come whole, or of which nothing was taken, is sent from its beginning. */
  begin(beginning: Beginning): Result<{ job: Import; isNew: boolean }> {
    return this.#staging.atomically(() => {
      const known = this.#staging.load()
      if (known !== null && known.fingerprint !== beginning.fingerprint) {
        return reused
      }
      const isNew = known === null || known.phase === 'failed'
      if (isNew) {
        const { createdAt } = known ?? beginning
        this.#staging.begin(beginImport({ ...beginning, createdAt }))
      }
      return ok({ job: this.#staging.load()!, isNew })
    })
  }

  /** Takes the next bytes of the file: whole pieces, but for the last. Refuses what does not follow, or is too much. */
  async append(
    offset: number,
    bytes: Uint8Array,
    isLast: boolean,
    by: Sender = alone,
  ): Promise<Result<Import>> {
    const begun = this.#staging.load()
    if (begun === null) {
      return unknown
    }
    const pieces = await cut([this.env.PROFILE_KEY, begun.programId], bytes)
    return this.#staging.atomically(() => {
      const job = this.#staging.load()!
      const refused = refuseBytes(job, offset, bytes.length, by)
      if (refused) {
        return refused
      }
      if (offset < job.bytes) {
        this.#staging.clear()
      }
      let digest = offset === 0 ? firstDigest(job.options) : job.digest
      for (const [i, piece] of pieces.entries()) {
        digest = nextDigest(digest, piece.bytes)
        this.#staging.addPiece(offset + i * PIECE_BYTES, piece.sealed)
      }
      void this.ctx.storage.setAlarm(Date.now() + (isLast ? 1 : REST_MS))
      const phase: Phase = isLast ? 'reading' : 'uploading'
      const { turn } = by
      return ok(this.#staging.change(() => ({ bytes: offset + bytes.length, digest, phase, turn })))
    })
  }

  /** How far it has come. Who looks has it go on, should the platform have given up its alarm. */
  view(): Result<Import> {
    const job = this.#staging.load()
    if (job !== null && isAtWork(job)) {
      this.ctx.waitUntil(this.#rearm())
    }
    return job === null ? unknown : ok(job)
  }

  /** Rows that could not be taken, in their order. */
  faults(after: number, count: number): Fault[] {
    return this.#staging.load() === null ? [] : this.#staging.faults(after, count)
  }

  /** Takes back what was booked, whether or not all was, or calls off what was to come. Once more changes nothing. */
  undo(): Result<Import> {
    return this.#staging.atomically(() => {
      const job = this.#staging.load()
      if (job === null) {
        return unknown
      }
      if (job.phase === 'undone' || job.isUndoAsked) {
        return ok(job)
      }
      if (job.phase === 'uploading') {
        this.#end('undone', null)
        return ok(this.#staging.load()!)
      }
      if (job.options.dryRun || job.phase === 'failed') {
        return fail('validation_failed', 'It has booked nothing.')
      }
      void this.ctx.storage.setAlarm(Date.now() + 1)
      return ok(this.#staging.change(() => ({ isUndoAsked: true })))
    })
  }

  /** Does some steps, then makes room for others. What fails is tried again, ever more rarely. */
  override async alarm(): Promise<void> {
    this.#isRinging = true
    try {
      for (let steps = 0; steps < STEPS_AT_ONCE; steps++) {
        if (!(await this.#step())) {
          return
        }
        await giveWay()
      }
      await this.ctx.storage.setAlarm(Date.now() + 1)
    } catch (error) {
      console.error(JSON.stringify({ name: 'import', message: (error as Error).message }))
      const { attempt } = this.#staging.change((job) => ({ attempt: job.attempt + 1 }))
      const wait = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1))
      await this.ctx.storage.setAlarm(Date.now() + wait)
    } finally {
      this.#isRinging = false
    }
  }

  /** Arms the alarm if none is. One that rings just now is not seen, and arms the next itself. */
  async #rearm(): Promise<void> {
    if (!this.#isRinging && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + 1)
    }
  }

  /** Does the next step; false when there is none. */
  async #step(): Promise<boolean> {
    const job = this.#staging.load()
    if (job?.phase === 'uploading') {
      this.#end('failed', 'The rest of the file did not come within seven days.')
    }
    if (job === null || !isAtWork(job)) {
      return false
    }
    if (job.isUndoAsked && job.phase !== 'undoing') {
      this.#staging.atomically(() => {
        this.#staging.touchAll()
        this.#staging.clear()
        this.#staging.change(() => ({ phase: 'undoing', cursor: '' }))
      })
      return true
    }
    const hasMore = await this.#work(job)
    if (typeof hasMore !== 'boolean') {
      // Nothing was booked yet: the file may come again, read otherwise.
      await freeContent(database(this.env, job), job)
      this.#staging.change(() => ({ rows: 0, duplicates: 0, failed: 0 }))
      this.#end('failed', hasMore.failure.detail)
    } else if (!hasMore) {
      this.#enter(nextPhase[job.phase]!)
    }
    this.#staging.change(() => ({ attempt: 0 }))
    return true
  }

  /** Does a step of the phase: whether there are more, or why all of it is refused. */
  async #work(job: Import): Promise<boolean | Refusal> {
    const db = database(this.env, job)
    const program = (await findProgram(db, job.programId))!
    switch (job.phase) {
      case 'reading': {
        const isFirst = job.bytesRead === 0 && !job.options.dryRun
        const other = isFirst ? await claimContent(db, job) : null
        return other === null
          ? readNext(this.env, this.#staging, job, program)
          : fail('already_exists', `The same file was imported before: ${other}. Undo that first.`)
      }
      case 'enrolling':
        return enrolNext(this.env, this.#staging, job, program)
      case 'finding':
        return findNext(this.env, this.#staging, program)
      case 'booking':
        return bookNext(this.env, this.#staging, job, program)
      case 'undoing': {
        const hasMore = await undoNext(this.env, this.#staging, job, program)
        return hasMore || (await freeContent(db, job), false)
      }
      case 'uploading':
      case 'done':
      case 'failed':
      case 'undone':
        return false
    }
  }

  #enter(phase: Phase): void {
    if (phase === 'done' || phase === 'undone') {
      this.#end(phase, null)
    } else {
      this.#staging.change(() => ({ phase, cursor: '' }))
    }
  }

  /** What was staged is of no use any more, and some of it is personal. An undo that was asked meanwhile comes first. */
  #end(phase: Phase, detail: string | null): void {
    this.#staging.atomically(() => {
      if (phase !== 'undone' && this.#staging.load()!.isUndoAsked) {
        return
      }
      this.#staging.clear()
      this.#staging.change(({ place }) => ({
        phase,
        detail,
        isUndoAsked: false,
        cursor: '',
        place: { ...place, bytes: '', text: '' },
      }))
    })
  }
}
