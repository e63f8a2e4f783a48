import { expect, it } from 'vitest'
import { countingRows, onLibsql } from '../db'
import { openAccount, payment } from './account'

it.skipIf(onLibsql)('the rows that each event of a payment writes in D1', async () => {
  const account = await openAccount()
  const memberId = await account.shop.enrol()
  const told = payment('1', { metadata: { memberId } })
  const rows: Record<string, number> = {}
  const count = async (name: string, each: ReturnType<typeof told.intent>) => {
    const { counted, DB } = countingRows()
    account.bindings = { DB }
    await account.tell(each)
    rows[name] = counted.rows
  }
  const intent = told.intent()
  await count('intent', intent)
  await count('intent again', intent)
  await count('charge', told.charge())
  await count('refund', told.refunded(5000, 1))
  await count('dispute', told.dispute('created', 'needs_response', 2))
  await count('of nobody', payment('2').intent())
  await count('of no interest', { ...told.intent(), type: 'payment_intent.created' })
  expect(rows).toEqual({
    intent: 14,
    'intent again': 0,
    charge: 5,
    refund: 7,
    dispute: 7,
    'of nobody': 9,
    'of no interest': 4,
  })
})
