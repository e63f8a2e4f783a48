import { createHash } from 'node:crypto'

/** A text in the ways in which it may lie about: other case, other alphabets, inside other texts, or as a bare digest. */
export function needles(text: string): string[] {
  const bytes = Buffer.from(text)
  const sha256 = createHash('sha256').update(text).digest()
  // Where in a longer text it begins decides how it looks in base 64: cut to what is always the same.
  const inBase64 = [0, 1, 2].map((offset) => {
    const all = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '')
    return all.slice(offset === 0 ? 0 : offset + 1, -2)
  })
  const all = [
    text,
    text.toLowerCase(),
    text.toUpperCase(),
    text.normalize('NFD'),
    text.replaceAll('-', ''),
    text.toLowerCase().replaceAll('-', ''),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    // As \\u escapes.
    text.replaceAll(/[^ -~]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`),
    bytes.toString('hex'),
    ...inBase64,
    ...inBase64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
    sha256.toString('hex'),
    sha256.toString('base64').slice(0, 42),
    sha256.toString('base64url').slice(0, 22),
  ]
  return [...new Set(all)]
}

/** Which of these texts a dump still tells, however they are written. */
export const foundIn = (dump: string, texts: Record<string, string>): string[] =>
  Object.entries(texts).flatMap(([what, text]) => {
    const found = needles(text).find((needle) => dump.includes(needle))
    return found === undefined ? [] : [`${what}: ${found}`]
  })
