import { Hono } from 'hono/tiny'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { readCursor, writeCursor } from '../http/page'
import { problem } from '../http/problem'
import { query } from '../http/validate'
import { findProgram } from '../program/store'
import { cursor, readPage, start } from './export'
import { addLines } from './restore'
import { place } from './schema'

const NDJSON = 'application/x-ndjson'

/** `/v1/programs/:id/backup`: everything of a program, for the holder of the root key, as lines of JSON. */
export const backup = new Hono<Api>()

backup.get('/', query(place), async (c) => {
  const programId = c.req.param('id')!
  const at = readCursor(c.req.valid('query').cursor, cursor, start)
  if (!at.ok) {
    return problem(c, at.failure)
  }
  if ((await findProgram(database(c.env, { programId }), programId)) === null) {
    return problem(c, { code: 'not_found', detail: 'There is no such program.' })
  }
  const { lines, next } = await readPage(c.env, programId, at.value)
  if (next !== null) {
    c.header('Link', `<?cursor=${writeCursor(next)}>; rel="next"`)
  }
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return c.body(text, 200, { 'Content-Type': NDJSON })
})

backup.post('/', async (c) => {
  if (!c.req.header('Content-Type')?.startsWith(NDJSON)) {
    return problem(c, { code: 'unsupported_media_type', detail: `Send lines as ${NDJSON}.` })
  }
  const added = await addLines(c.env, c.req.param('id')!, await c.req.text())
  return added.ok ? c.json({ lines: added.value }) : problem(c, added.failure)
})
