import type { KeyKind } from './key'

/**
 * Who may call each route: anyone, the root key alone, or who has the scope; `me` is what a signed-in member has.
 * A route that is not here is refused.
 */
export const access = {
  'GET /healthz': 'open',
  'GET /demo': 'open',
  'GET /.well-known/jwks.json': 'open',
  'POST /v1/programs': 'root',
  'POST /v1/programs/:id/projection': 'root',
  'GET /v1/program': 'program:read',
  'PUT /v1/program': 'program:write',
  'GET /v1/program/versions': 'program:read',
  'GET /v1/program/versions/:version': 'program:read',
  'GET /v1/program/totals': 'totals:read',
  'GET /v1/test-clock': 'clock:read',
  'POST /v1/test-clock': 'clock:write',
  'GET /v1/keys': 'keys:read',
  'POST /v1/keys': 'keys:write',
  'POST /v1/keys/:id/rotate': 'keys:write',
  'DELETE /v1/keys/:id': 'keys:write',
  'POST /v1/members': 'members:enrol',
  'GET /v1/members': 'members:read',
  'GET /v1/members/:id': 'members:read',
  'PATCH /v1/members/:id': 'members:write',
  'DELETE /v1/members/:id': 'members:erase',
  'POST /v1/members/:id/tokens': 'tokens:write',
  'POST /v1/members/:id/card': 'cards:write',
  'POST /v1/members/:id/freeze': 'cards:write',
  'POST /v1/members/:id/unfreeze': 'members:write',
  'POST /v1/members/:id/purchases': 'purchases:write',
  'POST /v1/members/:id/refunds': 'refunds:write',
  'POST /v1/members/:id/refunds/:refundId/reversal': 'refunds:write',
  'POST /v1/members/:id/holds': 'holds:write',
  'POST /v1/members/:id/holds/:holdId/capture': 'holds:write',
  'POST /v1/members/:id/holds/:holdId/release': 'holds:write',
  'POST /v1/members/:id/redemptions': 'redemptions:write',
  'POST /v1/members/:id/redemptions/:redemptionId/reversal': 'redemptions:write',
  'POST /v1/members/:id/adjustments': 'adjustments:write',
  'POST /v1/members/:id/activities': 'activities:write',
  'GET /v1/members/:id/balance': 'balances:read',
  'GET /v1/members/:id/tier': 'balances:read',
  'GET /v1/members/:id/statement': 'statements:read',
  'GET /v1/members/:id/entries': 'entries:read',
  'GET /v1/members/:id/entries/:seq': 'entries:read',
  'POST /v1/pos/cards': 'cards:read',
  'POST /v1/pos/sales': 'sales:write',
  'POST /v1/pos/voids': 'sales:write',
  'GET /v1/coupons/:code': 'coupons:read',
  'POST /v1/coupons/:code/use': 'coupons:write',
  'POST /v1/coupons/:code/void': 'coupons:write',
  'GET /v1/outbox': 'outbox:read',
  'POST /v1/refunds': 'refunds:write',
  'GET /v1/purchases/:orderId': 'purchases:read',
  'GET /v1/entries': 'feed:read',
  'GET /v1/health': 'health:read',
  'POST /me/sign-in': 'sign-in',
  'POST /me/sign-in/verify': 'sign-in',
  'POST /me/tokens': 'sign-in',
  'GET /me': 'me',
  'PATCH /me': 'me',
  'DELETE /me': 'me',
  'GET /me/card': 'me',
  'GET /me/balance': 'me',
  'GET /me/tier': 'me',
  'GET /me/entries': 'me',
  'GET /me/entries/:seq': 'me',
  'GET /me/rewards': 'me',
  'POST /me/redemptions': 'me',
  'GET /me/coupons': 'me',
  'POST /me/activities': 'me',
  'POST /me/sign-out': 'me',
  'GET /me/export': 'me',
} as const

export type Access = (typeof access)[keyof typeof access]

/** `members:list` has no route of its own: it lets `GET /v1/members` go without an identity. */
export type Scope = Exclude<Access, 'open' | 'root'> | 'members:list'

const till: Scope[] = [
  'members:enrol',
  'members:read',
  'purchases:write',
  'purchases:read',
  'refunds:write',
  'holds:write',
  'redemptions:write',
  'activities:write',
  'balances:read',
  'entries:read',
  'cards:read',
  'cards:write',
  'sales:write',
  'coupons:read',
  'coupons:write',
]

/** The scopes that a key of each kind may have. */
export const scopesOf: Record<KeyKind, readonly Scope[]> = {
  secret: [
    ...till,
    'members:list',
    'members:write',
    'adjustments:write',
    'feed:read',
    'health:read',
    'keys:read',
    'keys:write',
    'program:read',
    'program:write',
    'totals:read',
    'statements:read',
    'clock:read',
    'clock:write',
    'members:erase',
    'tokens:write',
    'outbox:read',
    'sign-in',
  ],
  pos: till,
  publishable: ['sign-in'],
}

/** Stored for a key that was not narrowed: all scopes of its kind, those of later versions too. */
export const ALL = '*'

/** What a key may do, from what is stored for it. */
export const grant = (kind: KeyKind, stored: readonly string[]): ReadonlySet<Scope> =>
  new Set(scopesOf[kind].filter((scope) => stored.includes(ALL) || stored.includes(scope)))
