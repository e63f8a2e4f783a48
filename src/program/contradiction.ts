import type { ProgramDocument, Tiers } from './document'

/** Where a document contradicts itself, and how. */
export interface Contradiction {
  path: PropertyKey[]
  message: string
}

const at = (path: PropertyKey[], message: string): Contradiction => ({ path, message })

/** Everything in which a document contradicts itself; each part alone is well-formed. */
export const contradictions = (document: ProgramDocument): Contradiction[] => [
  ...inMoney(document),
  ...inStores(document),
  ...inEarning(document),
  ...inLives(document),
  ...inLevels(document),
  ...inRewards(document),
  ...inTexts(document),
  ...inAdjustments(document),
]

function inMoney({ currency, currencies }: ProgramDocument): Contradiction[] {
  return Object.entries(currencies).flatMap(([code, { rate }]) => {
    if (code === currency) {
      return [at(['currencies', code], 'The home currency needs no rate.')]
    }
    return Number(rate) > 0 ? [] : [at(['currencies', code, 'rate'], 'A rate is more than zero.')]
  })
}

/** Which of these came before in the list, by index. */
const repeated = (all: readonly unknown[]): number[] =>
  all.flatMap((each, i) => (all.indexOf(each) < i ? [i] : []))

const inStores = ({ stores, locales, origins }: ProgramDocument): Contradiction[] => [
  ...repeated(stores.map(({ id }) => id)).map((i) =>
    at(['stores', i, 'id'], 'Another store has this id.'),
  ),
  ...repeated(locales).map((i) => at(['locales', i], 'It is listed before.')),
  ...repeated(origins).map((i) => at(['origins', i], 'It is listed before.')),
]

function inEarning({ earning, currency, currencies, stores }: ProgramDocument): Contradiction[] {
  const codes = [currency, ...Object.keys(currencies)]
  const ids = repeated(earning.rules.map(({ id }) => id))
  return [
    ...ids.map((i) => at(['earning', 'rules', i, 'id'], 'Another rule has this id.')),
    ...earning.rules.flatMap(({ per, stores: wanted = [] }, i) => [
      ...(typeof per === 'number' ? [] : inSteps(per, codes, ['earning', 'rules', i, 'per'])),
      ...wanted.flatMap((id, j) =>
        stores.some((store) => store.id === id)
          ? []
          : [at(['earning', 'rules', i, 'stores', j], 'The program has no such store.')],
      ),
    ]),
  ]
}

function inSteps(per: Record<string, number>, codes: string[], path: PropertyKey[]) {
  const missing = codes.filter((code) => !Object.hasOwn(per, code))
  const unknown = Object.keys(per).filter((code) => !codes.includes(code))
  return [
    ...missing.map((code) => at([...path, code], `It says no step for ${code}.`)),
    ...unknown.map((code) => at([...path, code], 'The program does not take this currency.')),
  ]
}

const hasOne = ({ months, days }: { months?: number | undefined; days?: number | undefined }) =>
  (months === undefined) !== (days === undefined)

function inLives({ expiry, pending, returnWindowDays }: ProgramDocument): Contradiction[] {
  const faults: Contradiction[] = []
  const waits = 'afterReturnWindow' in pending ? returnWindowDays + 1 : pending.activeAfterDays
  if (waits === 1 && 'afterReturnWindow' in pending) {
    faults.push(
      at(['pending', 'afterReturnWindow'], 'There is no return window: returnWindowDays is 0.'),
    )
  }
  if (expiry.kind === 'never') {
    return faults
  }
  const { kind, months, days, to } = expiry
  const isBare = months === undefined && days === undefined
  if (isBare ? kind === 'inactivity' || to === 'day' : !hasOne(expiry)) {
    faults.push(at(['expiry'], 'Give months or days.'))
  }
  const least = (months ?? 0) * 28 + (days ?? 0)
  if (kind === 'inactivity' && !isBare && least < waits) {
    faults.push(at(['expiry'], `Points wait ${waits} days and would lapse before they wake.`))
  }
  return faults
}

function inLevels(document: ProgramDocument): Contradiction[] {
  const { levels, window, down, grace } = document.tiers
  const most = mostOf(document)
  const faults = repeated(levels.map(({ id }) => id)).map((i) =>
    at(['tiers', 'levels', i, 'id'], 'Another tier has this id.'),
  )
  const [lowest] = levels
  if (lowest && lowest.from > 0) {
    faults.push(
      at(
        ['tiers', 'levels', 0, 'from'],
        `Who has less than ${lowest.from} has no tier: begin at 0.`,
      ),
    )
  }
  levels.forEach(({ from, neverBelow }, i) => {
    const below = levels[i - 1]
    if (below && from <= below.from) {
      faults.push(
        at(
          ['tiers', 'levels', i, 'from'],
          `It overlaps ${below.id}, which begins at ${below.from}.`,
        ),
      )
    }
    if (from > most) {
      faults.push(
        at(['tiers', 'levels', i, 'from'], `Nobody can reach it: ${most} is the most in a window.`),
      )
    }
    const floor = levels.findIndex(({ id }) => id === neverBelow)
    if (neverBelow !== undefined && (floor < 0 || floor > i)) {
      faults.push(at(['tiers', 'levels', i, 'neverBelow'], 'It is not this tier or one below it.'))
    }
  })
  if (window.kind === 'rolling' && !hasOne(window)) {
    faults.push(at(['tiers', 'window'], 'Give months or days.'))
  }
  const waits = grace.months > 0 || grace.days > 0 || grace.toMonthEnd
  if (down === 'never' && waits) {
    faults.push(at(['tiers', 'grace'], 'Who never falls needs no grace.'))
  }
  return faults
}

/** The most that anybody can reach in a window: a day is one visit, and what is once ever is once. */
function mostOf({ tiers: { basis, window }, earning, activities }: ProgramDocument): number {
  if (basis === 'visits') {
    return longestOf(window)
  }
  const all = Object.values(activities)
  const isOpen =
    earning.rules.some((rule) => !rule.isOff) || all.some(({ once }) => once === 'reference')
  if (basis !== 'points' || isOpen) {
    return Infinity
  }
  const days = longestOf(window)
  return all.reduce((sum, { points, once }) => sum + points * (once === 'day' ? days : 1), 0)
}

/** How many days a window has at most. */
function longestOf(window: Tiers['window']): number {
  if (window.kind === 'calendar') {
    return { month: 31, quarter: 92, year: 366 }[window.unit]
  }
  if (window.kind === 'anniversary') {
    return 366
  }
  const { months, days = 0 } = window
  if (months === undefined) {
    return days
  }
  // From the first of each month of four years, one of which is a leap year.
  const first = (month: number) => Date.UTC(2024, month, 1) / 86_400_000
  return Math.max(...Array.from({ length: 48 }, (_, i) => first(i + months) - first(i)))
}

const inRewards = ({ rewards, tiers }: ProgramDocument): Contradiction[] =>
  Object.entries(rewards).flatMap(([id, { tierPoints = {}, startsAt, endsAt }]) => [
    ...Object.keys(tierPoints)
      .filter((tier) => !tiers.levels.some((level) => level.id === tier))
      .map((tier) => at(['rewards', id, 'tierPoints', tier], 'The program has no such tier.')),
    ...(startsAt && endsAt && Date.parse(startsAt) >= Date.parse(endsAt)
      ? [at(['rewards', id, 'endsAt'], 'It ends before it begins.')]
      : []),
  ])

function inTexts({ locales, tiers, rewards }: ProgramDocument): Contradiction[] {
  const check = (text: Record<string, string>, path: PropertyKey[]) => [
    ...(Object.hasOwn(text, locales[0]!)
      ? []
      : [at([...path, locales[0]!], 'This text is missing.')]),
    ...Object.keys(text)
      .filter((locale) => !locales.includes(locale))
      .map((locale) => at([...path, locale], 'The program does not have this locale.')),
  ]
  return [
    ...tiers.levels.flatMap(({ name, benefits }, i) => [
      ...check(name, ['tiers', 'levels', i, 'name']),
      ...benefits.flatMap((each, j) => check(each, ['tiers', 'levels', i, 'benefits', j])),
    ]),
    ...Object.entries(rewards).flatMap(([id, { name }]) => check(name, ['rewards', id, 'name'])),
  ]
}

const inAdjustments = ({ adjustments: { maxPoints, keys } }: ProgramDocument): Contradiction[] =>
  Object.entries(keys).flatMap(([id, most]) =>
    maxPoints === null || most < maxPoints
      ? [
          at(
            ['adjustments', 'keys', id],
            `All keys may move ${maxPoints ?? 'any number'}; name only those that may move more.`,
          ),
        ]
      : [],
  )
