import { describe, expect, it } from 'vitest'
import type { EntryView } from '../../src/ledger/receipt'
import { openShop, type Shop } from './shop'

// Months after the purchase: points wake after two days and live for six months, to the end of the month; tiers count
// the last six months and are kept to the end of the month.
const rules = {
  pending: { activeAfterDays: 2 },
  expiry: { kind: 'after', months: 6, to: 'month' },
  tiers: {
    basis: 'spend',
    window: { kind: 'rolling', months: 6 },
    down: 'qualifying',
    grace: { toMonthEnd: true },
    levels: [
      { id: 'bronze', name: { en: 'Bronze' }, from: 0 },
      { id: 'silver', name: { en: 'Silver' }, from: 50_000 },
      { id: 'gold', name: { en: 'Gold' }, from: 100_000 },
    ],
  },
}

const zones = [
  'Pacific/Kiritimati',
  'Asia/Shanghai',
  'Europe/London',
  'America/Los_Angeles',
  'America/Santiago',
] as const

/** How the offsets of the five zones stand at one local time; another time where that one does not exist there. */
type Offsets = readonly [string, string, string, string, string]

// By season of the north, computed by hand from the zones' rules: clocks change in London on 2027-10-31, 2028-03-26 and
// 2028-10-29, in Los Angeles on 2027-11-07, 2028-03-12 and 2028-11-05, in Santiago on 2027-09-05 (midnight is skipped),
// 2028-04-02 (the hour before is twice) and 2028-09-03.
const summer: Offsets = ['+14:00', '+08:00', '+01:00', '-07:00', '-04:00']
const autumn: Offsets = ['+14:00', '+08:00', '+01:00', '-07:00', '-03:00']
const lateAutumn: Offsets = ['+14:00', '+08:00', '+00:00', '-07:00', '-03:00']
const winter: Offsets = ['+14:00', '+08:00', '+00:00', '-08:00', '-03:00']
const lateWinter: Offsets = ['+14:00', '+08:00', '+00:00', '-07:00', '-03:00']
const spring: Offsets = ['+14:00', '+08:00', '+01:00', '-07:00', '-03:00']
const skipped: Offsets = ['+14:00', '+08:00', '+01:00', '-07:00', '01:00:00-03:00']
const ended: Offsets = ['+14:00', '+08:00', '11:00:00+00:00', '-07:00', '-03:00']

type Act = (shop: Shop, member: string) => Promise<{ status: number; json: unknown }>

const buy =
  (orderId: string, major: number): Act =>
  (shop, member) =>
    shop.buy(member, orderId, major)
const checkIn: Act = (shop, member) => shop.post(member, 'activities', { type: 'check-in' })
const hold: Act = (shop, member) =>
  shop.post(member, 'holds', { points: 100, expiresInSeconds: 48 * 3600 })

/** An instant, what is done then, and what the ledger says of it: kinds with points, tiers with their reason. */
type Stop = readonly [local: string, offsets: Offsets, expected: string, act?: Act]

const stops: readonly Stop[] = [
  ['2027-08-31T10:00:00', summer, 'award 1', checkIn],
  ['2027-08-31T10:00:00', summer, 'award 300', buy('A', 300)],
  ['2027-09-02T00:00:00', summer, 'activate 0'],
  ['2027-09-03T10:00:00', summer, 'award 300, tier silver reached', buy('B', 300)],
  ['2027-09-05T00:00:00', skipped, 'activate 0'],
  ['2027-10-29T00:00:00', autumn, 'award 500, tier gold reached', buy('C', 500)],
  ['2027-10-30T12:00:00', autumn, 'hold 0', hold],
  ['2027-10-31T00:00:00', autumn, 'activate 0'],
  ['2027-11-01T12:00:00', ended, 'release 0'],
  ['2027-11-05T10:00:00', lateAutumn, 'award 100', buy('D', 100)],
  ['2027-11-07T00:00:00', lateAutumn, 'activate 0'],
  ['2028-02-27T23:59:59', winter, 'award 50', buy('E', 50)],
  // Six months after 31 August: A counts to the end of the 28th.
  ['2028-02-29T00:00:00', winter, 'activate 0, tier gold at-risk'],
  ['2028-03-01T00:00:00', winter, 'expire -1, tier silver fell'],
  ['2028-03-10T10:00:00', winter, 'award 50', buy('F', 50)],
  ['2028-03-12T00:00:00', winter, 'activate 0'],
  ['2028-03-24T10:00:00', lateWinter, 'award 50', buy('G', 50)],
  ['2028-03-26T00:00:00', lateWinter, 'activate 0'],
  ['2028-03-31T23:30:00', spring, 'award 50', buy('H', 50)],
  ['2028-04-01T00:00:00', spring, 'expire -600'],
  ['2028-04-02T00:00:00', summer, 'activate 0'],
  ['2028-04-29T00:00:00', summer, 'tier silver at-risk'],
  // In the last second of its grace.
  ['2028-04-30T23:59:59', summer, 'award 300, tier silver kept', buy('I', 300)],
  ['2028-05-01T00:00:00', summer, 'expire -500'],
  ['2028-05-02T00:00:00', summer, 'activate 0'],
  ['2028-06-01T00:00:00', summer, 'expire -100'],
  ['2028-08-27T00:00:00', summer, 'tier silver at-risk'],
  ['2028-09-01T00:00:00', summer, 'expire -50, tier bronze fell'],
  ['2028-10-01T00:00:00', autumn, 'expire -100'],
  ['2028-10-15T10:00:00', autumn, 'award 100', buy('J', 100)],
  ['2028-10-17T00:00:00', autumn, 'activate 0'],
  ['2028-11-01T00:00:00', lateAutumn, 'expire -50'],
  ['2028-12-01T00:00:00', winter, 'expire -300'],
  ['2029-02-28T10:00:00', winter, ''],
]

/** The instant of a stop in a zone, in milliseconds. */
function instantOf([local, offsets]: Stop, zone: number): number {
  const offset = offsets[zone]!
  return Date.parse(offset.length > 6 ? `${local.slice(0, 10)}T${offset}` : local + offset)
}

const text = (ms: number) => new Date(ms).toISOString()

/** What the ledger must say in a zone: an instant, a kind, points or a tier with its reason. */
const expectedIn = (zone: number): string[] =>
  stops.flatMap((stop) =>
    stop[2]
      .split(', ')
      .filter(Boolean)
      .map((each) => `${text(instantOf(stop, zone))} ${each}`),
  )

const summary = ({ occurredAt, kind, points, tier, reason }: EntryView): string =>
  `${occurredAt} ${kind} ${kind === 'tier' ? `${tier} ${reason}` : points}`

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Instants between the first stop and the last at which the clock also stands. */
type Steps = (from: number, to: number, zone: number) => number[]

const until = (to: number, next: (i: number, at: number) => number, from: number): number[] => {
  const all: number[] = []
  for (let at = next(0, from); at < to; at = next(all.length, at)) {
    all.push(at)
  }
  return all
}
const none: Steps = () => []
const monthly: Steps = (_, to) => until(to, (i) => Date.UTC(2027, 8 + i, 15, 3), 0)
const irregular: Steps = (from, to) => {
  const lengths = [HOUR_MS, 3 * DAY_MS + 7 * HOUR_MS, 41 * DAY_MS, 11 * 60_000, 17 * DAY_MS + 1]
  return until(to, (i, at) => at + lengths[i % lengths.length]!, from)
}
/** One millisecond before each stop, and at it. */
const exact: Steps = (_, __, zone) =>
  stops.flatMap((stop) => [instantOf(stop, zone) - 1, instantOf(stop, zone)]).slice(2)

/** Throws where a call is not answered as it must be: a clock is ready, with its one member. */
async function must(status: number, answer: Promise<{ status: number; json: unknown }>) {
  const { status: is, json } = await answer
  const isReady = JSON.stringify(json).includes('"status":"ready","members":1,"settled":1')
  if (is !== status || (status === 200 && !isReady)) {
    throw new Error(`${is} ${JSON.stringify(json)}`)
  }
}

/** Walks a new member through all stops, with more steps of the clock between them; answers the entries. */
async function walk(zone: number, steps: Steps): Promise<{ shop: Shop; member: string }> {
  const start = instantOf(stops[0]!, zone)
  const shop = await openShop({ timeZone: zones[zone], clock: text(start) }, rules)
  const member = await shop.enrol()
  const acts = stops.flatMap((stop) =>
    stop[3] || stop === stops.at(-1) ? [{ at: instantOf(stop, zone), act: stop[3] }] : [],
  )
  const plain = steps(start, acts.at(-1)!.at, zone).map((at) => ({ at, act: undefined }))
  // Of what is at the same instant the clock comes first, once.
  const all = [...plain, ...acts].toSorted((a, b) => a.at - b.at)
  for (const { at, act } of all) {
    if (at > start) {
      await must(200, shop.move(text(at)))
    }
    if (act) {
      await must(201, act(shop, member))
    }
  }
  return { shop, member }
}

/** The lists show at the end what the ledger says. */
async function hasArrived(shop: Shop, member: string): Promise<void> {
  const { balance, tier } = await shop.balance(member)
  expect({ ...balance, tier: tier.id }).toMatchObject({ balance: 100, debt: 0, tier: 'bronze' })
  expect(await shop.listed(member)).toMatchObject({
    available: 100,
    pending: 0,
    held: 0,
    debt: 0,
    tier: 'bronze',
    next_expiry_points: 100,
  })
  const { json } = await shop.get('/v1/program/totals')
  expect(json).toMatchObject({ issued: 1801, redeemed: 0, lapsed: 1701, outstanding: 100 })
}

describe.each(zones.map((name, zone) => [name, zone] as const))(
  'a member walked through 18 months in %s',
  (_, zone) => {
    it.each([
      ['from act to act', none],
      ['in monthly steps', monthly],
      ['in irregular steps', irregular],
    ])('%s has every change at its due instant, in under five seconds', async (__, steps) => {
      const begun = Date.now()
      const { shop, member } = await walk(zone, steps)
      expect(Date.now() - begun).toBeLessThan(5_000)
      const entries = await shop.entries(member)
      expect(entries.map(summary)).toEqual(expectedIn(zone))
      await hasArrived(shop, member)
    })

    it('to each instant and the millisecond before has no change early or late', async () => {
      const { shop, member } = await walk(zone, exact)
      const entries = await shop.entries(member)
      expect(entries.map(summary)).toEqual(expectedIn(zone))
      expect(entries.filter(({ occurredAt, recordedAt }) => occurredAt !== recordedAt)).toEqual([])
    })
  },
)

describe('one step of eighteen months', () => {
  const backdated = [
    ['K', 300, '2027-03-31T23:59:59'],
    ['L', 400, '2027-05-30T00:00:00'],
    ['M', 500, '2027-08-29T12:00:00'],
    ['N', 50, '2027-08-31T00:00:00'],
  ] as const

  /** What the ledger says without what only the way of the clock explains. */
  async function entriesAfter(zone: number, steps: Steps) {
    const start = instantOf(stops[0]!, zone)
    const end = instantOf(stops.at(-1)!, zone)
    const shop = await openShop({ timeZone: zones[zone], clock: text(start) }, rules)
    const member = await shop.enrol()
    for (const [orderId, major, local] of backdated) {
      const occurredAt = local + summer[zone]!
      await must(201, shop.buy(member, orderId, major, { occurredAt }))
    }
    await shop.post(member, 'holds', { points: 200, expiresInSeconds: 600_000 })
    for (const at of [...steps(start, end, zone), end]) {
      await must(200, shop.move(text(at)))
    }
    const entries = await shop.entries(member)
    return entries.map(({ recordedAt: _r, actor: _a, ...entry }) => entry)
  }

  it.each(zones.map((name, zone) => [name, zone] as const))(
    'leaves the entries that many small ones leave, in %s',
    async (_, zone) => {
      const once = await entriesAfter(zone, none)
      expect(once.length).toBeGreaterThan(12)
      for (const steps of [monthly, irregular]) {
        expect(await entriesAfter(zone, steps)).toEqual(once)
      }
    },
  )
})
