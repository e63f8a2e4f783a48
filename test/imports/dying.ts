import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { envWith, SQL } from '../db'
import { jobOf } from '../../src/imports/client'
import { isAtWork } from '../../src/imports/import'
import type { ImportJob } from '../../src/imports/object'
import { standing } from './file'

/** How work breaks off: at which of the calls of D1 and of ledgers, when that was done or before it was. */
export interface Death {
  at: number
  isAfter: boolean
  /** The machine is gone with what was in memory; else the call throws. */
  isKill: boolean
}

type Method = (...given: unknown[]) => unknown

/** The same object with some of its methods wrapped. */
const watched = <T extends object>(
  target: T,
  names: readonly string[],
  wrap: (of: Method) => Method,
): T =>
  new Proxy(target, {
    get(of, name) {
      // What is called over RPC has no methods of its own, so it cannot be bound.
      const method: Method = (...given) => (of as Record<string | symbol, Method>)[name]!(...given)
      const isMethod = typeof Reflect.get(of, name, of) === 'function'
      return names.includes(String(name))
        ? wrap(method)
        : isMethod
          ? method
          : Reflect.get(of, name, of)
    },
  })

/** The bindings of an object that works until then. */
function dyingEnv(state: DurableObjectState, { at, isKill, isAfter }: Death) {
  let calls = 0
  const die = () => {
    if (isKill) {
      state.abort('The machine is gone')
    }
    throw new Error('The line is gone')
  }
  const before = () => {
    calls += 1
    if (calls === at && !isAfter) {
      die()
    }
    return calls === at
  }
  const counted =
    (method: Method): Method =>
    async (...given) => {
      const isTurn = before()
      const done = await method(...given)
      return isTurn ? die() : done
    }
  const prepared =
    (method: Method): Method =>
    (...given) => {
      before()
      return method(...given)
    }
  const reached =
    (method: Method): Method =>
    (...given) =>
      watched(method(...given) as object, ['executeAll', 'read', 'erase', 'unprojected'], counted)
  const DB = watched(watched(SQL as D1Database, ['batch'], counted), ['prepare'], prepared)
  const LEDGER = watched(env.LEDGER, ['get'], reached)
  return { bindings: envWith({ DB, LEDGER }), hasDied: () => calls >= at }
}

const bind = (job: ImportJob, value: Env) =>
  Object.defineProperty(job, 'env', { value, configurable: true })

/** Has the object of an import begin something and work by itself until it dies; answers whether it did. */
export async function workUntil(
  programId: string,
  id: string,
  death: Death,
  begin: (job: ImportJob) => unknown,
): Promise<boolean> {
  let hasDied = () => false
  const stub = jobOf(env, programId, id)
  await runInDurableObject(stub, async (job: ImportJob, state) => {
    await begin(job)
    await state.storage.deleteAlarm()
  })
  const work = runInDurableObject(stub, async (job: ImportJob, state) => {
    const dying = dyingEnv(state, death)
    hasDied = dying.hasDied
    bind(job, dying.bindings)
    await job.alarm()
  })
  await work.catch(() => null)
  return hasDied()
}

/** Bindings by which one ledger cannot be reached. */
export const without = (ledger: DurableObjectId): Env => {
  const reached =
    (method: Method): Method =>
    (...given) => {
      if (ledger.equals(given[0] as DurableObjectId)) {
        throw new Error('The ledger is away')
      }
      return method(...given)
    }
  return { ...env, LEDGER: watched(env.LEDGER, ['get'], reached) }
}

/** Has it work on, undisturbed or with other bindings, until nothing is left to do. */
export async function workOn(programId: string, id: string, bindings: Env = env): Promise<void> {
  const work = async (job: ImportJob, state: DurableObjectState) => {
    bind(job, bindings)
    await state.storage.deleteAlarm()
    await job.alarm()
    return !isAtWork(standing(state.storage))
  }
  for (let isDone = false; !isDone;) {
    isDone = await runInDurableObject(jobOf(env, programId, id), work)
  }
}
