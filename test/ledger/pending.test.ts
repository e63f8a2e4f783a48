import { describe, expect, it } from 'vitest'
import { at, DAY_MS, living, NOON, programOf, World } from './world'

const day = (text: string) => at(`${text}T00:00:00+08:00`)
const waiting = programOf({ returnWindowDays: 14, pending: { afterReturnWindow: true } })
/** Of purchases on 10 March. */
const WAKES = day('2026-03-25')

describe('points that wait', () => {
  it('are pending, cannot be spent or held, and wake as their local day begins', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    expect(world.state).toMatchObject({ available: 0, pending: 100 })
    expect([world.redeem(1).code, world.hold(1).code]).toEqual([
      'insufficient_points',
      'insufficient_points',
    ])
    expect(world.until(WAKES - 1)).toEqual([])
    expect(world.until(WAKES)).toMatchObject([
      { kind: 'activate', points: 0, occurredAt: WAKES, actor: null, detail: { version: 1 } },
    ])
    expect(world.state).toMatchObject({ available: 100, pending: 0 })
    expect(world.redeem(100).code).toBe(null)
  })

  it('wake by themselves at their moment, however late it is noticed', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.until(NOON + DAY_MS)
    world.buy('p', 50)
    world.until(NOON + 60 * DAY_MS)
    expect(world.entries.slice(2)).toMatchObject([
      { kind: 'activate', occurredAt: WAKES, lots: [[1, 0]] },
      { kind: 'activate', occurredAt: WAKES + DAY_MS, lots: [[2, 0]] },
    ])
  })

  it('wake at once where they were bought long ago, and live from their own day', () => {
    const world = new World(programOf({ pending: { activeAfterDays: 3 }, expiry: living(1) }))
    const occurredAt = at('2026-02-20T12:00:00+08:00')
    expect(world.buy('o', 100, { occurredAt }).entries).toMatchObject([
      { kind: 'award', lot: { activeAt: day('2026-02-23'), expiresAt: day('2026-03-24') } },
      { kind: 'activate', occurredAt: day('2026-02-23'), recordedAt: NOON },
    ])
    expect(world.state).toMatchObject({ available: 100, pending: 0 })
  })

  it('bought so long ago that they lapsed wake and lapse, each on its day', () => {
    const world = new World(programOf({ pending: { activeAfterDays: 3 }, expiry: living(1) }))
    const occurredAt = at('2026-01-20T12:00:00+08:00')
    expect(world.buy('o', 100, { occurredAt }).entries).toMatchObject([
      { kind: 'award' },
      { kind: 'activate', occurredAt: day('2026-01-23') },
      { kind: 'expire', occurredAt: day('2026-02-24'), points: -100 },
    ])
    expect(world.balance).toBe(0)
  })

  it.each([
    ['2026-01-20', [0, 0, 0], 30, 0],
    ['2026-02-06', [0, 0, 0], 30, 0],
    ['2026-02-07', [-30, 0], 0, 70],
  ])('bought on %s and told after they lapsed pay no debt: %j', (bought, debts, debt, left) => {
    const world = new World(programOf({ pending: { activeAfterDays: 3 }, expiry: living(1) }))
    world.owe(30)
    const { entries } = world.buy('o', 100, { occurredAt: at(`${bought}T12:00:00+08:00`) })
    const kinds = ['award', 'activate', 'expire'].slice(0, debts.length)
    expect(entries.map((entry) => [entry.kind, entry.debt])).toEqual(
      kinds.map((kind, i) => [kind, debts[i]]),
    )
    const due = [NOON, day(bought) + 3 * DAY_MS, day('2026-03-10')]
    expect(entries[1]!.occurredAt).toBe(due[1])
    expect(world.state).toMatchObject({ available: left, pending: 0, debt })
    expect(world.balance).toBe(left - debt)
  })

  it('that lapsed before they were told pay nothing, though others woke and pay with them', () => {
    const world = new World(programOf({ pending: { activeAfterDays: 3 }, expiry: living(1) }))
    world.owe(30)
    world.buy('p', 20)
    world.until(day('2026-04-12') - 1)
    expect(world.state).toMatchObject({ available: 0, pending: 0, debt: 10 })
    const occurredAt = at('2026-03-01T12:00:00+08:00')
    expect(world.buy('o', 100, { occurredAt }).entries).toMatchObject([
      { kind: 'award', points: 100, debt: 0 },
      { kind: 'activate', occurredAt: day('2026-03-04'), debt: 0, lots: [[4, 0]] },
      { kind: 'expire', occurredAt: day('2026-04-05'), points: -100, lots: [[4, -100]] },
    ])
    expect(world.state).toMatchObject({ available: 0, debt: 10 })
  })

  it('that woke and lapsed since the last entry pay debt in between, however late', () => {
    const world = new World(programOf({ pending: { activeAfterDays: 3 }, expiry: living(1) }))
    world.owe(30)
    world.buy('o', 100)
    world.until(NOON + 90 * DAY_MS)
    expect(world.entries.slice(2)).toMatchObject([
      { kind: 'activate', occurredAt: day('2026-03-13'), debt: -30 },
      { kind: 'expire', occurredAt: day('2026-04-14'), points: -70 },
    ])
  })

  it('pay debt when they wake, not before, the soonest to lapse first', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.buy('p', 100)
    world.owe(130)
    expect(world.state).toMatchObject({ available: 0, pending: 200, debt: 130 })
    world.buy('q', 10)
    expect(world.state).toMatchObject({ pending: 210, debt: 130 })
    world.until(WAKES)
    expect(world.entries.at(-1)).toMatchObject({
      kind: 'activate',
      points: 0,
      debt: -130,
      lots: [
        [1, -100],
        [2, -30],
        [4, 0],
      ],
    })
    expect(world.state).toMatchObject({ available: 80, pending: 0, debt: 0 })
    expect(world.balance).toBe(80)
  })

  it('are those of purchases: activities and adjustments never wait', () => {
    const world = new World(waiting)
    world.visit('check-in')
    world.give(10)
    expect(world.state).toMatchObject({ available: 11, pending: 0 })
  })

  it('count for the tier at once', () => {
    const world = new World(waiting)
    world.buy('o', 2_000)
    expect(world.state).toMatchObject({ tier: 'silver', pending: 2_000 })
  })

  it('wait as they were promised, whatever is published since', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.publish({ pending: { activeAfterDays: 0 }, returnWindowDays: 0 })
    world.buy('p', 10)
    expect(world.state).toMatchObject({ available: 10, pending: 100 })
    expect(world.until(WAKES)).toMatchObject([{ kind: 'activate', detail: { version: 2 } }])
  })

  it('that lapse as they wake pay nothing', () => {
    const world = new World(waiting)
    world.owe(10)
    world.buyPending('o', 100, NOON + DAY_MS, NOON + DAY_MS)
    world.until(NOON + DAY_MS)
    expect(world.state).toMatchObject({ available: 0, pending: 0, debt: 10 })
  })
})

describe('the refund of an order whose points wait', () => {
  it('takes its own pending points first, though others would lapse sooner', () => {
    const world = new World(waiting)
    world.give(50, NOON + DAY_MS)
    world.buy('o', 100)
    const { entries } = world.refund('o', 'r', 60)
    expect(entries).toMatchObject([{ kind: 'clawback', points: -60, lots: [[2, -60]], debt: 0 }])
    expect(world.state).toMatchObject({ available: 50, pending: 40 })
  })

  it("never takes another order's pending points: what is missing is owed until they wake", () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.until(WAKES)
    world.redeem(100)
    world.buy('p', 100)
    world.refund('o', 'r', 100)
    expect(world.state).toMatchObject({ available: 0, pending: 100, debt: 100 })
    world.until(WAKES + 15 * DAY_MS)
    expect(world.state).toMatchObject({ available: 0, pending: 0, debt: 0 })
    expect(world.balance).toBe(0)
  })

  it('leaves nothing to wake where all came back', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.refund('o', 'r', 100)
    expect(world.state).toMatchObject({ pending: 0, lots: [] })
    expect(world.until(WAKES)).toEqual([])
  })

  it('gives back pending points by its reversal, to wake on the day that was promised', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.refund('o', 'r', 100)
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 0, pending: 100 })
    expect(world.until(WAKES)).toMatchObject([{ kind: 'activate', occurredAt: WAKES }])
    expect(world.state).toMatchObject({ available: 100, pending: 0 })
  })

  it('gives back active points where it is reversed after that day', () => {
    const world = new World(waiting)
    world.buy('o', 100)
    world.refund('o', 'r', 100)
    world.until(WAKES + DAY_MS)
    world.owe(30)
    world.reverseRefund('r')
    expect(world.state).toMatchObject({ available: 70, pending: 0, debt: 0 })
    expect(world.lots).toEqual([[day('2027-03-26'), 70]])
  })
})
