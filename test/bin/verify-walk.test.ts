import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../bin/verify.js'
import { openShop } from '../clock/shop'
import { live, START, step } from '../projection/live'
import { statementOf } from '../statement/ledger'

const policies = [
  { expiry: { kind: 'after', months: 1, to: 'day' }, clawback: 'debt' },
  { expiry: { kind: 'inactivity', days: 40 }, clawback: 'debt' },
  { expiry: { kind: 'after', to: ['09-30', '12-31'] }, clawback: 'clamp' },
]

describe('the statement of whatever happened', () => {
  it.each(policies.map((policy) => [JSON.stringify(policy), policy] as const))(
    'is proven by %s, and so is every earlier one in it',
    async (_, policy) => {
      const property = fc.asyncProperty(
        fc.array(step, { minLength: 60, maxLength: 80 }),
        async (steps) => {
          const rules = { ...policy, pending: { activeAfterDays: 3 }, restoreGraceDays: 5 }
          const shop = await openShop({ clock: START, timeZone: 'Pacific/Kiritimati' }, rules)
          const members = [await shop.enrol(), await shop.enrol(), await shop.enrol()]
          await live(shop, members, steps)
          for (const member of members) {
            const statement = await statementOf(shop, member)
            const known = statement.entries[Math.floor(statement.seq / 2)]?.hash
            expect(faultsOf(statement, known)).toEqual([])
          }
        },
      )
      await fc.assert(property, { numRuns: 3, seed: 20_270_831, endOnFailure: true })
    },
    60_000,
  )

  it('is proven where a late purchase lapses at once while there is debt', async () => {
    const shop = await openShop(
      { clock: START, timeZone: 'UTC' },
      { expiry: { kind: 'after', months: 1 } },
    )
    const member = await shop.enrol()
    await shop.post(member, 'adjustments', { points: -50, reason: 'x', allowDebt: true })
    await shop.buy(member, 'late', 300, { occurredAt: '2027-03-01T00:00:00Z' })
    const statement = await statementOf(shop, member)
    expect(statement.balance).toMatchObject({ available: 0, debt: 50 })
    expect(faultsOf(statement)).toEqual([])
  })
  it('is proven where held points have lapsed when their hold ends while there is debt', async () => {
    const shop = await openShop({ clock: '2027-08-31T00:00:00Z', timeZone: 'UTC' })
    const member = await shop.enrol()
    const expiresAt = '2027-08-31T01:00:00Z'
    await shop.post(member, 'adjustments', { points: 100, reason: 'x', expiresAt })
    await shop.post(member, 'holds', { points: 100, expiresInSeconds: 7_200 })
    await shop.post(member, 'adjustments', { points: -50, reason: 'x', allowDebt: true })
    await shop.move('2027-08-31T03:00:00Z')
    const statement = await statementOf(shop, member)
    expect(statement.balance).toMatchObject({ available: 0, held: 0, debt: 50 })
    expect(faultsOf(statement)).toEqual([])
  })
})
