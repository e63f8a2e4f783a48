import { describe, expect, inject, it } from 'vitest'
import { at, levelOf, programOf, tiersOf, World } from './world'

const file = inject('shared')['data/cdnow-sample.csv']

/** Every member's ledger after the purchases of the file, in its order, as of noon on its last day. */
function ledgersOf(csv: string): World[] {
  const levels = [levelOf('bronze', 0), levelOf('silver', 20_000), levelOf('gold', 50_000)]
  const program = programOf({ tiers: tiersOf(levels), currency: 'USD', timeZone: 'UTC' })
  const worlds = new Map<string, World>()
  for (const [row, line] of csv.trim().split('\n').slice(1).entries()) {
    const [customer, date, , cents] = line.split(',') as [string, string, string, string]
    const world = worlds.get(customer) ?? new World(program)
    world.now = at('1998-06-30T12:00:00Z')
    worlds.set(customer, world)
    const occurredAt = at(`${date}T00:00:00Z`)
    const rest = { currency: 'USD', channel: 'import', total: Number(cents), occurredAt } as const
    expect(world.buy(`import-${row}`, 0, rest).code).toBe(null)
  }
  return [...worlds.values()]
}

describe('a year and a half of real purchases (../shared/data)', () => {
  it.skipIf(!file)('earns, lapses and climbs to the figures that others found', () => {
    const worlds = ledgersOf(file!)
    const entries = worlds.flatMap((world) => world.entries)
    const sum = (kind: string) =>
      entries.reduce((all, entry) => (entry.kind === kind ? all + entry.points : all), 0)
    const awards = entries.filter(({ kind }) => kind === 'award')
    expect(awards).toHaveLength(6_919)
    expect(awards.reduce((all, { detail }) => all + detail.total!, 0)).toBe(24_409_194)
    expect(awards.filter(({ detail }) => detail.total === 0)).toHaveLength(8)
    expect(sum('award')).toBe(239_444)
    expect(sum('expire')).toBe(-142_872)
    expect(worlds.reduce((all, world) => all + world.state.available, 0)).toBe(96_572)
    const inTier = (id: string) => worlds.filter(({ state }) => state.tier === id).length
    expect([inTier('gold'), inTier('silver'), inTier('bronze')]).toEqual([29, 111, 2_217])
  })
})
