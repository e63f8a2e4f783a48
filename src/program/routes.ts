import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { forgetProgram } from '../auth/identify'
import { digest, mintKey, newId } from '../auth/key'
import { ALL } from '../auth/scopes'
import { database } from '../db/client'
import type { Api } from '../http/context'
import { pageOf, readBefore } from '../http/page'
import { etag, ifMatch, names } from '../http/precondition'
import { problem } from '../http/problem'
import { page } from '../http/scalars'
import { body, params, query } from '../http/validate'
import { isSame } from '../json'
import type { Failure } from '../result'
import { instantText } from './calendar'
import { document, type ProgramDocument } from './document'
import { exponent } from './money'
import { defaultDocument, nowIn, type Program } from './program'
import { newProgram, versionParam } from './schema'
import { createProgram, findProgram, findVersion, listVersions, publish } from './store'

const unknown: Failure = { code: 'not_found', detail: 'The program has no such version.' }
const changed: Failure = {
  code: 'precondition_failed',
  detail: 'Another version was published since. Read it, and change that.',
}

const busy: Failure = { code: 'unavailable', detail: 'Too many at once. Send it again.' }

/** How often a version that others were quicker with is tried. */
const TRIES = 20

/** `/v1/programs`: for the holder of the root key. */
export const programs = new Hono<Api>()

programs.post('/', body(newProgram), async (c) => {
  const { mode, clock = null, ...beginning } = c.req.valid('json')
  const id = newId()
  const keyId = newId()
  const key = mintKey({ mode, kind: 'secret', programId: id, keyId })
  const createdAt = Date.now()
  const { currency } = beginning
  await createProgram(
    database(c.env, { programId: id }),
    { ...beginning, id, mode, clock, version: 1, createdAt },
    {
      programId: id,
      version: 1,
      document: defaultDocument(beginning, exponent(currency)),
      publishedAt: clock ?? createdAt,
      keyId: 'root',
    },
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

/** `/v1/program`: the rules of the caller's program, and what they were. */
export const program = new Hono<Api>()

program.get('/', async (c) => {
  const { id } = c.get('program')
  const current = await findProgram(database(c.env, { programId: id }), id)
  return answer(c, documentOf(current!), current!.version)
})

program.put('/', ifMatch(), body(document), async (c) => {
  const { id } = c.get('program')
  const next = c.req.valid('json')
  const tags = c.get('ifMatch')
  const db = database(c.env, { programId: id })
  // Whoever comes second reads again, and finds that his tag is old, or that what he wants is in force.
  for (let tries = 0; tries < TRIES; tries++) {
    const current = (await findProgram(db, id))!
    const { version, currency } = current
    const before = documentOf(current)
    // The answer to a publication may have been lost: sent again, it finds its own version.
    if (isSame(before, next) && (names(tags, version) || names(tags, version - 1))) {
      return answer(c, before, version)
    }
    if (!names(tags, version)) {
      return problem(c, changed)
    }
    if (next.currency !== currency) {
      const detail = `A program keeps its home currency: ${currency}.`
      const errors = [{ pointer: '#/currency', detail }]
      return problem(c, { code: 'validation_failed', detail, errors })
    }
    const published = {
      programId: id,
      version: version + 1,
      document: next,
      publishedAt: nowIn(current),
      keyId: c.get('caller').keyId,
    }
    if (await publish(db, published, { movesTiers: movesTiers(before, next) })) {
      forgetProgram(id)
      return answer(c, next, published.version)
    }
  }
  return problem(c, busy)
})

program.get('/versions', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const before = readBefore(cursor)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const programId = c.get('program').id
  const db = database(c.env, { programId })
  const rows = await listVersions(db, programId, before.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row.version)
  return c.json({
    data: data.map((row) => ({ ...row, publishedAt: instantText(row.publishedAt) })),
    nextCursor,
  })
})

program.get('/versions/:version', params(versionParam), async (c) => {
  const { version } = c.req.valid('param')
  const programId = c.get('program').id
  const found = await findVersion(database(c.env, { programId }), programId, version)
  return found ? answer(c, found.document, version) : problem(c, unknown)
})

function answer(c: Context<Api>, rules: ProgramDocument, version: number): Response {
  c.header('ETag', etag(version))
  return c.json(rules)
}

function documentOf(current: Program): ProgramDocument {
  const { id: _i, mode: _m, version: _v, publishedAt: _p, clockMs: _c, ...rules } = current
  return rules
}

/** Whether a member may stand in another tier by the new rules than by the old. */
const movesTiers = (before: ProgramDocument, after: ProgramDocument): boolean =>
  !isSame(placing(before), placing(after))

const placing = ({ tiers: { levels, ...rest }, timeZone }: ProgramDocument) => [
  timeZone,
  rest,
  levels.map(({ id, from, neverBelow }) => [id, from, neverBelow]),
]
