import { DurableObject } from 'cloudflare:workers'
import { BASE32, randomText } from '../auth/random'
import { challenge, type Challenges, checkCode, MEMORY_MS, type Moment, none } from './sign-in'

const KEY = 'challenges'

/** The codes of one identifier: whoever guesses in parallel waits in its line. It forgets all after an hour. */
export class SignIn extends DurableObject<Env> {
  /** A new code of six digits, or how long to wait where too many were asked for. */
  begin(clockMs: number | null): { code: string } | { retryAfterSeconds: number } {
    const code = randomText('0123456789', 6)
    const moment = { now: Date.now(), clockMs }
    const next = challenge(this.#read(), code, randomText(BASE32, 16), moment)
    if ('notBefore' in next) {
      return { retryAfterSeconds: Math.ceil((next.notBefore - moment.now) / 1000) }
    }
    this.#write(next, moment)
    return { code }
  }

  /** Whether this is the code that was sent; it is used up then. */
  verify(code: string, clockMs: number | null): boolean {
    const moment = { now: Date.now(), clockMs }
    const before = this.#read()
    const { isRight, after } = checkCode(before, code, moment)
    if (after !== before) {
      this.#write(after, moment)
    }
    return isRight
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }

  #read(): Challenges {
    return this.ctx.storage.kv.get<Challenges>(KEY) ?? none
  }

  #write(challenges: Challenges, { now }: Moment): void {
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put(KEY, challenges)
      void this.ctx.storage.setAlarm(now + MEMORY_MS)
    })
  }
}
