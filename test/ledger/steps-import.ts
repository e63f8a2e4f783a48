import fc from 'fast-check'
import { basket, bought, index, named, type Pair, pick, points, refundId, run } from './step'
import { DAY_MS } from './world'

// Steps of imports: several rows under one id, and all of them taken back.

const row = fc.oneof(
  fc.record({ type: fc.constant('purchase' as const), basket }),
  fc.record({
    type: fc.constant('refund' as const),
    index,
    refundId,
    amount: fc.constantFrom(500, 1_999, 9_000),
  }),
  fc.record({
    type: fc.constant('balance' as const),
    points,
    lives: fc.constantFrom(undefined, 15 * DAY_MS, 50 * DAY_MS),
  }),
)
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never

/** Books a row for both. */
function book(pair: Pair, id: string, row: Row): [string, string] {
  const { world, model } = pair
  if (row.type === 'purchase') {
    // An import knows no day that is too long ago; the model does.
    const daysAgo = Math.min(row.basket.daysAgo, 300)
    const { request, told } = bought({ ...row.basket, daysAgo }, world.now)
    const came = model.purchase(...told, null)
    if (came === 'done') {
      model.imported(id, 'purchase', request.orderId, 0)
    }
    const channel = 'import' as const
    return [run(pair, { type: 'purchase', request: { ...request, channel } }, id), came]
  }
  if (row.type === 'refund') {
    const { refundId, amount } = row
    const orderId = pick(model.orders, row.index)?.id ?? 'unknown'
    const came = model.refund(orderId, refundId, amount, [])
    if (came === 'done') {
      model.imported(id, 'refund', orderId, 0)
    }
    return [run(pair, { type: 'refund', request: { orderId, refundId, amount } }, id), came]
  }
  const expiresAt = row.lives === undefined ? undefined : world.now + row.lives
  const came = model.adjust(row.points, false, expiresAt)
  if (came === 'done') {
    model.imported(id, 'balance', '', row.points)
  }
  const request = { points: row.points, reason: 'because', allowDebt: false, expiresAt }
  return [run(pair, { type: 'adjust', request }, id), came]
}

export const imported = named('imported', fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
  return (pair) => {
    const id = `import-${pair.world.entries.length}`
    const came = rows.map((each) => book(pair, id, each))
    return [came.map(([ledger]) => ledger).join(), came.map(([, model]) => model).join()]
  }
})

const undoImport = named('undoImport', index, (index) => {
  return (pair) => {
    const importId = pick([...pair.model.imports.keys()], index) ?? 'unknown'
    return [run(pair, { type: 'undoImport', importId }, importId), pair.model.undoImport(importId)]
  }
})

export const importStep = fc.oneof(
  { weight: 5, arbitrary: imported },
  { weight: 3, arbitrary: undoImport },
)
