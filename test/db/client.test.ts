import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Database, database, isConflict } from '../../src/db/client'
import { totals } from '../../src/db/tables'

const fresh = () => ({
  programId: crypto.randomUUID(),
  month: '2026-11',
  figure: 'issued' as const,
  points: 1,
})

describe('the database', () => {
  const db: Database = database(env, { programId: '' })
  const caught = (work: PromiseLike<unknown>) =>
    Promise.resolve(work).then(
      () => null,
      (error: unknown) => error,
    )
  const pointsOf = async (programId: string) =>
    (await db.select().from(totals)).filter((row) => row.programId === programId)

  it('tells what is there already from what is wrong', async () => {
    const row = fresh()
    expect(isConflict(await caught(db.insert(totals).values(row)))).toBe(false)
    const again = db.insert(totals).values(row)
    expect(isConflict(await caught(again))).toBe(true)
    expect(isConflict(await caught(db.batch([again])))).toBe(true)
    const wrong = db.insert(totals).values({ ...row, points: null as unknown as number })
    expect(await caught(wrong)).toBeInstanceOf(Error)
    expect(isConflict(await caught(wrong))).toBe(false)
  })

  it('writes all of a batch or nothing', async () => {
    const [one, other] = [fresh(), fresh()]
    await db.insert(totals).values(other)
    const both = db.batch([db.insert(totals).values(one), db.insert(totals).values(other)])
    expect(isConflict(await caught(both))).toBe(true)
    expect(await pointsOf(one.programId)).toEqual([])
  })

  it('answers a batch in its order, each as it would be answered alone', async () => {
    const row = { ...fresh(), points: Number.MAX_SAFE_INTEGER }
    const read = db.select().from(totals)
    const insert = db.insert(totals).values(row).returning({ points: totals.points })
    const [added, rows] = await db.batch([insert, read])
    expect(added).toEqual([{ points: row.points }])
    expect(rows).toContainEqual(row)
    expect(rows).toEqual(await read)
  })
})
