import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { database } from '../../src/db/client'
import { balanceRowOf } from '../../src/ledger/receipt'
import { writeRows } from '../../src/projection/store'
import { SQL } from '../db'
import { World } from '../ledger/world'

describe('a balance in D1', () => {
  const whose = { programId: 'store-test', memberId: 'm1' }
  const db = database(env, whose)

  it('is never replaced by an older one, in whatever order two consumers write', async () => {
    const world = new World()
    world.give(10)
    const older = { ...whose, ...balanceRowOf(world.state, { dueAt: null, version: 1 }) }
    world.give(5)
    const newer = { ...whose, ...balanceRowOf(world.state, { dueAt: null, version: 1 }) }
    for (const row of [older, newer, older]) {
      const balances = [{ ...row, after: 0, history: 0 }]
      await writeRows(db, [{ entries: [], purchases: [], undone: [], balances, erased: [] }])
    }
    const row = SQL.prepare('SELECT seq, available FROM balances WHERE program_id = ?')
    expect(await row.bind(whose.programId).first()).toEqual({ seq: 2, available: 15 })
  })

  it('takes another due instant without an entry: new rules move it', async () => {
    const world = new World()
    world.give(10)
    const member = { ...whose, memberId: 'm2' }
    const dueAt = async (due: number | null) => {
      const balance = balanceRowOf(world.state, { dueAt: due, version: 1 })
      const balances = [{ ...member, ...balance, after: 0, history: 0 }]
      await writeRows(db, [{ entries: [], purchases: [], undone: [], balances, erased: [] }])
      const row = SQL.prepare('SELECT due_at FROM balances WHERE member_id = ?')
      return row.bind(member.memberId).first('due_at')
    }
    expect(await dueAt(5)).toBe(5)
    expect(await dueAt(null)).toBe(null)
    expect(await dueAt(7)).toBe(7)
  })
})
