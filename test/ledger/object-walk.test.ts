import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/ledger/decide'
import { readEntries } from '../../src/ledger/entries'
import type { Entry } from '../../src/ledger/ledger'
import { load } from '../../src/ledger/store'
import type { Program } from '../../src/program/program'
import { newObject, type TestObject } from './objects'
import { rules } from './model-rules'
import { proofIn } from './proof'
import { pairOf } from './step'
import { step } from './steps'
import { actor, NOON, World } from './world'

const RUNS = 30

type Told = { now: number; program: Program; command: Command }

const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' })

/** A command with the codes of the coupons that it names, as the object made them: in a walk they are left out. */
async function withCodes(object: TestObject, command: Command): Promise<Command> {
  if (command.type === 'useCoupon' || command.type === 'voidCoupon') {
    return { ...command, ...(await proofIn(object, command.seq)) }
  }
  return command.type === 'sale' && command.payment && 'seq' in command.payment
    ? { ...command, payment: await proofIn(object, command.payment.seq) }
    : command
}

const byAnybody = (entries: readonly Entry[]) =>
  entries.map((entry) => ({ ...entry, actor: entry.actor && actor }))

describe('a random walk through the real object', () => {
  it('leaves the entries, lots and state that the rules alone leave, evicted or not', async () => {
    const walk = fc.asyncProperty(
      rules,
      steps,
      fc.infiniteStream(fc.nat(9)),
      async (some, each, dice) => {
        const told: Told[] = []
        const pair = pairOf(some)
        const tell = pair.world.do.bind(pair.world)
        pair.world.do = (command) => {
          told.push({
            now: pair.world.now,
            program: { ...pair.world.program, clockMs: NOON },
            command: JSON.parse(JSON.stringify(command)) as Command,
          })
          return tell(command)
        }
        for (const one of each) {
          one(pair)
        }
        const [start] = told
        if (!start) {
          return
        }
        const world = new World(start.program)
        const object = await newObject(start.program)
        for (const { now, program, command } of told) {
          world.now = now
          world.program = program
          object.program = program
          object.at(now)
          const done = world.do(command)
          const { result } = await object.send(await withCodes(object, command))
          const code = result.ok ? null : result.failure.code
          // Whether what was booked before had the same content only the object asks.
          const isOther = done.first !== null && code === 'already_exists'
          expect(code).toBe(isOther ? code : done.code)
          if (dice.next().value === 0) {
            await evictDurableObject(object.stub)
          }
        }
        await runInDurableObject(object.stub, (_, { storage: { sql } }) => {
          expect(byAnybody(readEntries(sql, 0, 10_000))).toEqual(byAnybody(world.entries))
          expect(load(sql)!.state).toEqual(world.state)
        })
      },
    )
    await fc.assert(walk, { numRuns: RUNS })
  })
})
