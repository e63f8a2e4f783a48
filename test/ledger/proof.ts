import { codeOf, readCode } from '../../src/ledger/coupon-code'
import type { Proof } from '../../src/ledger/coupon'
import type { TestObject } from './objects'

/** What shows that one has the code of a coupon, as the member's object made it. */
export async function proofIn(object: TestObject, seq: number): Promise<Proof> {
  const [row] = await object.sql("SELECT value ->> '$.couponKey' AS key FROM state")
  // The secret does not depend on the id, and the ids of test objects are no members'.
  const { secret } = readCode(codeOf('mp0123456789abc', row!.key as string, seq))!
  return { seq, secret }
}
