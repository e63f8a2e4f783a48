import { beforeAll, describe, expect, it } from 'vitest'
import { crc32 } from '../../src/auth/key'
import { BASE32, randomText } from '../../src/auth/random'
import { codeOf, readCode } from '../../src/ledger/coupon-code'
import { call } from '../http/api'
import { openTill, type Till } from '../pos/till'

let till: Till
let memberId: string
let code: string

beforeAll(async () => {
  till = await openTill()
  memberId = await till.member(500)
  code = await till.redeem(memberId)
})

const newKey = () => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')

/** What every call about a code answers. */
const answersTo = async (text: string) => [
  await till.coupon(text),
  await till.use(text, { orderId: 'o' }),
  await till.post(`/v1/coupons/${text}/void`),
]

/** An answer without what names this call. */
const said = ({
  json: { code, detail, errors, title },
  status,
}: {
  json: Record<string, unknown>
  status: number
}) => ({
  code,
  detail,
  errors,
  title,
  status,
})

/** A code with right check characters and a secret that was made up. */
const madeUp = (id: string, seq: number): string => codeOf(id, newKey(), seq)

describe('a code that was guessed', () => {
  it.each<[string, () => string]>([
    ['of the right member and redemption, with a wrong secret', () => madeUp(memberId, 2)],
    ['of the right member, of a redemption that there is not', () => madeUp(memberId, 99)],
    ['of the right member, of an entry that is none', () => madeUp(memberId, 1)],
    ['of a member that there is not', () => madeUp('mp0000000000000', 2)],
    ['of a member in no region', () => madeUp('mz0000000000000', 2)],
    ['with wrong check characters', () => code.replace(/.$/, (last) => (last === '0' ? '2' : '0'))],
    ['that is too short', () => code.slice(0, 20)],
    ['that is none', () => 'coupon'],
    ['that is a path', () => '..%2F..%2Fmembers'],
    ['that is very long', () => '0'.repeat(2_000)],
  ])('opens nothing, and is told nothing apart: one %s', async (_, guess) => {
    const before = await till.kinds(memberId)
    const nothing = await answersTo('none')
    const answers = await answersTo(guess())
    expect(answers.map(said)).toEqual(nothing.map(said))
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(answers.map(({ text }) => text).join()).not.toContain(memberId)
    expect(await till.kinds(memberId)).toEqual(before)
  })

  it('a thousand times opens nothing', async () => {
    const guesses = Array.from({ length: 1_000 }, () => {
      const body = memberId.slice(1) + randomText(BASE32, 16) + '2'
      const check = crc32(body) % 1024
      return body + BASE32[check >> 5] + BASE32[check % 32]
    })
    expect(guesses.every((guess) => readCode(guess)?.memberId === memberId)).toBe(true)
    for (let i = 0; i < guesses.length; i += 50) {
      const some = guesses.slice(i, i + 50)
      const answers = await Promise.all(some.map((guess) => till.use(guess)))
      expect(answers.every(({ status }) => status === 404)).toBe(true)
    }
    expect(await till.kinds(memberId)).toEqual(['adjust', 'redeem'])
    expect((await till.coupon(code)).json.status).toBe('open')
  })

  it('at a till pays nothing, though the member is right', async () => {
    const coupon = madeUp(memberId, 2)
    const sale = await till.sell({ memberId }, 'o', { redeem: { coupon } })
    expect([sale.status, sale.json.code]).toEqual([404, 'not_found'])
    expect(await till.kinds(memberId)).toEqual(['adjust', 'redeem'])
  })
})

describe('a code at another program', () => {
  it('opens nothing there, and stays good here', async () => {
    const foreign = await openTill()
    for (const ask of [foreign.coupon, foreign.use]) {
      const answer = await ask(code)
      expect(said(answer)).toEqual(said(await foreign.coupon('none')))
    }
    const sale = await foreign.sell({ memberId }, 'o', { redeem: { coupon: code } })
    expect(sale.status).toBe(404)
    const own = await foreign.member(10)
    const tried = await foreign.sell({ memberId: own }, 'o', { redeem: { coupon: code } })
    expect(tried.status).toBe(404)
    expect((await till.coupon(code)).json.status).toBe('open')
  })
})

describe('a code as it is typed', () => {
  it.each<[string, (text: string) => string]>([
    ['in small letters', (text) => text.toLowerCase()],
    ['without hyphens', (text) => text.replaceAll('-', '')],
    ['with look-alikes', (text) => text.replaceAll('0', 'O').replaceAll('1', 'l')],
    ['with blanks', (text) => encodeURIComponent(text.replaceAll('-', ' '))],
  ])('is the same %s', async (_, type) => {
    const answer = await till.coupon(type(code))
    expect(answer).toMatchObject({ status: 200, json: { code, memberId } })
  })

  it('is replayed to its key only as it was typed', async () => {
    const typed = await till.redeem(memberId)
    const first = await till.use(typed, { orderId: 'typed' }, 'typed')
    expect(first.status).toBe(201)
    const again = await till.use(typed.toLowerCase(), { orderId: 'typed' }, 'another')
    expect(again.text).toBe(first.text)
  })
})

describe('a coupon of who has left', () => {
  it('is gone with the member', async () => {
    const leaver = await till.member(500)
    const left = await till.redeem(leaver)
    await call('DELETE', `/v1/members/${leaver}`, { key: till.shop.key })
    for (const answer of await answersTo(left)) {
      expect([answer.status, answer.json.code]).toEqual([410, 'member_gone'])
    }
  })
})
