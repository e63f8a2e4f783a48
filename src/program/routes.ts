import { Hono } from 'hono'
import { digest, mintKey, newId } from '../auth/key'
import { ALL } from '../auth/scopes'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { body } from '../http/validate'
import { newProgram } from './schema'
import { createProgram } from './store'

/** `/v1/programs`: for the holder of the root key. */
export const programs = new Hono<Api>()

programs.post('/', body(newProgram), async (c) => {
  const input = c.req.valid('json')
  const id = newId()
  const keyId = newId()
  const key = mintKey({ mode: input.mode, kind: 'secret', programId: id, keyId })
  const createdAt = Date.now()
  await createProgram(
    database(c.env, { programId: id }),
    { ...input, id, version: 1, createdAt },
    {
      programId: id,
      id: keyId,
      kind: 'secret',
      name: 'first',
      scopes: [ALL],
      hash: digest(key),
      createdAt,
    },
  )
  return c.json({ id, key }, 201)
})
