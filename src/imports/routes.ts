import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import * as z from 'zod/mini'
import { database } from '../db/client'
import { type Api, originOf } from '../http/context'
import { fingerprint, idempotencyKey } from '../http/idempotency'
import { pageOf, readCursor } from '../http/page'
import { problem } from '../http/problem'
import { page } from '../http/scalars'
import { query } from '../http/validate'
import { regionNear } from '../ledger/address'
import { fail, ok, type Result } from '../result'
import { begin, digestOf, importIdOf, jobOf, upload } from './client'
import { type Import, reused, viewOf } from './import'
import { begin as beginReading, type Format } from './records'
import { fieldNames } from './row'
import { options, type Options, position } from './schema'
import { insertImport, listImports } from './store'

/** `/v1/imports`: files of what was before, or elsewhere. */
export const imports = new Hono<Api>()

imports.post('/', idempotencyKey(), query(options), async (c) => {
  const programId = c.get('program').id
  const asked = c.req.valid('query')
  const format = formatOf(c, asked)
  if (!format.ok) {
    return problem(c, format.failure)
  }
  const unknown = Object.keys(asked.column).find((field) => !fieldNames.has(field))
  if (unknown !== undefined) {
    const detail = `There is no field ${unknown}; there are ${[...fieldNames].join(', ')}.`
    return problem(c, {
      code: 'validation_failed',
      detail,
      errors: [{ pointer: '#/column', detail }],
    })
  }
  if (isLast(c) === null) {
    return answer(c, notWhether)
  }
  const id = importIdOf(programId, c.get('idempotencyKey'))
  const createdAt = Date.now()
  await insertImport(database(c.env, { programId }), { programId, id, createdAt })
  const begun = await begin(c.env, {
    programId,
    id,
    keyId: c.get('caller').keyId,
    region: regionNear(originOf(c)),
    fingerprint: fingerprint(c.req.method, c.req.path, [asked, format.value]),
    options: asked,
    createdAt,
    place: beginReading(format.value),
  })
  if (begun.ok && begun.value.job.phase !== 'uploading') {
    const { job } = begun.value
    const isSame = !isLast(c) || job.digest === (await digestOf(c.req.raw.body, asked))
    c.header('Idempotent-Replayed', isSame ? 'true' : undefined)
    return answer(c, isSame ? ok(job) : reused)
  }
  // A file begins anew with the first of it; without any, this only asks how much has come.
  if (begun.ok && !begun.value.isNew && !isLast(c) && c.req.raw.body === null) {
    c.header('Idempotent-Replayed', 'true')
    return answer(c, ok(begun.value.job))
  }
  return answer(c, begun.ok ? await receive(c, id, 0) : begun)
})

imports.patch('/:id', async (c) => {
  const offset = /^\d{1,10}$/.exec(c.req.header('Upload-Offset') ?? '')?.[0]
  const id = c.req.param('id')
  const taken = offset === undefined ? nowhere : await receive(c, id, Number(offset))
  if (!taken.ok) {
    const stands = await jobOf(c.env, c.get('program').id, id).view()
    if (!stands.ok) {
      return answer(c, stands)
    }
    c.header('Upload-Offset', String(stands.value.bytes))
  }
  return answer(c, taken)
})

imports.get('/', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const programId = c.get('program').id
  const before = readCursor(cursor, position, null)
  if (!before.ok) {
    return problem(c, before.failure)
  }
  const rows = await listImports(database(c.env, { programId }), programId, before.value, limit + 1)
  const { data, nextCursor } = pageOf(rows, limit, (row) => row)
  const views = await Promise.all(data.map(({ id }) => jobOf(c.env, programId, id).view()))
  const shown = views.flatMap((each) => (each.ok ? [viewOf(each.value)] : []))
  return c.json({ data: shown, nextCursor })
})

imports.get('/:id', async (c) =>
  answer(c, await jobOf(c.env, c.get('program').id, c.req.param('id')).view(), 200),
)

imports.get('/:id/faults', query(page), async (c) => {
  const { limit, cursor } = c.req.valid('query')
  const after = readCursor(cursor, z.int(), 0)
  if (!after.ok) {
    return problem(c, after.failure)
  }
  const job = jobOf(c.env, c.get('program').id, c.req.param('id'))
  const found = await job.view()
  return found.ok
    ? c.json(pageOf(await job.faults(after.value, limit + 1), limit, ({ row }) => row))
    : problem(c, found.failure)
})

imports.post('/:id/undo', async (c) =>
  answer(c, await jobOf(c.env, c.get('program').id, c.req.param('id')).undo()),
)

const nowhere = fail('validation_failed', 'Say where it goes on: Upload-Offset: <bytes>.')

/** Takes the body as part of an import's file; the headers are those of the IETF's resumable uploads. */
async function receive(c: Context<Api>, id: string, offset: number): Promise<Result<Import>> {
  const programId = c.get('program').id
  const isEnd = isLast(c)
  return isEnd === null
    ? notWhether
    : upload(c.env, { programId, id }, c.req.raw.body, { offset, isLast: isEnd })
}

/** Whether the file ends with this body; null where that is not said as it is to be. */
function isLast(c: Context<Api>): boolean | null {
  const said = c.req.header('Upload-Complete')?.trim() ?? '?1'
  return said === '?1' || (said === '?0' ? false : null)
}

const notWhether = fail(
  'validation_failed',
  'Say whether the file ends here: Upload-Complete: ?1, or ?0.',
)

function answer(c: Context<Api>, found: Result<Import>, status: 200 | 202 = 202): Response {
  if (!found.ok) {
    return problem(c, found.failure)
  }
  c.header('Upload-Offset', String(found.value.bytes))
  return c.json(viewOf(found.value), status)
}

const formats: Record<string, Format['kind']> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
}

/** How the file is written, by its media type. */
function formatOf(c: Context<Api>, { delimiter }: Options): Result<Format> {
  const [type = '', ...parameters] = (c.req.header('Content-Type') ?? '').toLowerCase().split(';')
  const kind = formats[type.trim()]
  if (kind === undefined) {
    const detail = 'Send the file as Content-Type: text/csv or application/x-ndjson.'
    return fail('unsupported_media_type', detail)
  }
  const given = parameters.map((each) => /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/.exec(each)?.[1])
  const label = given.find((each) => each !== undefined) ?? 'utf-8'
  const tab = type.includes('tab') ? '\t' : null
  const charset = charsetOf(label)
  return charset === null
    ? fail('validation_failed', `${label} is no charset that can be read here.`)
    : ok({ kind, charset, delimiter: delimiter ?? tab })
}

/** The one name of a charset that has several; null for none. */
function charsetOf(label: string): string | null {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return null
  }
}
