import { statSync } from 'node:fs'
import { call } from './api.ts'
import { linesOf } from './lines.ts'
import { quit } from './local.ts'
import { draw, endLine } from './progress.ts'

/** How much of a backup goes in one call; a line may be longer. */
const CALL_LENGTH = 800_000

/** Puts a backup back into a deployment, line by line; what is there already stays. Answers how many lines there were. */
export const putBack = async (url: string, rootKey: string, file: string): Promise<number> => {
  const { size } = statSync(file)
  let [programId, sent, lines] = ['', 0, 0]
  let waiting: string[] = []
  const flush = async () => {
    const body = waiting.map((line) => `${line}\n`).join('')
    await call(`${url}/v1/programs/${programId}/backup`, rootKey, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body,
    })
    sent += Buffer.byteLength(body)
    lines += waiting.length
    waiting = []
    draw('Restoring', sent, size, `${lines} lines`)
  }
  for await (const line of linesOf(file)) {
    if (programId === '') {
      programId =
        (JSON.parse(line) as { row?: { id?: string } }).row?.id ?? quit(`${file} is no backup.`)
    }
    const length = waiting.reduce((sum, each) => sum + each.length, 0)
    if (waiting.length > 0 && length + line.length > CALL_LENGTH) {
      await flush()
    }
    waiting.push(line)
  }
  if (waiting.length > 0) {
    await flush()
  }
  endLine()
  return lines
}
