import { beforeAll, describe, expect, it } from 'vitest'
import { command, mine, openStorefront, type Storefront, type Tokens } from './storefront'

let store: Storefront
let tokens: Tokens

beforeAll(async () => {
  store = await openStorefront()
  tokens = await store.newcomer()
  await store.buy(tokens.memberId, 'o1', 300)
  await command(tokens, '/redemptions', { rewardId: 'gift' })
  await store.post(tokens.memberId, 'freeze', { reason: 'lost card' })
})

const frozen = { status: 409, json: { code: 'member_frozen' } }

describe('a member who is frozen', () => {
  it.each(['', '/balance', '/tier', '/entries', '/rewards', '/coupons', '/export'])(
    'sees what there is: /me%s',
    async (path) => {
      expect((await mine(tokens, 'GET', path)).status).toBe(200)
    },
  )

  it('sees that, and that nothing can be had', async () => {
    expect((await mine(tokens, 'GET', '/card')).json.isFrozen).toBe(true)
    const { data } = (await mine(tokens, 'GET', '/rewards')).json
    expect(data.map(({ isAvailable }: { isAvailable: boolean }) => isAvailable)).not.toContain(true)
    expect(data.map(({ isAffordable }: { isAffordable: boolean }) => isAffordable)).not.toContain(
      true,
    )
  })

  it('cannot redeem, nor report anything', async () => {
    const before = (await mine(tokens, 'GET', '/balance')).json
    expect(await command(tokens, '/redemptions', { rewardId: 'gift' })).toMatchObject(frozen)
    expect(await command(tokens, '/activities', { type: 'check-in' })).toMatchObject(frozen)
    expect((await mine(tokens, 'GET', '/balance')).json).toEqual(before)
  })

  it('meets a refusal again under its key, and can go on under a new one when that is over', async () => {
    const own = await store.newcomer()
    await store.buy(own.memberId, 'o1', 100)
    await store.post(own.memberId, 'freeze')
    const redeem = (key: string) => command(own, '/redemptions', { rewardId: 'gift' }, key)
    expect(await redeem('one')).toMatchObject(frozen)
    await store.post(own.memberId, 'unfreeze')
    expect(await redeem('one')).toMatchObject(frozen)
    expect((await redeem('two')).status).toBe(201)
  })

  it('still earns by what the shop books, signs in and out, and can leave', async () => {
    const own = await store.newcomer()
    await store.post(own.memberId, 'freeze')
    expect((await store.buy(own.memberId, 'o1', 100)).status).toBe(201)
    const again = await store.tokensFor(own.memberId)
    expect((await store.refresh(again.refreshToken)).status).toBe(200)
    expect((await mine(own, 'POST', '/sign-out', { body: {} })).status).toBe(204)
    expect((await mine(again, 'DELETE')).status).toBe(204)
  })
})
