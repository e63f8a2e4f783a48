import { SQL } from '../db'
import { describe, expect, inject, it } from 'vitest'
import { defaultDocument } from '../../src/program/program'
import { levelOf, living, tiersOf } from '../ledger/world'
import { openOffice } from './file'

// A year and a half of purchases of a real shop: see ../shared/cases/README.md for the figures and where they are from.
const file = inject('shared')['data/cdnow-sample.csv']

const NOON = '1998-06-30T12:00:00.000Z'
const query =
  'type=purchase&enrol=true&column=externalId:customer&column=occurredAt:date&column=total:amountCents'

/** One point a whole dollar, a life of 12 months, silver from 200 and gold from 500 dollars in the year to the end of June. */
const rules = () => {
  const { earning } = defaultDocument({ name: 'CDs', currency: 'USD', timeZone: 'UTC' }, 2)
  const levels = [levelOf('bronze', 0), levelOf('silver', 20_000), levelOf('gold', 50_000)]
  return { earning, expiry: living(12), tiers: tiersOf(levels) }
}

describe('the CDNOW sample', () => {
  it.skipIf(file === undefined)(
    'comes to the figures of the cases, by the public API',
    async () => {
      const fields = { currency: 'USD', timeZone: 'UTC', country: 'US', clock: NOON }
      const office = await openOffice(rules(), fields)
      const dry = await office.run(file!, `${query}&dryRun=true`)
      const view = await office.run(file!, query)
      expect(view).toMatchObject({
        status: 'done',
        rows: 6_919,
        booked: 6_919,
        duplicates: 0,
        failed: 0,
        members: { known: 0, enrolled: 2_357 },
        purchases: { rows: 6_919, amounts: { USD: 24_409_194 }, points: 239_444 },
      })
      const { id: _, createdAt: _at, ...rest } = view
      expect(dry).toMatchObject({ ...rest, dryRun: true })
      expect((await office.shop.get('/v1/program/totals')).json).toMatchObject({
        issued: 239_444,
        lapsed: 142_872,
        outstanding: 96_572,
      })
      const count = (sql: string) => SQL.prepare(sql).bind(office.shop.id).all()
      const zero = await count(
        'SELECT count(*) AS n FROM purchases WHERE program_id = ? AND total = 0',
      )
      expect(zero.results).toEqual([{ n: 8 }])
      const live = await count('SELECT sum(available) AS live FROM balances WHERE program_id = ?')
      expect(live.results).toEqual([{ live: 96_572 }])
      const tiers = await count(
        'SELECT tier, count(*) AS n FROM balances WHERE program_id = ? GROUP BY tier ORDER BY tier',
      )
      expect(tiers.results).toEqual([
        { tier: 'bronze', n: 2_217 },
        { tier: 'gold', n: 29 },
        { tier: 'silver', n: 111 },
      ])
    },
    300_000,
  )
})
