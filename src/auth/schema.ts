import * as z from 'zod/mini'
import { list, text, whole } from '../http/scalars'
import { kinds } from './key'
import { scopesOf } from './scopes'

/** A key to make. Without `scopes` it may do all that its kind may. */
export const newKey = z
  .strictObject({
    kind: z.enum(kinds),
    name: z.optional(text(100)),
    scopes: z.optional(list(z.string(), 100)),
  })
  .check(({ value, issues }) => {
    const allowed: readonly string[] = scopesOf[value.kind]
    for (const [i, scope] of (value.scopes ?? []).entries()) {
      if (!allowed.includes(scope)) {
        const message = `A ${value.kind} key may have: ${allowed.join(', ') || 'no scope yet'}.`
        issues.push({ code: 'custom', input: scope, path: ['scopes', i], message })
      }
    }
  })

/** How long the old key still works beside the new one, at most 30 days. */
export const rotation = z.strictObject({
  overlapSeconds: z._default(whole(0, 30 * 86_400), 86_400),
})
