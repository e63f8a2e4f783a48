import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { problem } from '../http/problem'
import { body } from '../http/validate'
import { instantText } from '../program/calendar'
import { sendRebuilds } from './consumer'
import { rebuild } from './schema'
import { listRebuilds, type Progress, startRebuilds } from './store'

/** `/v1/admin/reproject`: for the holder of the root key, drops the projection and fetches it anew from the ledgers. */
export const reproject = new Hono<Api>()

reproject.get('/', async (c) => {
  const rebuilds = await listRebuilds(database(c.env, { programId: '' }))
  return c.json({ data: rebuilds.map(progressOf) })
})

reproject.post('/', body(rebuild), async (c) => {
  const { programId } = c.req.valid('json')
  const db = database(c.env, { programId: programId ?? '' })
  const rebuilds = await startRebuilds(db, programId, Date.now())
  if (programId !== undefined && rebuilds.length === 0) {
    return problem(c, { code: 'not_found', detail: 'There is no such program.' })
  }
  await sendRebuilds(c.env, rebuilds)
  return c.json({ data: rebuilds.map(progressOf) }, 202)
})

/** How far a rebuild is. Who enrolled meanwhile is rebuilt too. */
const progressOf = ({ programId, members, rebuilt, failed, startedAt, finishedAt }: Progress) => ({
  programId,
  status: finishedAt === null ? 'running' : 'done',
  members: Math.max(members, rebuilt),
  rebuilt,
  failed,
  startedAt: instantText(startedAt),
  finishedAt: finishedAt === null ? null : instantText(finishedAt),
})
