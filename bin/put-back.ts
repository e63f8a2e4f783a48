import { statSync } from 'node:fs'
import { call, Refused } from './api.ts'
import { linesBefore, linesOf } from './lines.ts'
import { quit } from './local.ts'
import { draw, endLine } from './progress.ts'

/** How much of a backup goes in one call; a line may be longer. */
const CALL_LENGTH = 800_000

/** What became of a backup that was put back. */
export interface PutBack {
  /** How many lines are there now. */
  lines: number
  /** Why the deployment refused others, a sentence each. */
  refusals: string[]
  /** Whether the file has all the lines that were written. */
  isWhole: boolean
}

/** The ledger that a line is a part of; one of a table stands for itself. */
const nameOf = (line: string): string => /^\{"ledger":"(\w+)"/.exec(line)?.[1] ?? line

/** Sends lines to a deployment. What it refuses because it has gone another way there is left out, with all of that ledger. */
const sender = (url: string, rootKey: string) => {
  const refusals: string[] = []
  const refused = new Set<string>()
  let lines = 0
  const send = async (all: readonly string[]): Promise<void> => {
    const some = all.filter((line) => !refused.has(nameOf(line)))
    if (some.length === 0) {
      return
    }
    try {
      await call(url, rootKey, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: some.map((line) => `${line}\n`).join(''),
      })
      lines += some.length
    } catch (error) {
      if (!(error instanceof Refused && error.status === 409)) {
        throw error
      }
      if (some.length === 1) {
        refusals.push(error.message)
        some.forEach((line) => refused.add(nameOf(line)))
        return
      }
      // One of them: the others are good.
      const half = Math.ceil(some.length / 2)
      await send(some.slice(0, half))
      await send(some.slice(half))
    }
  }
  return { send, result: () => ({ lines, refusals }) }
}

/** Puts a backup back into a deployment, line by line; what is there already stays. */
export const putBack = async (url: string, rootKey: string, file: string): Promise<PutBack> => {
  const { size } = statSync(file)
  let [sent, read, length] = [0, 0, 0]
  let written: number | null = null
  let waiting: string[] = []
  let to: ReturnType<typeof sender> | undefined
  const flush = async () => {
    await to?.send(waiting)
    sent += length
    waiting = []
    length = 0
    draw('Restoring', sent, size, `${read} lines`)
  }
  for await (const line of linesOf(file)) {
    const before = linesBefore(line)
    if (before !== null) {
      written = before
      continue
    }
    to ??= sender(`${url}/v1/programs/${programIn(line, file)}/backup`, rootKey)
    if (waiting.length > 0 && length + line.length > CALL_LENGTH) {
      await flush()
    }
    waiting.push(line)
    length += line.length
    read++
  }
  await flush()
  endLine()
  return { ...to!.result(), isWhole: written === read }
}

/** The program that the first line of a backup is about. */
const programIn = (line: string, file: string): string =>
  (JSON.parse(line) as { row?: { id?: string } }).row?.id ?? quit(`${file} is no backup.`)
