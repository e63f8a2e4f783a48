import { describe, expect, it } from 'vitest'
import { dayOf } from '../../src/program/calendar'
import type { Tier, Tiers } from '../../src/program/document'
import type { Program } from '../../src/program/program'
import {
  type DayCount,
  fallOf,
  tierChange,
  tierDueAt,
  type TierState,
} from '../../src/program/tier'
import { levelOf, programOf, tiersOf } from '../ledger/world'

const at = (text: string) => Date.parse(`${text}T00:00:00+08:00`)
const day = (text: string) => dayOf(at(text), 'Asia/Shanghai')
const spent = (text: string, amount: number): DayCount => [day(text), amount, 0, 1]

const [bronze, silver, gold] = [levelOf('bronze', 0), levelOf('silver', 100), levelOf('gold', 200)]
const by = (rest: Partial<Tiers> = {}, levels: Tier[] = [bronze, silver, gold]): Program =>
  programOf({ tiers: tiersOf(levels, rest) })
const stateOf = (tier: string, days: DayCount[], rest: Partial<TierState> = {}): TierState => ({
  tier,
  fallsAt: null,
  floor: null,
  keptUntil: null,
  enrolledOn: day('2020-05-15'),
  days,
  ...rest,
})
const grace = (rest: Partial<Tiers['grace']>) => ({
  grace: { months: 0, days: 0, toMonthEnd: false, ...rest },
})
const changed = (tier: string, reason: string, fallsAt: string | null = null) => ({
  tier,
  reason,
  fallsAt: fallsAt === null ? null : at(fallsAt),
  floor: null,
  keptUntil: null,
})

/** What happens by itself to a state from a day on: each change with the date on which it is due. */
function future(program: Program, first: TierState, from: string) {
  const changes: [string, string, string][] = []
  let state = first
  let due = tierDueAt(program, state, at(from))
  while (due < Infinity && changes.length < 9) {
    const change = tierChange(program, state, due)!
    const date = new Date(due + 8 * 3_600_000).toISOString()
    expect(date.slice(10)).toBe('T00:00:00.000Z')
    changes.push([date.slice(0, 10), change.reason, change.tier])
    state = { ...state, ...change }
    due = tierDueAt(program, state, due)
  }
  return changes
}

describe('a tier that is reached', () => {
  it.each([
    [0, null],
    [99, null],
    [100, changed('silver', 'reached')],
    [199, changed('silver', 'reached')],
    [200, changed('gold', 'reached')],
  ])('comes at once, several levels too: from bronze with %i spent', (amount, change) => {
    const days = [spent('2026-03-10', amount)]
    expect(tierChange(by(), stateOf('bronze', days), at('2026-03-10'))).toEqual(change)
  })

  it.each<Tiers['down']>(['never', 'one-step', 'qualifying'])('comes with down: %s', (down) => {
    const state = stateOf('bronze', [spent('2026-03-10', 200)])
    expect(tierChange(by({ down }), state, at('2026-03-10'))).toEqual(changed('gold', 'reached'))
  })

  it('is above one at risk, which is at risk no more', () => {
    const fallsAt = at('2026-04-01')
    const state = stateOf('silver', [spent('2026-03-10', 200)], { fallsAt })
    expect(tierChange(by(), state, at('2026-03-10'))).toEqual(changed('gold', 'reached'))
  })

  it('is kept no longer than it is reached, although the one below was', () => {
    const days = [spent('2026-03-10', 200)]
    const state = stateOf('silver', days, { keptUntil: at('2028-01-10') })
    expect(tierChange(by(), state, at('2026-03-10'))).toEqual(changed('gold', 'reached'))
    expect(future(by({ down: 'one-step' }), state, '2026-03-10')).toEqual([
      ['2026-03-10', 'reached', 'gold'],
      ['2027-03-10', 'fell', 'silver'],
      ['2028-03-10', 'fell', 'bronze'],
    ])
  })
})

describe('a tier that is not reached any more', () => {
  const days = [spent('2026-01-10', 100), spent('2026-02-10', 50), spent('2026-03-10', 60)]
  const { days: all, ...standing } = stateOf('gold', days)
  const state = { ...standing, days: all }

  it('is kept with down: never', () => {
    expect(future(by({ down: 'never' }), state, '2026-04-01')).toEqual([])
    expect(tierChange(by({ down: 'never' }), state, at('2030-01-01'))).toBe(null)
  })

  it('falls to what is reached then', () => {
    expect(future(by(), state, '2026-04-01')).toEqual([
      ['2027-01-10', 'fell', 'silver'],
      ['2027-02-10', 'fell', 'bronze'],
    ])
  })

  it('falls several levels at once where nothing else is reached', () => {
    const one = stateOf('gold', [spent('2026-01-10', 200)])
    expect(future(by(), one, '2026-04-01')).toEqual([['2027-01-10', 'fell', 'bronze']])
  })

  it('falls at once where goods came back', () => {
    const less = stateOf('gold', [spent('2026-03-10', 150)])
    const noon = at('2026-03-20') + 43_200_000
    expect(tierDueAt(by(), less, noon)).toBe(noon)
    expect(tierChange(by(), less, noon)).toEqual(changed('silver', 'fell'))
  })

  it('with down: one-step falls one tier, and one more when another window has passed', () => {
    const one = stateOf('gold', [spent('2026-01-10', 200)])
    expect(future(by({ down: 'one-step' }), one, '2026-04-01')).toEqual([
      ['2027-01-10', 'fell', 'silver'],
      ['2028-01-10', 'fell', 'bronze'],
    ])
  })

  it.each<[Tiers['window'], string, string]>([
    [{ kind: 'rolling', days: 90 }, '2026-04-10', '2026-07-09'],
    [{ kind: 'calendar', unit: 'month' }, '2026-02-01', '2026-03-01'],
    [{ kind: 'calendar', unit: 'quarter' }, '2026-04-01', '2026-07-01'],
    [{ kind: 'calendar', unit: 'year' }, '2027-01-01', '2028-01-01'],
    [{ kind: 'anniversary' }, '2026-05-15', '2027-05-15'],
  ])('by one step and %j falls on %s and on %s', (window, first, second) => {
    const one = stateOf('gold', [spent('2026-01-10', 200)])
    expect(future(by({ down: 'one-step', window }), one, '2026-01-10')).toEqual([
      [first, 'fell', 'silver'],
      [second, 'fell', 'bronze'],
    ])
  })

  it('by one step is kept where it is reached again before the next', () => {
    const next = at('2028-01-10')
    const days = [spent('2027-05-01', 100)]
    const fallen = stateOf('silver', days, { fallsAt: next, keptUntil: next })
    expect(future(by({ down: 'one-step' }), fallen, '2027-05-01')).toEqual([
      ['2027-05-01', 'kept', 'silver'],
      ['2028-05-01', 'fell', 'bronze'],
    ])
  })
})

describe('the step after a fall by one step', () => {
  const oneStep = (rest: Partial<Tiers> = {}, levels?: Tier[]) =>
    by({ down: 'one-step', ...rest }, levels)
  const atOnce = stateOf('gold', [spent('2026-01-10', 200)])
  const inTwoMonths = stateOf('gold', [spent('2026-01-10', 100), spent('2026-02-10', 100)])

  it('says until when the lower tier is kept, whether or not it is reached', () => {
    const keptUntil = at('2028-01-10')
    const fell = { tier: 'silver', reason: 'fell', floor: null, keptUntil }
    const lost = at('2027-01-10')
    expect(tierChange(oneStep(), atOnce, lost)).toEqual({ ...fell, fallsAt: keptUntil })
    expect(tierChange(oneStep(), inTwoMonths, lost)).toEqual({ ...fell, fallsAt: null })
  })

  it('comes no sooner for who spent in two months than for who spent at once', () => {
    expect(future(oneStep(), atOnce, '2026-03-01')).toEqual([
      ['2027-01-10', 'fell', 'silver'],
      ['2028-01-10', 'fell', 'bronze'],
    ])
    expect(future(oneStep(), inTwoMonths, '2026-03-01')).toEqual([
      ['2027-01-10', 'fell', 'silver'],
      ['2027-02-10', 'at-risk', 'silver'],
      ['2028-01-10', 'fell', 'bronze'],
    ])
  })

  it('comes after another window and its grace', () => {
    expect(future(oneStep(grace({ months: 1 })), inTwoMonths, '2026-03-01')).toEqual([
      ['2027-01-10', 'at-risk', 'gold'],
      ['2027-02-10', 'fell', 'silver'],
      ['2028-03-10', 'fell', 'bronze'],
    ])
  })

  it.each([
    ['2027-12-01', 71, '2028-02-10', 'when its grace ends, the later of both'],
    ['2027-11-01', 70, '2028-01-10', 'when both end'],
    ['2027-10-01', 70, '2028-01-10', 'not when its grace ends, the sooner of both'],
  ])('comes, lost on %s with %i days of grace, on %s: %s', (lost, days, end) => {
    const keptUntil = at('2028-01-10')
    const change = tierChange(
      oneStep(grace({ days })),
      stateOf('silver', [], { keptUntil }),
      at(lost),
    )
    expect(change).toEqual({ ...changed('silver', 'at-risk', end), keptUntil })
  })

  it('comes at once where the tier is lost after the time for which it was kept', () => {
    const state = stateOf('silver', [spent('2027-06-01', 100)], { keptUntil: at('2028-01-10') })
    expect(future(oneStep(), state, '2027-06-01')).toEqual([['2028-06-01', 'fell', 'bronze']])
  })

  it('is not hastened by reaching the tier again and losing it', () => {
    const next = at('2028-01-10')
    const days = [spent('2027-03-01', 100)]
    const state = stateOf('silver', days, { fallsAt: next, keptUntil: next })
    const kept = tierChange(oneStep(), state, at('2027-03-01'))!
    expect(kept).toEqual({ ...changed('silver', 'kept'), keptUntil: next })
    const refunded = { ...state, ...kept, days: [] }
    expect(tierChange(oneStep(), refunded, at('2027-04-01'))).toEqual({
      ...changed('silver', 'at-risk', '2028-01-10'),
      keptUntil: next,
    })
  })

  it('waits no more where new rules let fall to what is reached', () => {
    const state = stateOf('gold', [], { fallsAt: at('2027-05-01'), keptUntil: at('2027-05-01') })
    expect(tierChange(by(), state, at('2027-05-01'))).toEqual(changed('bronze', 'fell'))
  })

  it('is told by fallOf', () => {
    const state = stateOf('silver', [spent('2026-02-10', 100)], { keptUntil: at('2028-01-10') })
    const fall = fallOf(oneStep(), state, at('2027-01-10'))
    expect(fall && [fall.at, fall.to.id]).toEqual([at('2028-01-10'), 'bronze'])
  })
})

describe('grace', () => {
  it.each<[Partial<Tiers['grace']>, string, string]>([
    [{ months: 1 }, '2026-01-31', '2027-02-28'],
    [{ days: 10 }, '2026-01-31', '2027-02-10'],
    [{ months: 1, days: 1 }, '2026-01-31', '2027-03-01'],
    [{ toMonthEnd: true }, '2026-01-31', '2027-02-01'],
    [{ toMonthEnd: true }, '2026-02-01', '2027-03-01'],
    [{ months: 1, toMonthEnd: true }, '2026-01-31', '2027-03-01'],
    [{ months: 12, days: 30, toMonthEnd: true }, '2027-02-28', '2029-04-01'],
  ])('of %j keeps what was reached on %s for a year until %s', (given, bought, end) => {
    const lost = `${Number(bought.slice(0, 4)) + 1}${bought.slice(4)}`
    const state = stateOf('silver', [spent(bought, 100)])
    expect(future(by(grace(given)), state, bought)).toEqual([
      [lost, 'at-risk', 'silver'],
      [end, 'fell', 'bronze'],
    ])
    expect(tierChange(by(grace(given)), state, at(lost))).toEqual(changed('silver', 'at-risk', end))
  })

  it('ends without a fall where the tier is reached again in it', () => {
    const fallsAt = at('2027-02-10')
    const days = [spent('2027-01-20', 100)]
    const state = stateOf('silver', days, { fallsAt })
    const kept = tierChange(by(grace({ months: 1 })), state, at('2027-01-20'))
    expect(kept).toEqual(changed('silver', 'kept'))
  })

  it('goes on where too little is reached in it', () => {
    const fallsAt = at('2027-02-10')
    const state = stateOf('silver', [spent('2027-01-20', 99)], { fallsAt })
    expect(tierChange(by(grace({ months: 1 })), state, at('2027-01-20'))).toBe(null)
    expect(tierDueAt(by(grace({ months: 1 })), state, at('2027-01-20'))).toBe(fallsAt)
  })

  it('that has begun keeps its end under new rules, and ends at once where nobody falls', () => {
    const state = stateOf('silver', [], { fallsAt: at('2027-02-10') })
    expect(tierDueAt(by(grace({ months: 9 })), state, at('2027-01-20'))).toBe(at('2027-02-10'))
    expect(tierChange(by(), state, at('2027-01-20'))).toBe(null)
    const never = by({ down: 'never' })
    expect(tierChange(never, state, at('2027-01-20'))).toEqual(changed('silver', 'kept'))
  })

  it('falls to what is reached at its end', () => {
    const state = stateOf('gold', [spent('2026-01-10', 200), spent('2026-02-20', 100)])
    expect(future(by(grace({ months: 1 })), state, '2026-03-01')).toEqual([
      ['2027-01-10', 'at-risk', 'gold'],
      ['2027-02-10', 'fell', 'silver'],
      ['2027-02-20', 'at-risk', 'silver'],
      ['2027-03-20', 'fell', 'bronze'],
    ])
  })

  it('by one step is given to each step', () => {
    const state = stateOf('gold', [spent('2026-01-10', 200)])
    expect(future(by({ down: 'one-step', ...grace({ months: 1 }) }), state, '2026-03-01')).toEqual([
      ['2027-01-10', 'at-risk', 'gold'],
      ['2027-02-10', 'fell', 'silver'],
      ['2028-03-10', 'fell', 'bronze'],
    ])
  })
})

describe('a floor', () => {
  const floored = [bronze, silver, { ...gold, neverBelow: 'silver' }]

  it('comes with the tier that promises it, and with one above', () => {
    const state = stateOf('bronze', [spent('2026-03-10', 300)])
    const levels = [...floored, levelOf('black', 300)]
    expect(tierChange(by({}, levels), state, at('2026-03-10'))).toMatchObject({
      tier: 'black',
      floor: 'silver',
    })
  })

  it.each<Tiers['down']>(['qualifying', 'one-step'])('stops a fall, with down: %s', (down) => {
    const state = stateOf('gold', [spent('2026-01-10', 200)], { floor: 'silver' })
    expect(future(by({ down }, floored), state, '2026-03-01')).toEqual([
      ['2027-01-10', 'fell', 'silver'],
    ])
  })

  it('that is the tier itself keeps it for ever', () => {
    const levels = [bronze, { ...silver, neverBelow: 'silver' }, gold]
    const state = stateOf('silver', [], { floor: 'silver' })
    expect(future(by({}, levels), state, '2026-03-01')).toEqual([])
  })

  it('that new rules bring is written down while the member is at risk, whose end stays', () => {
    const fallsAt = at('2027-02-10')
    const state = stateOf('gold', [spent('2026-01-10', 200)], { fallsAt })
    const rules = by({ grace: { months: 1, days: 0, toMonthEnd: false } }, floored)
    const change = tierChange(rules, state, at('2027-01-20'))
    expect(change).toMatchObject({ tier: 'gold', fallsAt, floor: 'silver' })
    expect(tierChange(rules, { ...state, floor: 'silver' }, at('2027-01-20'))).toBeNull()
  })

  it('lifts who stands below it, because its tier had been taken away and is back', () => {
    const state = stateOf('bronze', [], { floor: 'silver' })
    expect(tierChange(by({}, floored), state, at('2026-03-01'))).toMatchObject({ tier: 'silver' })
  })

  it('or a tier that is not reached yet by new rules is no fall', () => {
    const state = stateOf('bronze', [spent('2026-01-10', 150)])
    expect(fallOf(by(), state, at('2026-03-01'))).toBeNull()
  })

  it('that was promised is kept when new rules promise none', () => {
    const state = stateOf('gold', [spent('2026-01-10', 200)], { floor: 'silver' })
    expect(future(by(), state, '2026-03-01')).toEqual([['2027-01-10', 'fell', 'silver']])
  })

  it('that new rules bring is written down at once, holds, and outlives them', () => {
    const state = stateOf('gold', [spent('2026-01-10', 200)])
    expect(fallOf(by(), state, at('2026-03-01'))?.to.id).toBe('bronze')
    const program = by({}, floored)
    expect(future(program, state, '2026-03-01')).toEqual([
      ['2026-03-01', 'kept', 'gold'],
      ['2027-01-10', 'fell', 'silver'],
    ])
    const change = tierChange(program, state, at('2026-03-01'))!
    expect(change).toEqual({ ...changed('gold', 'kept'), floor: 'silver' })
    const promised = { ...state, ...change }
    for (const rules of [program, by()]) {
      expect(tierChange(rules, promised, at('2026-03-01'))).toBe(null)
      expect(fallOf(rules, promised, at('2026-03-01'))?.to.id).toBe('silver')
    }
  })

  it.each<Tiers['down']>(['never', 'one-step', 'qualifying'])(
    'that new rules raise is written down, with down: %s',
    (down) => {
      const state = stateOf('gold', [spent('2026-01-10', 200)], { floor: 'silver' })
      const levels = [bronze, silver, { ...gold, neverBelow: 'gold' }]
      const change = tierChange(by({ down }, levels), state, at('2026-03-01'))
      expect(change).toEqual({ ...changed('gold', 'kept'), floor: 'gold' })
    },
  )

  it('that new rules bring leaves until when the tier is kept', () => {
    const keptUntil = at('2028-01-10')
    const state = stateOf('gold', [spent('2026-01-10', 200)], { keptUntil })
    const change = tierChange(by({ down: 'one-step' }, floored), state, at('2026-03-01'))
    expect(change).toEqual({ ...changed('gold', 'kept'), floor: 'silver', keptUntil })
  })

  it('that new rules bring while the tier is at risk keeps it', () => {
    const levels = [bronze, { ...silver, neverBelow: 'silver' }, gold]
    const state = stateOf('silver', [], { fallsAt: at('2026-04-01') })
    const change = tierChange(by({}, levels), state, at('2026-03-01'))
    expect(change).toMatchObject({ tier: 'silver', reason: 'kept', fallsAt: null, floor: 'silver' })
  })
})

describe('a tier that new rules removed', () => {
  const two = by({}, [bronze, gold])

  it.each([
    [0, 'bronze'],
    [199, 'bronze'],
    [200, 'gold'],
  ])('becomes what is reached: with %i spent %s', (amount, id) => {
    const state = stateOf('silver', [spent('2026-03-10', amount)])
    expect(tierDueAt(two, state, at('2026-03-20'))).toBe(at('2026-03-20'))
    expect(tierChange(two, state, at('2026-03-20'))).toMatchObject({ tier: id, fallsAt: null })
  })

  it.each<[number, Tiers['down'], string]>([
    [0, 'qualifying', 'silver'],
    [0, 'one-step', 'silver'],
    [0, 'never', 'silver'],
    [100, 'qualifying', 'silver'],
    [200, 'qualifying', 'gold'],
  ])('becomes the higher of reached and promised: with %i and down: %s %s', (...row) => {
    const [amount, down, id] = row
    const state = stateOf('platinum', [spent('2026-03-10', amount)], { floor: 'silver' })
    const change = tierChange(by({ down }), state, at('2026-03-20'))
    expect(change).toEqual({ ...changed(id, 'reached'), floor: 'silver' })
  })

  it('is neither at risk nor kept any more', () => {
    const rest = { fallsAt: at('2026-04-01'), keptUntil: at('2026-05-01') }
    const change = tierChange(two, stateOf('silver', [], rest), at('2026-03-20'))
    expect(change).toEqual(changed('bronze', 'reached'))
  })

  it('becomes the lowest where its floor was removed too', () => {
    const change = tierChange(two, stateOf('silver', [], { floor: 'silver' }), at('2026-03-20'))
    expect(change).toMatchObject({ tier: 'bronze', fallsAt: null })
  })
})

describe('the moment at which a tier changes by itself', () => {
  it.each(['bronze', 'silver'])('is never for %s that asks for nothing', (id) => {
    const free = by({}, [bronze, { ...silver, from: 0 }])
    expect(tierDueAt(free, stateOf(id === 'bronze' ? 'silver' : id, []), at('2026-04-01'))).toBe(
      Infinity,
    )
    expect(tierDueAt(by(), stateOf('bronze', []), at('2026-04-01'))).toBe(Infinity)
  })

  it('is now where too little was spent already, or new rules ask for less', () => {
    expect(tierDueAt(by(), stateOf('gold', []), at('2026-04-01'))).toBe(at('2026-04-01'))
    const less = by({}, [bronze, { ...silver, from: 50 }, gold])
    const state = stateOf('bronze', [spent('2026-03-10', 50)])
    expect(tierDueAt(less, state, at('2026-04-01'))).toBe(at('2026-04-01'))
  })

  it('is the start of a local day, the first instant where DST skips midnight', () => {
    const program = {
      ...by({ window: { kind: 'rolling', days: 30 } }),
      timeZone: 'America/Santiago',
    }
    const state = stateOf('silver', [spent('2026-08-07', 100)])
    const due = Date.parse('2026-09-06T01:00:00-03:00')
    expect(tierDueAt(program, state, at('2026-08-08'))).toBe(due)
    expect(tierChange(program, state, due - 1)).toBe(null)
    expect(tierChange(program, state, due)).toEqual(changed('bronze', 'fell'))
  })
})

describe('fallOf', () => {
  const days = [spent('2026-01-10', 100), spent('2026-02-10', 100)]

  it.each<[string, Partial<Tiers>, Partial<TierState>, [string, string] | null]>([
    ['when and to what', {}, {}, ['2027-01-10', 'silver']],
    ['the end of a grace that has not begun', grace({ months: 1 }), {}, ['2027-02-10', 'bronze']],
    [
      'the end of a grace',
      grace({ months: 1 }),
      { days: [], fallsAt: at('2026-04-01') },
      ['2026-04-01', 'bronze'],
    ],
    ['one step', { down: 'one-step', ...grace({ months: 1 }) }, {}, ['2027-02-10', 'silver']],
    ['nothing where nobody falls', { down: 'never' }, {}, null],
    ['nothing for the lowest', {}, { tier: 'bronze', days: [] }, null],
    ['nothing at the floor', {}, { floor: 'gold' }, null],
    ['to the floor', grace({ months: 1 }), { floor: 'silver' }, ['2027-02-10', 'silver']],
  ])('says %s', (_, rest, state, expected) => {
    const fall = fallOf(by(rest), stateOf('gold', days, state), at('2026-03-01'))
    expect(fall && [fall.at, fall.to.id]).toEqual(expected && [at(expected[0]), expected[1]])
  })
})
