import { describe, expect, it } from 'vitest'
import { packEntry, unpackEntry } from '../../src/ledger/pack'
import type { Tiers } from '../../src/program/document'
import { DAY_MS, levelOf, NOON, programOf, tiersOf, World } from './world'

const tiers: Partial<Tiers> = {
  window: { kind: 'rolling', days: 3 },
  grace: { months: 0, days: 2, toMonthEnd: false },
}
const levels = [
  levelOf('bronze', 0),
  levelOf('silver', 10_000, { neverBelow: 'silver' }),
  levelOf('gold', 20_000),
]

/** A ledger in which every kind of entry says something of each policy. */
function everything(): World {
  const world = new World(
    programOf({
      tiers: tiersOf(levels, tiers),
      expiry: { kind: 'inactivity', days: 9, to: 'day' },
      pending: { activeAfterDays: 1 },
      currencies: { USD: { rate: '7.12' } },
      activities: {
        profile: { points: 3, once: 'ever', selfReported: true, isVisit: true },
      },
    }),
  )
  world.buy('o', 250, { storeId: 's', terminalId: 't' })
  world.buy('dollars', 10, { currency: 'USD' })
  world.visit('profile', 'about')
  world.until(NOON + DAY_MS)
  const { seq } = world.redeem(20).entries[0]!
  world.hold(10, 60)
  world.until(NOON + 2 * DAY_MS)
  world.capture(world.hold(5).entries[0]!.seq, 2)
  world.owe(300)
  world.refund('o', 'r', 100)
  world.reverse(seq)
  world.publish({ restoreGraceDays: 2 })
  world.reverseRefund('r')
  world.until(NOON + 30 * DAY_MS)
  return world
}

describe('a packed entry', () => {
  it('is read as it was written, be it of which kind', () => {
    const { entries } = everything()
    expect(new Set(entries.map(({ kind }) => kind)).size).toBe(11)
    for (const entry of entries) {
      expect(unpackEntry(packEntry(entry))).toEqual(entry)
    }
  })

  it('of an award in the home currency is short: what its parts say is not said twice', () => {
    const [award] = new World().buy('o', 250).entries
    const [, , , , , , count, , [, total]] = JSON.parse(packEntry(award!).body)
    expect([count, total]).toEqual([20_522, -2])
  })
})
