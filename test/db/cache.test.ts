import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCache } from '../../src/db/cache'

/** A table of one column whose database can go away, hang, or take its time. */
function createTable(rows: Record<string, string>) {
  const table = {
    rows,
    loads: 0,
    state: 'up' as 'up' | 'failing' | 'hanging',
    tookMs: 0,
    load: (key: string) => async () => {
      table.loads++
      const value = table.rows[key] ?? null
      if (table.state === 'failing') {
        throw new Error('D1_ERROR: Network connection lost.')
      }
      if (table.state === 'hanging') {
        return new Promise<never>(() => {})
      }
      if (table.tookMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, table.tookMs))
      }
      return value
    },
  }
  return table
}

let behind: Promise<unknown>[]

function setUp(options: { maxEntries?: number } = {}) {
  const table = createTable({ a: 'one' })
  const cache = createCache<string>(options)
  behind = []
  const get = (key = 'a') => cache.get(key, table.load(key), (work) => behind.push(work))
  return { table, cache, get }
}

const settled = () => Promise.all(behind)

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('while the database answers', () => {
  it('asks once and serves the answer for two seconds', async () => {
    const { table, get } = setUp()
    expect(await get()).toBe('one')
    table.rows.a = 'two'
    vi.setSystemTime(Date.now() + 1_999)
    expect(await get()).toBe('one')
    expect(table.loads).toBe(1)
  })

  it('between two and five seconds serves what it has and asks behind the reply', async () => {
    const { table, get } = setUp()
    await get()
    table.rows.a = 'two'
    vi.setSystemTime(Date.now() + 4_999)
    expect(await get()).toBe('one')
    await settled()
    expect(await get()).toBe('two')
    expect(table.loads).toBe(2)
  })

  it('never uses an answer older than five seconds without asking', async () => {
    const { table, get } = setUp()
    await get()
    delete table.rows.a
    vi.setSystemTime(Date.now() + 5_000)
    expect(await get()).toBe(null)
  })

  it('counts the age of an answer from the question', async () => {
    const { table, get } = setUp()
    table.tookMs = 900
    const first = get()
    await vi.advanceTimersByTimeAsync(900)
    await first
    table.rows.a = 'two'
    table.tookMs = 0
    vi.setSystemTime(Date.now() + 4_100)
    expect(await get()).toBe('two')
  })

  it('waits for a far database as long as it usually takes', async () => {
    const { table, get } = setUp()
    table.tookMs = 300
    const first = get()
    await vi.advanceTimersByTimeAsync(300)
    await first
    table.rows.a = 'two'
    vi.setSystemTime(Date.now() + 60_000)
    const second = get()
    await vi.advanceTimersByTimeAsync(300)
    expect(await second).toBe('two')
  })

  it('has one load in flight a key', async () => {
    const { table, get } = setUp()
    table.rows.b = 'other'
    table.tookMs = 50
    const all = Promise.all([get('a'), get('a'), get('b'), get('a')])
    await vi.advanceTimersByTimeAsync(50)
    expect(await all).toEqual(['one', 'one', 'other', 'one'])
    expect(table.loads).toBe(2)
  })

  it('remembers for less than five seconds that there is no such row', async () => {
    const { table, get } = setUp()
    expect(await get('b')).toBe(null)
    expect(await get('b')).toBe(null)
    expect(table.loads).toBe(1)
    table.rows.b = 'new'
    vi.setSystemTime(Date.now() + 5_000)
    expect(await get('b')).toBe('new')
  })

  it('asks again for a key that was forgotten, and drops a load that began before', async () => {
    const { table, cache, get } = setUp()
    table.tookMs = 50
    const before = get()
    table.rows.a = 'two'
    cache.forget('a')
    const after = get()
    await vi.advanceTimersByTimeAsync(50)
    expect(await Promise.all([before, after, get()])).toEqual(['one', 'two', 'two'])
  })
})

describe('while the database is away', () => {
  it('serves what it has, however old, when the database fails', async () => {
    const { table, get } = setUp()
    await get()
    table.state = 'failing'
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await get()).toBe('one')
  })

  it('waits at most 200 ms for a database that hangs, and the next call not at all', async () => {
    const { table, get } = setUp()
    await get()
    table.state = 'hanging'
    vi.setSystemTime(Date.now() + 60_000)
    const startedAt = Date.now()
    const first = get()
    await vi.advanceTimersByTimeAsync(200)
    expect(await first).toBe('one')
    expect(await get()).toBe('one')
    expect(Date.now() - startedAt).toBe(200)
  })

  it('lets no call wait as long as there are calls, while the database hangs', async () => {
    const { table, get } = setUp()
    await get()
    table.state = 'hanging'
    vi.setSystemTime(Date.now() + 60_000)
    const first = get()
    await vi.advanceTimersByTimeAsync(200)
    await first
    for (let call = 0; call < 30; call++) {
      vi.setSystemTime(Date.now() + 1_000)
      expect(await get()).toBe('one')
    }
  })

  it('sees the database come back behind the reply', async () => {
    const { table, get } = setUp()
    await get()
    table.state = 'failing'
    vi.setSystemTime(Date.now() + 6_000)
    await get()
    table.state = 'up'
    table.rows.a = 'two'
    expect(await get()).toBe('one')
    await settled()
    expect(await get()).toBe('two')
    vi.setSystemTime(Date.now() + 6_000)
    table.rows.a = 'three'
    expect(await get()).toBe('three')
  })

  it('asks again before it uses what it has, when nobody called for five seconds', async () => {
    const { table, get } = setUp()
    await get()
    table.state = 'failing'
    vi.setSystemTime(Date.now() + 6_000)
    await get()
    table.state = 'up'
    delete table.rows.a
    vi.setSystemTime(Date.now() + 5_000)
    expect(await get()).toBe(null)
  })

  it('throws when it has nothing', async () => {
    const { table, get } = setUp()
    table.state = 'failing'
    await expect(get()).rejects.toThrow('Network connection lost')
  })

  it('throws instead of saying after five seconds that there is no such row', async () => {
    const { table, get } = setUp()
    await get('b')
    table.state = 'failing'
    vi.setSystemTime(Date.now() + 5_000)
    await expect(get('b')).rejects.toThrow('Network connection lost')
  })

  it('does not wait for ever for a load whose caller went away', async () => {
    const { table, get } = setUp()
    table.state = 'hanging'
    void get()
    table.state = 'up'
    vi.setSystemTime(Date.now() + 1_000)
    expect(await get()).toBe('one')
  })
})

describe('its size', () => {
  it('drops what was used least recently', async () => {
    const { table, get } = setUp({ maxEntries: 2 })
    Object.assign(table.rows, { b: 'B', c: 'C' })
    for (const key of ['a', 'b', 'a', 'c']) {
      await get(key)
    }
    expect(table.loads).toBe(3)
    await get('a')
    expect(table.loads).toBe(3)
    await get('b')
    expect(table.loads).toBe(4)
  })

  it('keeps rows however many keys are tried that do not exist', async () => {
    const { table, get } = setUp({ maxEntries: 2 })
    for (const key of ['a', 'x', 'y', 'z', 'a']) {
      await get(key)
    }
    expect(table.loads).toBe(4)
  })
})
