import { env } from 'cloudflare:workers'
import { describe, expect, inject, it } from 'vitest'
import { onLibsql, SQL } from './db'

describe('the test runner', () => {
  it('runs in workerd with the migrated database', async () => {
    expect(navigator.userAgent).toBe('Cloudflare-Workers')
    const members = SQL.prepare('SELECT * FROM members WHERE program_id = ?').bind('nobody')
    expect((await members.run()).results).toEqual([])
  })

  it('has one database: beside libSQL, D1 has no tables', async () => {
    const { results } = await env.DB.prepare(
      "SELECT name FROM sqlite_master WHERE name = 'members'",
    ).run()
    expect(results).toHaveLength(onLibsql ? 0 : 1)
  })

  it('gives the figures from outside, where they exist', () => {
    expect(typeof inject('shared')).toBe('object')
  })
})
