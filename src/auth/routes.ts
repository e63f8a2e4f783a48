import { Hono } from 'hono/tiny'
import * as z from 'zod/mini'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { pageOf, readCursor } from '../http/page'
import { problem } from '../http/problem'
import { page } from '../http/scalars'
import { body, query } from '../http/validate'
import { instantText } from '../program/calendar'
import type { Failure } from '../result'
import type { Caller } from './caller'
import { forgetKey } from './identify'
import { digest, lives, mintKey, newId } from './key'
import { newKey, rotation } from './schema'
import { ALL, grant, type Scope } from './scopes'
import { publicKeys } from './token'
import { findKey, insertKey, listKeys, revokeKey, rotateKey, type StoredKey } from './store'

const unknown: Failure = { code: 'not_found', detail: 'There is no such key.' }
const tooMuch: Failure = { code: 'forbidden', detail: 'A key cannot give what it may not do.' }
const stronger: Failure = { code: 'forbidden', detail: 'That key may do more than this one.' }
const twoLive: Failure = {
  code: 'limit_reached',
  detail: 'Two keys live at a time. Revoke one of the two, or wait until the older has ended.',
}

/** `/v1/keys`: the API keys of the caller's program. They end by real time, whatever the program's clock. */
export const keys = new Hono<Api>()

keys.post('/', body(newKey), async (c) => {
  const { kind, name = kind, scopes = [ALL] } = c.req.valid('json')
  if (!covers(c.get('caller'), grant(kind, scopes))) {
    return problem(c, tooMuch)
  }
  const { id: programId, mode } = c.get('program')
  const id = newId()
  const key = mintKey({ mode, kind, programId, keyId: id })
  const created = { programId, id, kind, name, scopes, hash: digest(key), createdAt: Date.now() }
  await insertKey(database(c.env, { programId }), created)
  return c.json({ key, ...view(created) }, 201)
})

keys.get('/', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const after = readCursor(cursor, z.string(), '')
  if (!after.ok) {
    return problem(c, after.failure)
  }
  const programId = c.get('program').id
  const db = database(c.env, { programId })
  const rows = await listKeys(db, programId, after.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.id)
  return c.json({ data: data.map(view), nextCursor })
})

keys.post('/:id/rotate', body(rotation), async (c) => {
  const { id: programId, mode } = c.get('program')
  const oldId = c.req.param('id')
  const db = database(c.env, { programId })
  const old = await findKey(db, programId, oldId)
  const now = Date.now()
  if (old === null || !lives(old, now)) {
    return problem(c, unknown)
  }
  if (!covers(c.get('caller'), grant(old.kind, old.scopes))) {
    return problem(c, tooMuch)
  }
  const id = newId()
  const key = mintKey({ mode, kind: old.kind, programId, keyId: id })
  const endsAt = now + c.req.valid('json').overlapSeconds * 1_000
  const next = { id, hash: digest(key), startsAt: now, endsAt }
  if (!(await rotateKey(db, programId, oldId, next))) {
    return problem(c, twoLive)
  }
  forgetKey(programId, oldId)
  return c.json({ key, ...view({ ...old, id, createdAt: now, expiresAt: null }) }, 201)
})

keys.delete('/:id', async (c) => {
  const programId = c.get('program').id
  const id = c.req.param('id')
  const db = database(c.env, { programId })
  const key = await findKey(db, programId, id)
  if (key === null) {
    return problem(c, unknown)
  }
  if (!covers(c.get('caller'), grant(key.kind, key.scopes))) {
    return problem(c, stronger)
  }
  await revokeKey(db, programId, id, Date.now())
  forgetKey(programId, id)
  return c.body(null, 204)
})

/** `/.well-known/jwks.json`: what member tokens are verified with. */
export const jwks = new Hono<Api>()

jwks.get('/', async (c) => {
  c.header('Cache-Control', 'public, max-age=300')
  return c.json(await publicKeys(c.env))
})

const covers = (caller: Caller, scopes: ReadonlySet<Scope>): boolean =>
  [...scopes].every((scope) => caller.scopes.has(scope))

type Shown = Pick<StoredKey, 'id' | 'kind' | 'name' | 'scopes' | 'createdAt'> &
  Partial<Pick<StoredKey, 'expiresAt' | 'revokedAt'>>

const view = ({ id, kind, name, scopes, createdAt, expiresAt, revokedAt }: Shown) => ({
  id,
  kind,
  name,
  scopes: [...grant(kind, scopes)],
  createdAt: instantText(createdAt),
  expiresAt: expiresAt ? instantText(expiresAt) : null,
  revokedAt: revokedAt ? instantText(revokedAt) : null,
})
