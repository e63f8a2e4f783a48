import { describe, expect, it } from 'vitest'
import { programOf, World } from './world'

/** Brings what a source has refunded of the order to a sum of whole units, step by step; answers how many there were. */
function bring(world: World, amount: number, source = 'stripe:pi_1', currency = 'CNY'): number {
  for (let steps = 0; ; steps++) {
    const command = { orderId: 'o', source, amount: amount * 100, currency }
    const { code, entries } = world.do({ type: 'refundTo', ...command })
    expect(code).toBe(null)
    if (entries.length === 0) {
      return steps
    }
  }
}

const opened = (): World => {
  const world = new World()
  world.buy('o', 100)
  return world
}

describe('refundTo', () => {
  it('books what is missing to a sum, and nothing once it is reached', () => {
    const world = opened()
    expect([bring(world, 20), world.balance]).toEqual([1, 80])
    expect([bring(world, 50), world.balance]).toEqual([1, 50])
    expect([bring(world, 50), world.balance]).toEqual([0, 50])
    const refunds = world.entries.filter(({ kind }) => kind === 'clawback')
    expect(refunds.map(({ reference }) => reference)).toEqual(['stripe:pi_1#1', 'stripe:pi_1#2'])
  })

  it('undoes what is too much, the last first, and books again what is still gone', () => {
    const world = opened()
    bring(world, 20)
    bring(world, 50)
    expect([bring(world, 20), world.balance]).toEqual([1, 80])
    expect([bring(world, 5), world.balance]).toEqual([2, 95])
    expect([bring(world, 0), world.balance]).toEqual([1, 100])
    expect([bring(world, 100), world.balance]).toEqual([1, 0])
    const names = world.entries.flatMap((each) => (each.detail.refund ? [each.reference] : []))
    expect(new Set(names).size).toBe(names.length)
  })

  it('leaves alone what others refunded, and takes no more than there is', () => {
    const world = opened()
    world.refund('o', 'till', 60)
    bring(world, 30, 'stripe:pi_10')
    expect([bring(world, 50), world.balance]).toEqual([1, 0])
    expect([bring(world, 50), world.balance]).toEqual([0, 0])
    bring(world, 0)
    expect(world.balance).toBe(10)
    bring(world, 0, 'stripe:pi_10')
    expect(world.balance).toBe(40)
  })

  it('is refused for an order that is not there, or that is in another currency', () => {
    const gone = {
      type: 'refundTo',
      orderId: 'o',
      source: 's',
      amount: 100,
      currency: 'USD',
    } as const
    expect(new World().do(gone).code).toBe('not_found')
    expect(opened().do(gone).code).toBe('validation_failed')
    const abroad = new World(programOf({ currencies: { USD: { rate: '7' } } }))
    abroad.do({
      type: 'purchase',
      request: { orderId: 'o', currency: 'USD', total: 1000, lines: [], channel: 'web' },
    })
    expect(abroad.do(gone).code).toBe(null)
    expect(abroad.do({ ...gone, currency: 'CNY' }).code).toBe('validation_failed')
  })
})
