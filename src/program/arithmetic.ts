import type { Rounding } from './document'

/** a × b ÷ c in whole numbers, exact for any safe integers. `a`, `b` ≥ 0, `c` > 0. */
export function mulDiv(a: number, b: number, c: number, rounding: Rounding = 'floor'): number {
  const product = BigInt(a) * BigInt(b)
  const divisor = BigInt(c)
  if (rounding === 'ceil') {
    return Number((product + divisor - 1n) / divisor)
  }
  if (rounding === 'half-up') {
    return Number((2n * product + divisor) / (2n * divisor))
  }
  return Number(product / divisor)
}

/**
 * Splits `amount` in proportion to `weights`, in whole numbers that add up to it: what flooring leaves
 * over goes to the largest remainders, the earlier first. No share exceeds its weight while `amount` ≤ their sum.
 */
export function prorate(amount: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + BigInt(b), 0n)
  if (sum === 0n) {
    return weights.map(() => 0)
  }
  const products = weights.map((weight) => BigInt(amount) * BigInt(weight))
  const shares = products.map((product) => Number(product / sum))
  let left = amount - shares.reduce((a, b) => a + b, 0)
  const byRemainder = products
    .map((product, i) => ({ i, remainder: product % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.i - b.i : a.remainder < b.remainder ? 1 : -1))
  for (const { i } of byRemainder) {
    if (left === 0) {
      break
    }
    shares[i] = shares[i]! + 1
    left -= 1
  }
  return shares
}
