import type { Context, MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import { parseJson } from '../json'
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
    const checked = check(schema, input.value)
    if (!checked.ok) {
      return problem(c, checked.failure)
    }
    c.req.addValidatedData(target, checked.value as object)
    await next()
  }
}

/** A value of a schema, or `validation_failed` with every fault at its place. */
export function check<S extends z.ZodMiniType>(schema: S, value: unknown): Result<z.output<S>> {
  const parsed = schema.safeParse(value)
  if (parsed.success) {
    return ok(parsed.data)
  }
  const errors = parsed.error.issues.flatMap(faults)
  return fail('validation_failed', summary(errors), errors.slice(0, MOST_FAULTS))
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
    return ok(parseJson(text))
  } catch {
    return fail('malformed_json', 'The body must be one JSON object in UTF-8, no field twice.')
  }
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
