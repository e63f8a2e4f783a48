// npm run bench: what an award takes, as a ratio to a bare Durable Object that writes as many rows, in one run.
import { serve } from './server.ts'

const ROUNDS = 5
const CALLS = 400

const { award, increment, stop } = await serve()

/** Microseconds a call, one after the other. */
const timed = async (work: () => Promise<unknown>, calls: number) => {
  const startedAt = performance.now()
  for (let i = 0; i < calls; i++) {
    await work()
  }
  return ((performance.now() - startedAt) / calls) * 1_000
}

const median = (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1]!

await timed(award, CALLS)
await timed(increment, CALLS)
const [awards, increments]: [number[], number[]] = [[], []]
for (let round = 0; round < ROUNDS; round++) {
  awards.push(await timed(award, CALLS))
  increments.push(await timed(increment, CALLS))
}
const [one, other] = [median(awards), median(increments)]
console.log(`award      ${one.toFixed(0)} µs`)
console.log(`increment  ${other.toFixed(0)} µs`)
console.log(`ratio      ${(one / other).toFixed(2)}`)
await stop()
