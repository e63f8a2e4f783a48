import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rules } from '../clock/shop'
import { levelOf, tiersOf } from '../ledger/world'
import { dumpOf, lines, type Office, openOffice, type View } from './file'

const ndjson = { headers: { 'content-type': 'application/x-ndjson' } }

// Few names of each kind, so that they meet; c and d are members before.
const who = fc.oneof(
  fc.record({ externalId: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
  fc.record({ email: fc.constantFrom('b@example.com', 'c@example.com', 'x@example.com') }),
  fc.record({
    externalId: fc.constantFrom('a', 'b', 'c', 'e'),
    email: fc.constantFrom('b@example.com', 'c@example.com', 'x@example.com'),
  }),
  fc.record({ phone: fc.constantFrom('13912345678', '1') }),
)
const orderId = fc.constantFrom('SO-1', 'SO-2', 'SO-3', 'known', undefined)
const day = fc.constantFrom('2026-11-01', '2026-06-01', '2025-11-01', '2023-01-01', '2027-01-01')
const major = fc.constantFrom(0, 1, 50, 120)

const row = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('purchase'),
      orderId,
      occurredAt: day,
      total: major.map((each) => each * 100),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('refund'),
      orderId,
      refundId: fc.constantFrom('R-1', 'R-2', undefined),
      amount: fc.constantFrom(100, 5_000, 20_000),
      occurredAt: fc.option(day, { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('balance'),
      points: fc.constantFrom(-1, 5, 70),
      expiresAt: fc.constantFrom(undefined, '2026-12-31', '2020-01-01'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('member'),
      name: fc.constantFrom('Li Wei', undefined),
    }),
  },
)
const rows = fc.array(fc.tuple(row, who), { minLength: 1, maxLength: 14 })

/** Two members, one with an order and a debt, by whom a file is received. */
async function withMembers(changes: Rules = {}): Promise<Office> {
  const tiers = tiersOf([levelOf('bronze', 0), levelOf('silver', 10_000, { factor: 150 })])
  const office = await openOffice({ tiers, ...changes })
  await office.run(lines('externalId,email', 'c,c@example.com', 'd,'), 'type=member')
  const id = await office.member('c')
  await office.shop.buy(id, 'known', 50)
  await office.shop.post(id, 'adjustments', { points: -80, reason: 'x', allowDebt: true })
  return office
}

/** All that an import says of itself but for its name and whether it was in earnest. */
const told = async (office: Office, { id, dryRun: _dry, createdAt: _at, ...view }: View) => ({
  ...view,
  faults: (await office.get(`/${id}/faults?limit=100`)).json.data,
})

describe('a dry run', () => {
  it.each<[string, Rules]>([
    ['points that live for a year', {}],
    ['points that live while something happens', { expiry: { kind: 'inactivity', months: 6 } }],
    ['points that wait, and no debt', { pending: { activeAfterDays: 200 }, clawback: 'clamp' }],
  ])(
    'says exactly what the import then does, with %s',
    async (_, changes) => {
      const property = fc.asyncProperty(rows, fc.boolean(), async (given, enrol) => {
        const office = await withMembers(changes)
        const file = lines(...given.map(([row, who]) => JSON.stringify({ ...row, ...who })))
        const query = `enrol=${enrol}`
        const dry = await told(office, await office.run(file, `${query}&dryRun=true`, ndjson))
        const real = await told(office, await office.run(file, query, ndjson))
        expect(dry).toEqual(real)
        expect(real.booked + real.duplicates + real.failed).toBe(given.length)
      })
      await fc.assert(property, { numRuns: 12 })
    },
    60_000,
  )

  it('knows whom it would have enrolled some hundred rows before', async () => {
    const office = await openOffice()
    const people = Array.from({ length: 500 }, (_, i) => `p${i},p${i}@example.com`)
    const shared = Array.from({ length: 20 }, (_, i) => `q${i},p${i}@example.com`)
    const file = lines('externalId,email', ...people, ...shared)
    const dry = await told(office, await office.run(file, 'type=member&dryRun=true'))
    const real = await told(office, await office.run(file, 'type=member'))
    expect(real).toMatchObject({ rows: 520, failed: 20, members: { enrolled: 500 } })
    expect(dry).toEqual(real)
  })

  it('leaves nothing behind', async () => {
    const office = await withMembers()
    const before = await stateOf(office)
    const file = lines('externalId,occurredAt,total', 'c,2026-11-01,10000', 'new,2026-11-01,10000')
    const { id } = await office.run(file, 'type=purchase&enrol=true&dryRun=true')
    expect(await stateOf(office)).toEqual(before)
    const { rows, people, pieces } = await dumpOf(office.shop.id, id)
    expect([rows, people, pieces]).toEqual([[], [], []])
  })

  it('cannot be undone: it has booked nothing', async () => {
    const office = await openOffice()
    const { id } = await office.run(lines('externalId', 'a'), 'type=member&dryRun=true')
    expect(await office.undo(id)).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', detail: 'It has booked nothing.' },
    })
  })
})

async function stateOf(office: Office) {
  const { at: _, ...statement } = (
    await office.shop.get(`/v1/members/${await office.member('c')}/statement`)
  ).json
  return { statement, members: (await office.shop.get('/v1/members')).json }
}
