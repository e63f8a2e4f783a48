/** Values of D1 kept in the isolate. `null` is an answer too: there is no such row. */
export interface Cache<T> {
  /** `later` outlives the reply: `ctx.waitUntil`. Throws what `load` throws when nothing is there to serve instead. */
  get(key: string, load: Load<T>, later: Later): Promise<T | null>
  /** Drops a value that this isolate has changed, and any load of it that is under way. */
  forget(key: string): void
}

type Load<T> = () => Promise<T | null>
type Later = (work: Promise<unknown>) => void

interface Slot<T> {
  value: T | null
  /** When D1 was asked, in milliseconds: the value is at least as new. */
  askedAt: number
}

interface Run<T> {
  askedAt: number
  answer: Promise<T | null>
}

/** Up to here a value is served as it is. */
const FRESH_MS = 2_000
/** From here on a value is served only if D1 does not answer. */
const STALE_MS = 5_000
/** A load that takes longer belongs to a request that was cancelled, or D1 is away. */
const LOST_MS = 1_000
const LEAST_PATIENCE_MS = 200
const MOST_PATIENCE_MS = 1_000
const AWAY = Symbol('away')

/** A cache of at most `maxEntries` rows: at most 5 s behind D1 while it answers, neither failing nor slow while it does not. */
export function createCache<T>({ now = () => Date.now(), maxEntries = 1_000 } = {}): Cache<T> {
  const slots = createSlots<T>(maxEntries)
  const loads = createLoads<T>(now, slots.keep)
  return {
    async get(key, load, later) {
      const slot = slots.find(key)
      const ageMs = slot === undefined ? Infinity : now() - slot.askedAt
      if (slot === undefined || (slot.value === null && ageMs >= STALE_MS)) {
        return loads.start(key, load, later)
      }
      if (ageMs < FRESH_MS) {
        return slot.value
      }
      const answer = loads.start(key, load, later)
      if (ageMs < STALE_MS || loads.isAway()) {
        return slot.value
      }
      const inTime = await loads.inTime(answer)
      return inTime === AWAY ? slot.value : inTime
    },
    forget(key) {
      slots.drop(key)
      loads.forget(key)
    },
  }
}

/** One load in flight a key, and what the loads tell of D1. */
function createLoads<T>(now: () => number, keep: (key: string, slot: Slot<T>) => void) {
  const runs = new Map<string, Run<T>>()
  let awayAt = -Infinity
  let patienceMs = LEAST_PATIENCE_MS

  const settle = async (key: string, run: Run<T>, load: Load<T>) => {
    try {
      const value = await load()
      if (runs.get(key) === run) {
        keep(key, { value, askedAt: run.askedAt })
      }
      awayAt = -Infinity
      patienceMs = patienceFor(now() - run.askedAt)
      return value
    } catch (error) {
      awayAt = now()
      throw error
    } finally {
      if (runs.get(key) === run) {
        runs.delete(key)
      }
    }
  }

  return {
    start(key: string, load: Load<T>, later: Later): Promise<T | null> {
      const running = runs.get(key)
      if (running !== undefined && now() - running.askedAt < LOST_MS) {
        return running.answer
      }
      awayAt = running === undefined ? awayAt : now()
      const run = { askedAt: now() } as Run<T>
      runs.set(key, run)
      run.answer = settle(key, run, load)
      later(run.answer.catch(() => null))
      return run.answer
    },
    forget: (key: string) => runs.delete(key),
    isAway: () => now() - awayAt < STALE_MS,
    async inTime(answer: Promise<T | null>): Promise<T | null | typeof AWAY> {
      const value = await within(patienceMs, answer)
      awayAt = value === AWAY ? now() : awayAt
      return value
    },
  }
}

/** Least recently used first to go; rows that do not exist cannot push out those that do. */
function createSlots<T>(maxEntries: number) {
  const present = new Map<string, Slot<T>>()
  const absent = new Map<string, Slot<T>>()

  const drop = (key: string) => present.delete(key) || absent.delete(key)

  const keep = (key: string, slot: Slot<T>) => {
    drop(key)
    const slots = slot.value === null ? absent : present
    slots.set(key, slot)
    if (slots.size > maxEntries) {
      slots.delete(slots.keys().next().value!)
    }
  }

  const find = (key: string) => {
    const slot = present.get(key) ?? absent.get(key)
    if (slot !== undefined) {
      keep(key, slot)
    }
    return slot
  }

  return { find, keep, drop }
}

/** Three times what D1 takes from here: far away is not away. */
const patienceFor = (tookMs: number): number =>
  Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, 3 * tookMs))

/** The answer, or `AWAY` when it fails or does not come in time. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | typeof AWAY> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<typeof AWAY>((resolve) => {
    timer = setTimeout(resolve, ms, AWAY)
  })
  try {
    return await Promise.race([answer, late])
  } catch {
    return AWAY
  } finally {
    clearTimeout(timer)
  }
}
