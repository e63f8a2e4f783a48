import { Validator } from '@cfworker/json-schema'
import openapi from '../../public/openapi.json'
import { type Answer, call } from './api'

/** A JSON schema, as far as tests look into it. */
export interface Schema {
  $ref?: string
  description?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: boolean | Schema
  enum?: string[]
  [keyword: string]: unknown
}
interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: Schema
  example?: string | number
}
interface Media {
  schema: Schema
  examples?: Record<string, { value: unknown }>
}
interface Response {
  headers?: Record<string, { required?: boolean }>
  content?: Record<string, Media>
}
interface Operation {
  operationId: string
  summary: string
  'x-scope': string
  security: Record<string, unknown>[]
  parameters?: Parameter[]
  requestBody?: { required: boolean; content: Record<string, Media> }
  responses: Record<string, Response>
}

/** What a reference names; undefined for nothing. */
export const resolve = (ref: string): unknown =>
  ref
    .slice('#/'.length)
    .split('/')
    .reduce((value: unknown, name) => (value as Record<string, unknown>)?.[name], openapi)

/** The same value with what it refers to in place. */
export function inlined<T>(value: T): T {
  if (Array.isArray(value)) {
    return value.map(inlined) as T
  }
  if (value === null || typeof value !== 'object') {
    return value
  }
  const { $ref, ...rest } = value as { $ref?: string }
  const all = typeof $ref === 'string' ? { ...(resolve($ref) as object), ...rest } : rest
  const hasMore = '$ref' in all
  const pairs = Object.entries(all).map(([name, each]) => [name, inlined(each)])
  return hasMore ? inlined(Object.fromEntries(pairs)) : Object.fromEntries(pairs)
}

const paths = inlined(openapi.paths) as unknown as Record<string, Record<string, Operation>>

/** Every operation, without references. */
export const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    method: method.toUpperCase(),
    path,
    route: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    parameters: operation.parameters ?? [],
  })),
)
export type Described = (typeof operations)[number]

/** The id of every operation. */
export const ids = operations.map(({ operationId }) => operationId)
/** The operation of that id. */
export const find = (id: string): Described => operations.find((each) => each.operationId === id)!
/** Whether an operation has a parameter of that name. */
export const has = (operation: Described, parameter: string): boolean =>
  operation.parameters.some(({ name }) => name === parameter)
/** Each text once, in the order of the alphabet. */
export const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].toSorted()

/** Every value of that name, wherever it is. */
export function* all(name: string, value: unknown): Generator<unknown> {
  if (value !== null && typeof value === 'object') {
    for (const [each, inner] of Object.entries(value)) {
      if (each === name) {
        yield inner
      }
      yield* all(name, inner)
    }
  }
}

/** The same schema without room for a field that it does not name. */
function strict(schema: Schema): Schema {
  const { allOf = [], ...rest } = schema
  const parts = [rest, ...allOf.map(strict)]
  const { anyOf, oneOf, additionalProperties: others } = rest
  const properties = Object.assign({}, ...parts.map((part) => part.properties)) as Schema
  const required = parts.flatMap((part) => part.required ?? [])
  const named = Object.entries(properties).map(([name, each]) => [name, strict(each as Schema)])
  return {
    ...rest,
    ...(rest.items && { items: strict(rest.items) }),
    ...(anyOf && { anyOf: anyOf.map(strict) }),
    ...(oneOf && { oneOf: oneOf.map(strict) }),
    ...(typeof others === 'object' && { additionalProperties: strict(others) }),
    ...((rest.properties || allOf.length > 0) && {
      type: rest.type ?? 'object',
      properties: Object.fromEntries(named),
      required,
      additionalProperties: false,
    }),
  }
}

/** What does not fit a schema. */
export const misfits = (schema: Schema, value: unknown): string[] =>
  new Validator(strict(schema) as object, '2020-12', false)
    .validate(value)
    .errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)

/** Headers that an answer has only where its description says so. */
const TOLD = [
  'Content-Disposition',
  'ETag',
  'Idempotent-Replayed',
  'Retry-After',
  'Upload-Offset',
  'WWW-Authenticate',
]

/** Where an answer is not as its operation describes it. */
export function surprises(operation: Described, { status, headers, json, text }: Answer): string[] {
  const described = operation.responses[status]
  if (described === undefined) {
    return [`${status} is not described: ${text}`]
  }
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  const media = described.content?.[type]
  if (media === undefined && (described.content !== undefined || text !== '')) {
    return [`${status} came as ${type}`]
  }
  const isUndescribed = status >= 400 && !(json.code in media!.examples!)
  const said = described.headers ?? {}
  const unsaid = TOLD.filter((name) => headers.has(name) && !(name in said))
  const missing = Object.keys(said).filter((name) => said[name]!.required && !headers.has(name))
  return [
    ...(media ? misfits(media.schema, json ?? text) : []),
    ...missing.map((name) => `${status} carries no ${name}`),
    ...(isUndescribed ? [`${status} has no example of ${json.code}`] : []),
    ...unsaid.map((name) => `${status} carries ${name}`),
  ]
}

/** What a test says to an operation. */
export interface Asked {
  params?: Record<string, string | number>
  query?: string
  body?: unknown
  key?: string | undefined
  /** undefined leaves one out. */
  headers?: Record<string, string | undefined>
  /** Bindings that replace those of the test. */
  env?: Partial<Env>
}

/** Calls an operation; the parameters that are not given are those of its examples. */
export function ask(operation: Described, asked: Asked) {
  const { params = {}, query = '', body, key, headers, env } = asked
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { example } = operation.parameters.find((each) => each.name === name)!
    return encodeURIComponent(String(params[name] ?? example))
  })
  const fresh = has(operation, 'Idempotency-Key') && { 'idempotency-key': crypto.randomUUID() }
  const needed = operation.parameters.filter((each) => each.in === 'header' && each.required)
  const shown = needed.map(({ name, example }) => [name.toLowerCase(), String(example)])
  const media = Object.keys(operation.requestBody?.content ?? {})[0]
  const type = body !== undefined && media !== undefined && { 'content-type': media }
  const all = { ...Object.fromEntries(shown), ...type, ...fresh, ...headers }
  const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return call(operation.method, path + query, {
    body,
    headers: Object.fromEntries(sent),
    ...(key && { key }),
    ...(env && { env }),
  })
}

/** Calls operations one after the other and keeps what their answers showed. */
export class Walk {
  readonly answers: { id: string; status: number; misfits: string[]; isReplayed: boolean }[] = []
  readonly kinds = new Set<unknown>()
  /** The codes of what was refused. */
  readonly refusals = new Set<string>()
  /** The fields of what lists showed. */
  readonly fields = new Set<string>()
  /** What a call says that does not say it itself. */
  usual: Asked = {}

  async step(id: string, asked: Asked = {}): Promise<Answer> {
    const operation = find(id)
    const answer = await ask(operation, { ...this.usual, ...asked })
    const { status, headers, json } = answer
    const isReplayed = headers.get('idempotent-replayed') === 'true'
    this.answers.push({ id, status, misfits: surprises(operation, answer), isReplayed })
    if (status >= 400) {
      this.refusals.add(json.code)
    }
    for (const kind of all('kind', json)) {
      this.kinds.add(kind)
    }
    for (const shown of all('data', json)) {
      ;(shown as object[]).flatMap(Object.keys).forEach((name) => this.fields.add(name))
    }
    return answer
  }

  /** What was not as it is described of an operation, and which good answers were given and are described. */
  of(id: string) {
    const given = this.answers.filter((answer) => answer.id === id)
    const statuses = given.filter(({ status }) => status < 400).map(({ status }) => String(status))
    return {
      misfits: given.flatMap((answer) => answer.misfits),
      statuses: sorted(statuses),
      described: Object.keys(find(id).responses).filter((status) => status < '400'),
    }
  }
}

/** Whether the body of an operation is JSON. */
export const readsJson = ({ requestBody }: Described): boolean =>
  requestBody?.content['application/json'] !== undefined

/** What files come to: shown by `openapi-imports.test.ts`. */
export const importIds = ids.filter((id) => find(id).path.startsWith('/v1/imports'))

/** What is told by payment providers: shown by `openapi-webhooks.test.ts`. */
export const toldIds = ids.filter((id) =>
  /^\/(webhooks|v1\/(webhook-|payments))/.test(find(id).path),
)

/** What members and tills do: shown by `openapi-people.test.ts`, all else by `openapi-answers.test.ts`. */
export const people = {
  ids: ids.filter((id) => isOfPeople(find(id))),
  kinds: ['use', 'void', 'lapse', 'freeze', 'unfreeze', 'erase'],
}

function isOfPeople({ path, 'x-scope': scope }: Described): boolean {
  const isBeside = /^\/(me|demo|\.well-known|v1\/pos|v1\/coupons|v1\/outbox)\b/.test(path)
  return isBeside || path.endsWith('freeze') || /^(cards|tokens|members:erase)/.test(scope)
}
