import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { app } from '../../src/app'
import { envWith } from '../db'

export interface Call {
  key?: string
  body?: unknown
  headers?: Record<string, string>
  /** Bindings that replace those of the test. */
  env?: Partial<Env>
  cf?: IncomingRequestCfProperties
  /** Does not wait for what goes on behind the reply: with a database that hangs it never ends. */
  isHasty?: boolean
}

// Tests read answers field by field.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

export interface Answer {
  status: number
  headers: Headers
  json: Json
  text: string
}

/** Calls the app in this isolate, a JSON body as such, a string or bytes as they are. */
export async function call(method: string, path: string, options: Call = {}): Promise<Answer> {
  const { key, body, cf, env: bindings, isHasty = false } = options
  const headers = new Headers(options.headers)
  if (key !== undefined) {
    headers.set('authorization', `Bearer ${key}`)
  }
  const isRaw =
    typeof body === 'string' || ArrayBuffer.isView(body) || body instanceof ReadableStream
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  const request = new Request(`http://punchcard.test${path}`, {
    method,
    headers,
    body: body === undefined || isRaw ? (body as BodyInit | undefined) : JSON.stringify(body),
    cf: cf as RequestInitCfProperties | undefined,
  })
  const ctx = createExecutionContext()
  const response = await app.fetch(request, envWith(bindings), ctx)
  const text = await response.text()
  if (!isHasty) {
    await waitOnExecutionContext(ctx)
  }
  const isJson = /[+/]json/.test(response.headers.get('content-type') ?? '')
  const json = isJson ? JSON.parse(text) : null
  return { status: response.status, headers: response.headers, json, text }
}

export const rootKey = env.ROOT_KEY

export const program = {
  name: 'Tea house',
  mode: 'test',
  currency: 'CNY',
  timeZone: 'Asia/Shanghai',
  country: 'CN',
}

/** A new program and its first secret key. */
export async function createProgram(fields: object = {}): Promise<{ id: string; key: string }> {
  const { json } = await call('POST', '/v1/programs', {
    key: rootKey,
    body: { ...program, ...fields },
  })
  return json
}

/** A new key of a program; `scopes` narrows it. */
export async function createKey(
  secretKey: string,
  kind: 'secret' | 'pos' | 'publishable',
  scopes?: string[],
): Promise<{ id: string; key: string }> {
  const { json } = await call('POST', '/v1/keys', { key: secretKey, body: { kind, scopes } })
  return json
}

/** Enrols a member under a fresh Idempotency-Key, or the given one. */
export const enrol = (key: string, body: object, idempotencyKey: string = crypto.randomUUID()) =>
  call('POST', '/v1/members', { key, body, headers: { 'idempotency-key': idempotencyKey } })

/** How many of the answers have each status. */
export const tally = (answers: Answer[]): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const { status } of answers) {
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

/** Where the faults of a refused call are, in the order of the alphabet. */
export const pointers = ({ json }: Answer): string[] =>
  json.errors
    .map((error: { pointer: string }) => error.pointer)
    .toSorted((a: string, b: string) => a.localeCompare(b))
