import { env } from 'cloudflare:workers'
import { type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { cardToken } from '../../src/cards/card'
import { signToken } from '../../src/auth/token'
import { tally } from '../http/api'
import { openTill, type Till } from './till'

let till: Till
let member: string

beforeAll(async () => {
  till = await openTill()
  member = await till.member(100)
})

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString())

/** A good card's token, taken apart. */
async function parts(): Promise<[header: object, claims: object, signature: string]> {
  const [header, claims, signature] = (await till.card(member)).split('.')
  return [decode(header!), decode(claims!), signature!]
}

/** A good card's token with something of it changed, under its old signature. */
const tampered = async (header: object, claims: object) => {
  const [is, says, signature] = await parts()
  return `${encode({ ...is, ...header })}.${encode({ ...says, ...claims })}.${signature}`
}

const other = async () => till.member(100)

/** What a good card says, signed in another way. */
async function signed(
  key: CryptoKey | Uint8Array,
  { header = {}, claims = {} }: { header?: object; claims?: object } = {},
): Promise<string> {
  const [is, says] = await parts()
  const protectedHeader = { ...is, ...header } as { alg: string }
  return new SignJWT({ ...says, ...claims }).setProtectedHeader(protectedHeader).sign(key)
}

const newKey = async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  return pair.privateKey
}

const publicKey = (): JWK => {
  const { keys } = JSON.parse(env.TOKEN_KEYS) as { keys: JWK[] }
  const { d: _, ...open } = keys[0]!
  return open
}

const forged: [string, () => Promise<string>][] = [
  ['is no token', () => Promise.resolve('abc')],
  ['is empty', () => Promise.resolve(' ')],
  ['has dots alone', () => Promise.resolve('..')],
  ['has blanks around it', async () => ` ${await till.card(member)}`],
  ['is cut off', async () => (await till.card(member)).slice(0, -2)],
  ['has no signature', async () => `${(await till.card(member)).replace(/\.[^.]*$/, '')}.`],
  ['is of no algorithm', async () => tampered({ alg: 'none' }, {})],
  [
    'is of no algorithm, unsigned',
    async () => (await tampered({ alg: 'none' }, {})).replace(/[^.]*$/, ''),
  ],
  ['names another member', async () => tampered({}, { sub: await other() })],
  ['lives longer', async () => tampered({}, { exp: 4_000_000_000 })],
  ['has another name', async () => tampered({}, { jti: 'another' })],
  ['is signed by another key of that name', async () => signed(await newKey())],
  [
    'is signed by a key of its own',
    async () => signed(await newKey(), { header: { kid: 'mine' } }),
  ],
  [
    'brings its key along',
    async () => signed(await newKey(), { header: { jwk: publicKey(), kid: undefined } }),
  ],
  [
    'is signed with the public key as a secret',
    async () =>
      signed(new TextEncoder().encode(JSON.stringify(publicKey())), { header: { alg: 'HS256' } }),
  ],
  ['is a member’s access token', async () => till.token(member)],
  [
    'is of another type',
    async () => {
      const claims = { aud: till.shop.id, sub: member, jti: 'x' }
      return signToken(env, 'at+jwt', claims, { ttlSeconds: 60, now: Date.now() })
    },
  ],
  [
    'is of another program',
    async () => cardToken(env, { programId: 'other', memberId: member, epoch: 0, now: Date.now() }),
  ],
  [
    'is of several programs',
    async () => {
      const claims = { aud: [till.shop.id, 'x'] as never, sub: member, jti: 'x' }
      return signToken(env, 'card+jwt', claims, { ttlSeconds: 60, now: Date.now() })
    },
  ],
  [
    'has no name',
    async () => {
      const claims = { aud: till.shop.id, sub: member, jti: '' }
      return signToken(env, 'card+jwt', claims, { ttlSeconds: 60, now: Date.now() })
    },
  ],
  ['is a card’s number with a wrong digit', () => Promise.resolve('2000000000001')],
]

describe('a code that was made up', () => {
  it.each(forged)('is refused, and tells nothing: it %s', async (_, forge) => {
    const card = await forge()
    const before = await till.kinds(member)
    for (const answer of [await till.sell({ card }, 'forged'), await till.look({ card })]) {
      expect([answer.status, answer.json.code]).toEqual([400, 'validation_failed'])
      expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
        '#/card',
      ])
      expect(answer.text).not.toContain(member)
    }
    expect(await till.kinds(member)).toEqual(before)
  })

  it('for a member that there is not finds nobody', async () => {
    for (const memberId of ['mp0000000000000', 'x', '__proto__']) {
      const card = await cardToken(env, {
        programId: till.shop.id,
        memberId,
        epoch: 0,
        now: Date.now(),
      })
      expect((await till.sell({ card }, 'nobody')).status).toBe(404)
    }
  })
})

describe('a card of another shop', () => {
  it('is refused, though both are served here', async () => {
    const foreign = await openTill()
    const card = await foreign.card(await foreign.member(100))
    expect((await till.sell({ card }, 'foreign')).status).toBe(400)
    expect((await foreign.sell({ card }, 'own')).status).toBe(201)
  })

  it('does not work by its number, its phone or its id either', async () => {
    const foreign = await openTill()
    const memberId = await foreign.member(100, { phone: '+8613800138123' })
    const { json } = await foreign.shop.get(`/v1/members/${memberId}`)
    for (const who of [{ card: json.cardNumber }, { phone: json.phone }, { memberId }]) {
      expect((await till.sell(who, 'foreign')).status).toBe(404)
    }
  })
})

describe('a picture of a card', () => {
  it('is refused when it is over, and when it was used', async () => {
    const programId = till.shop.id
    const old = await cardToken(env, {
      programId,
      memberId: member,
      epoch: 0,
      now: Date.now() - 61_000,
    })
    expect(await till.sell({ card: old }, 'old')).toMatchObject({
      status: 409,
      json: { code: 'card_refused' },
    })
    const card = await till.card(member)
    expect((await till.sell({ card }, 'first')).status).toBe(201)
    expect((await till.sell({ card }, 'second')).json.code).toBe('card_refused')
  })

  it('at two tills at once is good at one', async () => {
    const card = await till.card(member)
    const sales = Array.from({ length: 10 }, (_, i) => till.sell({ card }, `at-once-${i}`))
    const answers = await Promise.all(sales)
    expect(tally(answers)).toEqual({ 201: 1, 409: 9 })
    expect(new Set(answers.map(({ json }) => json.code))).toEqual(
      new Set([undefined, 'card_refused']),
    )
  })

  it('is the same card however its signature is written', async () => {
    const card = await till.card(member)
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // The last character carries two bits that mean nothing.
    const last = letters.indexOf(card.at(-1)!)
    const twins = [1, 2, 3].map((bits) => card.slice(0, -1) + letters[last ^ bits])
    expect((await till.sell({ card }, 'malleable')).status).toBe(201)
    for (const twin of twins) {
      expect((await till.sell({ card: twin }, 'malleable-2')).status).toBeGreaterThanOrEqual(400)
    }
  })

  it('whose sale was booked is answered that sale alone', async () => {
    const card = await till.card(member)
    const first = await till.sell({ card }, 'mine', { key: 'mine' })
    const again = await till.sell({ card }, 'mine', { key: 'mine' })
    expect(again.text).toBe(first.text)
    const kinds = await till.kinds(member)
    const spent = await till.sell({ card }, 'mine', { redeem: { points: 1 } })
    expect([spent.status, await till.kinds(member)]).toEqual([409, kinds])
  })
})
