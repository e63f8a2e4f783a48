import { describe, expect, it } from 'vitest'
import { challenge, type Challenges, checkCode, type Moment, none } from '../../src/sign-in/sign-in'

const NOW = Date.parse('2027-03-01T12:00:00Z')
const MINUTE_MS = 60_000
const CODE = '123456'

const real = (now: number): Moment => ({ now, clockMs: null })
const at = (now: number, clockMs: number): Moment => ({ now, clockMs })

function sent(moment = real(NOW), before: Challenges = none, code = CODE, salt = 'salt') {
  const next = challenge(before, code, salt, moment)
  if ('notBefore' in next) {
    throw new Error(`Not before ${next.notBefore}`)
  }
  return next
}

/** Tries codes one after the other; which were right, and what is known then. */
function tryAll(challenges: Challenges, codes: string[], moment = real(NOW)) {
  let after = challenges
  const right = codes.map((code) => {
    const met = checkCode(after, code, moment)
    after = met.after
    return met.isRight
  })
  return { right, after }
}

const wrong = (times: number) => Array.from({ length: times }, () => '000000')

describe('a code', () => {
  it('is right once', () => {
    const { right, after } = tryAll(sent(), [CODE, CODE])
    expect(right).toEqual([true, false])
    expect(after).toEqual({ sentAt: [NOW], open: null })
  })

  it('may be missed four times', () => {
    expect(tryAll(sent(), [...wrong(4), CODE]).right).toEqual([false, false, false, false, true])
  })

  it('is void after five tries, the right one too', () => {
    const { right, after } = tryAll(sent(), [...wrong(5), CODE, CODE])
    expect(right).not.toContain(true)
    expect(after.open).toMatchObject({ triesLeft: 0 })
  })

  it('costs a try when it is right but too old', () => {
    const late = real(NOW + 10 * MINUTE_MS)
    const { right, after } = tryAll(sent(), [CODE], late)
    expect(right).toEqual([false])
    expect(after.open).toMatchObject({ triesLeft: 4 })
  })

  it.each([
    ['at once', real(NOW), true],
    ['in its last millisecond', real(NOW + 10 * MINUTE_MS - 1), true],
    ['after ten minutes', real(NOW + 10 * MINUTE_MS), false],
    ['after a day', real(NOW + 1_440 * MINUTE_MS), false],
  ])('of a live program is good for ten minutes: %s', (_, moment, isRight) => {
    expect(checkCode(sent(), CODE, moment).isRight).toBe(isRight)
  })

  it.each([
    ['neither has moved', 0, 0, true],
    ['the clock is in its last millisecond', 0, 10 * MINUTE_MS - 1, true],
    ['the clock moved ten minutes', 0, 10 * MINUTE_MS, false],
    ['real time moved ten minutes and the clock stands', 10 * MINUTE_MS, 0, false],
    ['both moved', 11 * MINUTE_MS, 11 * MINUTE_MS, false],
  ])('of a test program ends by both times: %s', (_, realMs, clockMs, isRight) => {
    const before = sent(at(NOW, 1_000_000))
    expect(checkCode(before, CODE, at(NOW + realMs, 1_000_000 + clockMs)).isRight).toBe(isRight)
  })

  it('of a program whose clock is set afterwards ends by real time', () => {
    expect(checkCode(sent(), CODE, at(NOW + MINUTE_MS, NOW)).isRight).toBe(true)
    expect(checkCode(sent(), CODE, at(NOW + 10 * MINUTE_MS, NOW)).isRight).toBe(false)
  })

  it('is void when another is sent, which has all its tries', () => {
    const tried = tryAll(sent(), wrong(5)).after
    const next = sent(real(NOW + 1), tried, '654321')
    expect(tryAll(next, [CODE, '654321'], real(NOW + 1)).right).toEqual([false, true])
  })

  it('is void when another was used', () => {
    const next = tryAll(sent(real(NOW), sent(), '654321'), ['654321']).after
    expect(checkCode(next, CODE, real(NOW)).isRight).toBe(false)
  })

  it('is none where none was sent', () => {
    for (const code of [CODE, '000000', '']) {
      const met = checkCode(none, code, real(NOW))
      expect(met).toEqual({ isRight: false, after: none })
      expect(met.after).toBe(none)
    }
  })

  it.each(['', '12345', '1234567', ' 123456', '١٢٣٤٥٦', '123456\0'])(
    'is not %j for 123456',
    (text) => {
      expect(checkCode(sent(), text, real(NOW)).isRight).toBe(false)
    },
  )

  it('is kept as a digest that its salt makes another each time', () => {
    const one = sent(real(NOW), none, CODE, 'salt-1')
    const two = sent(real(NOW), none, CODE, 'salt-2')
    expect(JSON.stringify([one, two])).not.toContain(CODE)
    expect(one.open!.digest).not.toBe(two.open!.digest)
    expect(one.open!.digest).toHaveLength(43)
  })
})

describe('codes for one identifier', () => {
  /** Asks for codes at these minutes; from which minute on there is one again, or true where there was. */
  const sendAt = (...minutes: number[]) => {
    let known = none
    return minutes.map((minute) => {
      const next = challenge(known, CODE, 'salt', real(NOW + minute * MINUTE_MS))
      if ('notBefore' in next) {
        return (next.notBefore - NOW) / MINUTE_MS
      }
      known = next
      return true
    })
  }

  it.each<[minutes: number[], sent: (true | number)[]]>([
    [
      [0, 0, 0, 0, 0, 0],
      [true, true, true, true, true, 60],
    ],
    [
      [0, 10, 20, 30, 40, 59],
      [true, true, true, true, true, 60],
    ],
    [
      [0, 10, 20, 30, 40, 60, 61, 70],
      [true, true, true, true, true, true, 70, true],
    ],
  ])('are five an hour: at minutes %j', (minutes, expected) => {
    expect(sendAt(...minutes)).toEqual(expected)
  })

  it('are counted by real time, whatever a clock does', () => {
    let known: Challenges = none
    for (let i = 0; i < 5; i++) {
      known = sent(at(NOW, i * 1_000 * MINUTE_MS), known)
    }
    expect(challenge(known, CODE, 'salt', at(NOW, 10_000 * MINUTE_MS))).toEqual({
      notBefore: NOW + 60 * MINUTE_MS,
    })
  })

  it('are counted though they were used', () => {
    let known: Challenges = none
    for (let i = 0; i < 5; i++) {
      known = tryAll(sent(real(NOW), known), [CODE]).after
    }
    expect(challenge(known, CODE, 'salt', real(NOW))).toEqual({ notBefore: NOW + 60 * MINUTE_MS })
  })

  it('do not pile up: what is older than an hour is forgotten', () => {
    const old = sent(real(NOW))
    expect(sent(real(NOW + 61 * MINUTE_MS), old).sentAt).toEqual([NOW + 61 * MINUTE_MS])
  })

  it('change nothing of what was known before', () => {
    const before = Object.freeze({ sentAt: Object.freeze([NOW - 1]), open: null })
    expect(sent(real(NOW), before).sentAt).toEqual([NOW - 1, NOW])
    const frozen = Object.freeze(sent())
    checkCode(frozen, '000000', real(NOW))
    expect(frozen.open!.triesLeft).toBe(5)
  })
})
