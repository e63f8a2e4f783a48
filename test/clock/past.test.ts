import { describe, expect, it } from 'vitest'
import { levelOf, tiersOf } from '../ledger/world'
import { openShop } from './shop'

const orders = (names: string[], from: number) =>
  tiersOf(
    names.map((id, rank) => levelOf(id, rank * from)),
    { basis: 'orders', window: { kind: 'calendar', unit: 'month' } },
  )

describe('GET /v1/members/:id/balance?at= of the past', () => {
  it('answers by the rules of that instant, whatever was published since', async () => {
    const shop = await openShop(
      { clock: '2027-01-05T00:00:00Z', timeZone: 'UTC' },
      { tiers: orders(['guest', 'regular'], 1) },
    )
    const member = await shop.enrol()
    await shop.buy(member, 'o1', 10)
    const at = async (time: string) =>
      (await shop.get(`/v1/members/${member}/balance?at=${time}`)).json
    await shop.move('2027-02-10T00:00:00Z')
    const times = ['2027-01-04', '2027-01-05', '2027-01-20', '2027-02-05', '2027-02-10']
    const asked = () => Promise.all(times.map((day) => at(`${day}T00:00:00Z`)))
    const before = await asked()
    // Before there was anything: by the first version.
    expect(before.map(({ tier }) => tier.id)).toEqual([
      'bronze',
      'regular',
      'regular',
      'guest',
      'guest',
    ])
    await shop.move('2027-02-11T00:00:00Z')
    await shop.publish({ name: 'Another name' })
    expect(await asked()).toEqual(before)
    await shop.move('2027-02-12T00:00:00Z')
    await shop.publish({ tiers: orders(['guest', 'regular', 'friend'], 5) })
    expect(await asked()).toEqual(before)
    expect((await at('2027-02-12T00:00:00Z')).tier.next).toEqual({ id: 'regular', remaining: 5 })
  })
})

describe('a test clock at the beginning of time', () => {
  it.each([
    ['wakes', { pending: { activeAfterDays: 1 } }, '1969-12-31T10:00:00Z'],
    ['lapses', { expiry: { kind: 'after', days: 1 } }, '1969-12-30T10:00:00Z'],
  ])('keeps a lot that %s at the instant 0', async (_, rules, occurredAt) => {
    const shop = await openShop({ clock: '1970-01-01T00:00:00Z', timeZone: 'UTC' }, rules)
    const member = await shop.enrol()
    const { json } = await shop.buy(member, 'o1', 10, { occurredAt })
    const { json: statement } = await shop.get(`/v1/members/${member}/statement`)
    const { faultsOf } = await import('../../bin/verify.js')
    expect(faultsOf(statement)).toEqual([])
    expect((await shop.entries(member)).length).toBe(json.entries.length)
  })
})

describe('a clock that the time zone database alone knows', () => {
  it.each(['JST', 'ACT', 'PST', 'Mars/Olympus'])('refuses zone %s', async (timeZone) => {
    const shop = await openShop({ timeZone: 'Asia/Tokyo' })
    const { status, json } = await shop.publish({ timeZone })
    expect([status, json.errors?.[0].pointer]).toEqual([400, '#/timeZone'])
    expect((await shop.enrol()).length).toBe(15)
  })
})
