import { describe, expect, it } from 'vitest'
import page from '../../docs/program.md?raw'
import { document } from '../../src/program/document'

const [whole, ...parts] = Array.from(page.matchAll(/```json\n([\s\S]*?)```/g), ([, text]) =>
  JSON.parse(text!),
)

/** Every field that a document has, as paths; entries of lists and of maps by the caller's own names are one. */
function pathsIn(schema: unknown, path = ''): string[] {
  const { properties, items, anyOf, oneOf, additionalProperties } = schema as Record<string, never>
  const inside = [
    ...Object.entries(properties ?? {}).flatMap(([name, each]) => [
      `${path}/${name}`,
      ...pathsIn(each, `${path}/${name}`),
    ]),
    ...[items, ...(anyOf ?? []), ...(oneOf ?? []), additionalProperties]
      .filter((each) => typeof each === 'object' && each !== null)
      .flatMap((each) => pathsIn(each, `${path}/*`)),
  ]
  return [...new Set(inside)]
}

describe('docs/program.md', () => {
  it('shows a document that is valid as it stands', () => {
    expect(document.safeParse(whole).error).toBeUndefined()
  })

  it.each(parts.map((part, i) => [i + 1, part]))('example %i is a valid part of it', (_, part) => {
    expect(document.safeParse({ ...whole, ...part }).error).toBeUndefined()
  })

  it('names every field, and shows it in an example', async () => {
    const z = await import('zod')
    const names = pathsIn(z.toJSONSchema(document, { unrepresentable: 'any', io: 'input' })).map(
      (path) => path.split('/').at(-1)!,
    )
    const examples = [whole, ...parts].map((each) => JSON.stringify(each)).join('')
    expect(names).toContain('restoreGraceDays')
    expect(
      names.filter(
        (name) => name !== '*' && !page.includes(`\`${name}`) && !page.includes(`"${name}"`),
      ),
    ).toEqual([])
    expect(names.filter((name) => name !== '*' && !examples.includes(`"${name}"`))).toEqual([])
  })
})
