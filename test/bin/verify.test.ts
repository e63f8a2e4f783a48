import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { faultsOf } from '../../bin/verify.js'
import openapi from '../../public/openapi.json'
import { fullLedger, statementOf } from '../statement/ledger'
import type { Shop } from '../clock/shop'
import { fullWallet } from './wallet'

// Statements are taken apart field by field.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

let shop: Shop
let member: string
let statement: Json

beforeAll(async () => {
  ;({ shop, member } = await fullWallet())
  statement = await statementOf(shop, member)
})

/** Whether a statement that was tampered with is seen through. */
const isFound = (tamper: (copy: Json) => void): boolean => {
  const copy = structuredClone(statement)
  tamper(copy)
  return faultsOf(copy).length > 0
}

/** Where in a value there is something that can be changed by itself. */
function* leaves(value: Json, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) {
    yield path
    return
  }
  for (const name of Object.keys(value)) {
    yield* leaves(value[name], [...path, Array.isArray(value) ? Number(name) : name])
  }
}

const TEXTS = ['tier', 'orderId', 'reference', 'reason']

const other = (value: Json, name: string | number): Json => {
  if (typeof value === 'number') {
    return value + 1
  }
  if (typeof value === 'boolean') {
    return !value
  }
  if (typeof value === 'string') {
    return (value.startsWith('1') ? '2' : '1') + value.slice(1)
  }
  return Array.isArray(value) ? [[1, 1]] : TEXTS.includes(`${name}`) ? '1' : 1
}

function setAt(target: Json, path: (string | number)[], change: typeof other): void {
  const last = path.at(-1)!
  const parent = path.slice(0, -1).reduce((each, name) => each[name], target)
  parent[last] = change(parent[last], last)
}

describe('a statement', () => {
  it('is proven, with every kind of entry in it', () => {
    const kinds = new Set(statement.entries.map(({ kind }: { kind: string }) => kind))
    // Who was erased has no statement any more.
    const all = openapi.components.schemas.Entry.properties.kind.enum.filter((k) => k !== 'erase')
    expect(all.filter((kind) => !kinds.has(kind))).toEqual([])
    expect(statement.lots.length).toBeGreaterThan(1)
    expect(statement.balance.held).toBeGreaterThan(0)
    expect(statement.balance.pending).toBeGreaterThan(0)
    expect(faultsOf(statement)).toEqual([])
  })

  it('is proven where points lapse by inactivity, or never', async () => {
    for (const expiry of [{ kind: 'inactivity', months: 3 }, { kind: 'never' }]) {
      const full = await fullLedger({ expiry })
      const { lots, ...rest } = await statementOf(full.shop, full.member)
      expect(lots.length).toBeGreaterThan(1)
      expect(faultsOf({ lots, ...rest })).toEqual([])
    }
  })

  it('is proven where what is taken back too late is dropped', async () => {
    const full = await fullLedger({ clawback: 'clamp', pending: { activeAfterDays: 0 } })
    expect(faultsOf(await statementOf(full.shop, full.member))).toEqual([])
  })

  it('is proven as the API description shows it', () => {
    const { content } = openapi.paths['/v1/members/{id}/statement'].get.responses[200]
    expect(faultsOf(content['application/json'].examples.statement.value)).toEqual([])
  })

  it('is proven after its texts were erased', () => {
    const salt = Buffer.from(statement.salt, 'base64')
    const erased = structuredClone(statement)
    for (const entry of erased.entries) {
      for (const field of ['orderId', 'reference', 'reason']) {
        const text = entry[field] as string | null
        const hash = createHash('sha256').update(salt).update(`${field}\n${text}`).digest()
        entry[field] = text && `\0${hash.toString('base64url').slice(0, 22)}`
      }
    }
    expect(JSON.stringify(erased)).not.toContain('a gift')
    expect(faultsOf(erased)).toEqual([])
  })

  it('is not one with another format', () => {
    expect(faultsOf({ ...statement, format: 'punchcard-statement-2' })).toHaveLength(1)
    expect(faultsOf({})).toHaveLength(1)
  })
})

describe('tampering is found', () => {
  it('with anything that any entry says', () => {
    const paths = [...leaves(statement.entries)]
    expect(paths.length).toBeGreaterThan(500)
    const missed = paths.filter((path) => !isFound((copy) => setAt(copy.entries, path, other)))
    expect(missed).toEqual([])
  })

  it('with anything that an entry leaves out', () => {
    const paths = [...leaves(statement.entries)].filter((path) => path.includes('detail'))
    const missed = paths.filter(
      (path) =>
        !isFound((copy) => {
          const parent = path.slice(0, -1).reduce((each, name) => each[name], copy.entries)
          if (Array.isArray(parent)) {
            parent.splice(Number(path.at(-1)), 1)
          } else {
            delete parent[path.at(-1)!]
          }
        }),
    )
    expect(missed).toEqual([])
  })

  it.each(['salt', 'seq', 'head'])('with its %s', (name) => {
    expect(isFound((copy) => setAt(copy, [name], other))).toBe(true)
  })

  it('with any part of the balance', () => {
    const paths = [...leaves(statement.balance)]
    const missed = paths.filter((path) => !isFound((copy) => setAt(copy.balance, path, other)))
    expect(missed).toEqual([])
  })

  it('with anything about an open lot', async () => {
    const idle = await fullLedger({ expiry: { kind: 'inactivity', months: 3 } })
    for (const each of [statement, await statementOf(idle.shop, idle.member)]) {
      const missed = [...leaves(each.lots)].filter((path) => {
        const copy = structuredClone(each)
        setAt(copy.lots, path, other)
        return faultsOf(copy).length === 0
      })
      expect(missed).toEqual([])
    }
    expect(isFound((copy) => copy.lots.pop())).toBe(true)
    expect(isFound((copy) => copy.lots.push(copy.lots[0]))).toBe(true)
  })

  it('with the time that makes points of a lapsed lot count', () => {
    expect(isFound((copy) => (copy.at = '2199-01-01T00:00:00Z'))).toBe(true)
  })

  it('by leaving out an entry, wherever it is, numbered anew or not', () => {
    const { length } = statement.entries
    for (let i = 0; i < length; i++) {
      expect([i, isFound(({ entries }) => entries.splice(i, 1))]).toEqual([i, true])
      const renumber = (copy: Json) => {
        copy.entries.splice(i, 1)
        copy.entries.forEach((entry: Json, j: number) => (entry.seq = j + 1))
        copy.seq = length - 1
        copy.head = copy.entries.at(-1).hash
      }
      expect([i, isFound(renumber)]).toEqual([i, true])
    }
  })

  it('by repeating an entry, by changing the order, by an entry of another member', async () => {
    const { length } = statement.entries
    const foreign = await fullWallet()
    const { entries: others } = await statementOf(foreign.shop, foreign.member)
    for (let i = 0; i < length; i++) {
      expect([i, isFound(({ entries: e }) => e.splice(i, 0, e[i]))]).toEqual([i, true])
      expect([i, isFound(({ entries: e }) => e.splice(i, 1, others[i]))]).toEqual([i, true])
    }
    for (let i = 1; i < length; i++) {
      expect([i, isFound(({ entries: e }) => e.splice(i - 1, 2, e[i], e[i - 1]))]).toEqual([
        i,
        true,
      ])
    }
    expect(isFound(({ entries }) => entries.reverse())).toBe(true)
  })
})

describe('the hash of an earlier statement', () => {
  it('is recognised in every later one', async () => {
    const full = await fullLedger()
    const first = await statementOf(full.shop, full.member)
    await full.shop.buy(full.member, 'o8', 5)
    await full.shop.move('2028-12-01T00:00:00Z')
    const later = await statementOf(full.shop, full.member)
    expect(later.seq).toBeGreaterThan(first.seq)
    expect(faultsOf(later, first.head)).toEqual([])
    expect(faultsOf(later, later.head)).toEqual([])
    // Time goes on: the earlier one was true of its own time.
    expect(faultsOf(first, first.head)).toEqual([])
  })

  it('is refused when it is of another ledger, of a later statement, or none at all', async () => {
    const foreign = await fullLedger()
    const { head } = await statementOf(foreign.shop, foreign.member)
    for (const known of [head, statement.head.slice(1), '']) {
      expect(faultsOf(statement, known)).toHaveLength(1)
    }
    expect(faultsOf(statement, statement.head.toUpperCase())).toEqual([])
  })

  it('shows that history was rewritten, though the new one is sound in itself', async () => {
    const earlier = statement.entries[5].hash
    const foreign = await fullLedger()
    const rewritten = await statementOf(foreign.shop, foreign.member)
    expect(faultsOf(rewritten)).toEqual([])
    const faults = faultsOf({ ...rewritten, memberId: member }, earlier)
    expect(faults).toEqual([expect.stringContaining('history was rewritten')])
  })

  it('of a ledger without entries is recognised, too', async () => {
    const empty = await statementOf(shop, await shop.enrol())
    expect(faultsOf(empty)).toEqual([])
    expect(faultsOf(empty, empty.head)).toEqual([])
    const other = await shop.enrol()
    const first = await statementOf(shop, other)
    await shop.buy(other, 'first', 5)
    expect(faultsOf(await statementOf(shop, other), first.head)).toEqual([])
  })
})
