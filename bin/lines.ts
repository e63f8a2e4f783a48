import { createReadStream } from 'node:fs'

/** The lines of a file, one at a time. A line ends with a line feed alone: U+2028 and the like may stand in JSON and SQL. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = (rest + (chunk as string)).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') {
    yield rest
  }
}
