import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import problems from '../public/docs/problems.html'
import openapi from '../public/openapi.json'
import { app } from '../src/app'
import { parseKey } from '../src/auth/key'
import { access, scopesOf } from '../src/auth/scopes'
import type { Api } from '../src/http/context'
import { problem } from '../src/http/problem'
import type { Code } from '../src/result'
import { all, ids, inlined, misfits, operations, resolve, sorted } from './http/openapi'

describe('openapi.json', () => {
  it('describes the routes of the app and no others', () => {
    const served = app.routes.filter(({ method }) => method !== 'ALL')
    const routes = sorted(served.map(({ method, path }) => `${method} ${path}`))
    expect(sorted(operations.map(({ route }) => route))).toEqual(routes)
    expect(sorted(Object.keys(access))).toEqual(routes)
  })

  it.each(operations.map((each) => [each.route, each] as const))(
    'names the scope of %s',
    (route, { 'x-scope': scope, security }) => {
      expect(scope).toBe((access as Record<string, string>)[route])
      const schemes: Record<string, unknown> = {
        open: [],
        root: [{ rootKey: [] }],
        me: [{ memberToken: [] }],
        'sign-in': [{ publishableKey: [] }, { apiKey: [] }],
      }
      expect(security).toEqual(schemes[scope] ?? [{ apiKey: [] }])
    },
  )

  it('gives every operation an id of its own and a sentence', () => {
    expect(sorted(ids)).toHaveLength(ids.length)
    for (const { summary } of operations) {
      expect(summary).toMatch(/^[A-Z][^.]+\.$/)
    }
  })

  it('names the parameters of every path', () => {
    for (const { path, parameters } of operations) {
      const inPath = parameters.filter((each) => each.in === 'path' && each.required)
      const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name!)
      expect(inPath.map(({ name }) => name)).toEqual(names)
    }
  })

  it('refers to everything that it defines, and to nothing else', () => {
    const refs = sorted(all('$ref', openapi) as Generator<string>)
    expect(refs.filter((ref) => resolve(ref) === undefined)).toEqual([])
    const { securitySchemes: _, ...components } = openapi.components
    const defined = Object.entries(components).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `#/components/${kind}/${name}`),
    )
    expect(refs).toEqual(sorted(defined))
  })

  it('knows every scope and no other', () => {
    expect(sorted(openapi.components.schemas.Scope.enum)).toEqual(sorted(scopesOf.secret))
  })

  it('shows no key that could be one', () => {
    const keys = JSON.stringify(openapi).match(/pc_(live|test|root)_\w+/g)!
    expect(keys.length).toBeGreaterThan(0)
    expect(keys.filter((key) => parseKey(key) !== null)).toEqual([])
  })

  it('shows examples that fit', () => {
    for (const { operationId, requestBody, responses } of operations) {
      const contents = [requestBody?.content, ...Object.values(responses).map((r) => r.content)]
      for (const { schema, examples = {} } of contents.flatMap((each) =>
        Object.values(each ?? {}),
      )) {
        const faults = Object.entries(examples).flatMap(([name, { value }]) =>
          misfits(schema, value).map((fault) => `${operationId} ${name}: ${fault}`),
        )
        expect(faults).toEqual([])
        expect(Object.keys(examples)).not.toEqual([])
      }
    }
  })
})

describe('a problem', () => {
  // Every code of the API: the compiler asks for a new one here.
  const codes: Record<Code, true> = {
    malformed_json: true,
    validation_failed: true,
    idempotency_key_missing: true,
    unauthorized: true,
    code_refused: true,
    forbidden: true,
    not_found: true,
    insufficient_points: true,
    hold_ended: true,
    coupon_ended: true,
    member_frozen: true,
    card_refused: true,
    already_exists: true,
    limit_reached: true,
    member_gone: true,
    precondition_failed: true,
    payload_too_large: true,
    unsupported_media_type: true,
    idempotency_key_reused: true,
    precondition_required: true,
    too_many_requests: true,
    not_supported: true,
    unavailable: true,
  }
  const { Problem: schema } = openapi.components.schemas
  const answers = operations.flatMap(({ responses }) => Object.entries(responses))
  const examples = answers.flatMap(([status, { content }]) =>
    Object.entries(content?.['application/problem+json']?.examples ?? {}).map(
      ([code, { value }]) => ({ code, status, value }),
    ),
  )

  it('has one of the known codes', () => {
    expect(sorted(schema.properties.code.enum)).toEqual(
      sorted([...Object.keys(codes), 'internal_error']),
    )
  })

  it('is explained at /docs/problems', () => {
    const explained = problems.matchAll(/<section id="(\w+)">\s*<h2>.*<small>(\d+)</g)
    const known = new Map(Array.from(explained, ([, code, status]) => [code, status]))
    expect(sorted(known.keys() as Iterable<string>)).toEqual(sorted(schema.properties.code.enum))
    for (const { code, status } of examples) {
      expect(`${code} ${known.get(code)}`).toBe(`${code} ${status}`)
    }
  })

  it('is described by the operations that answer it', () => {
    const shown = sorted(examples.map(({ code }) => code))
    expect(shown).toEqual(sorted(schema.properties.code.enum))
  })

  it.each(Object.keys(codes) as Code[])('%s looks as it is described', async (code) => {
    const broken = new Hono<Api>().get('*', (c) => {
      c.set('requestId', 'till-7')
      const errors = [{ pointer: '#/points', detail: 'Zero changes nothing.' }]
      return problem(c, { code, detail: 'A sentence.', errors })
    })
    const answer = await broken.request('/')
    const json: { status: number; title: string } = await answer.json()
    expect(misfits(inlined(schema), json)).toEqual([])
    for (const example of examples.filter((each) => each.code === code)) {
      expect(example.status).toBe(String(answer.status))
      expect(example.value).toMatchObject({ status: json.status, title: json.title })
    }
  })
})
