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

/** The last line of a backup: how many there are before it. A file without it was cut. */
export const lastLine = (programId: string, lines: number): string =>
  `${JSON.stringify({ end: programId, lines })}\n`

/** How many lines there are before this one, if it is the last of a backup; else null. */
export const linesBefore = (line: string): number | null => {
  const count = /^\{"end":"\w+","lines":(\d+)\}$/.exec(line)?.[1]
  return count === undefined ? null : Number(count)
}
