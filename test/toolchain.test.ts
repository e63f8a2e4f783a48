import { env } from 'cloudflare:workers'
import { describe, expect, inject, it } from 'vitest'

describe('the test runner', () => {
  it('runs in workerd with the migrated database', async () => {
    expect(navigator.userAgent).toBe('Cloudflare-Workers')
    const { results } = await env.DB.prepare('SELECT * FROM members').run()
    expect(results).toEqual([])
  })

  it('gives the figures from outside, where they exist', () => {
    expect(typeof inject('shared')).toBe('object')
  })
})
