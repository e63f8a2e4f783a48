import type { Context, MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import { fail, ok, type Fault, type Result } from '../result'
import type { Api } from './context'
import { problem } from './problem'

type Target = 'json' | 'query' | 'param'

type Validated<T extends Target, S extends z.ZodMiniType> = MiddlewareHandler<
  Api,
  string,
  { in: { [K in T]: z.input<S> }; out: { [K in T]: z.output<S> } }
>

/** Validates the JSON body; a call without one is read as `{}`. */
export const body = <S extends z.ZodMiniType>(schema: S): Validated<'json', S> =>
  validated('json', schema, readJson)

/** Validates the query string; a parameter that is given twice is refused. */
export const query = <S extends z.ZodMiniType>(schema: S): Validated<'query', S> =>
  validated('query', schema, (c) => {
    const entries = Object.entries(c.req.queries())
    return ok(Object.fromEntries(entries.map(([k, all]) => [k, all.length > 1 ? all : all[0]])))
  })

/** Validates the parameters of the path. */
export const params = <S extends z.ZodMiniType>(schema: S): Validated<'param', S> =>
  validated('param', schema, (c) => ok(c.req.param()))

/** A problem names no more faults than somebody reads. */
const MOST_FAULTS = 100

function validated<T extends Target, S extends z.ZodMiniType>(
  target: T,
  schema: S,
  read: (c: Context<Api>) => Result<unknown> | Promise<Result<unknown>>,
): Validated<T, S> {
  return async (c, next) => {
    const input = await read(c)
    if (!input.ok) {
      return problem(c, input.failure)
    }
    const parsed = schema.safeParse(input.value)
    if (!parsed.success) {
      const errors = parsed.error.issues.flatMap(faults)
      const detail = summary(errors)
      return problem(c, { code: 'validation_failed', detail, errors: errors.slice(0, MOST_FAULTS) })
    }
    c.req.addValidatedData(target, parsed.data as object)
    await next()
  }
}

async function readJson(c: Context<Api>): Promise<Result<unknown>> {
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength === 0) {
    return ok({})
  }
  if (!isJson(c.req.header('Content-Type') ?? '')) {
    return fail('unsupported_media_type', 'Send the body as Content-Type: application/json.')
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
    return ok(JSON.parse(text, PROTO.test(text) ? refuseProto : undefined))
  } catch {
    return fail('malformed_json', 'The body must be one JSON object in UTF-8.')
  }
}

/** What may hold such a field, escaped or not: reading it piece by piece takes five times as long. */
const PROTO = /__proto__|\\u/

/** A field of that name would vanish from the maps that it is in. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') {
    throw new SyntaxError('__proto__ is no field')
  }
  return value
}

const isJson = (contentType: string): boolean =>
  /^application\/([\w.-]+\+)?json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i.test(contentType.trim())

/** An unknown field is reported at its own place, not at that of the object around it. */
const faults = (issue: z.core.$ZodIssue): Fault[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({
        pointer: pointer([...issue.path, key]),
        detail: 'This field is not known.',
      }))
    : [{ pointer: pointer(issue.path), detail: issue.message }]

/** A JSON pointer as a URI fragment (RFC 6901, section 6). */
const pointer = (path: readonly PropertyKey[]): string =>
  ['#', ...path.map((key) => encodeURIComponent(escape(String(key))))].join('/')

const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

const summary = (errors: Fault[]): string =>
  errors.length === 1
    ? `${errors[0]!.pointer}: ${errors[0]!.detail}`
    : `${errors.length} values are not valid; see errors.`
