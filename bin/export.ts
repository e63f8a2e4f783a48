// npm run export -- PROGRAM > backup.ndjson
import { createWriteStream, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type Page, pageAt } from './api.ts'
import { lastLine } from './lines.ts'
import { quit } from './local.ts'
import { draw, endLine } from './progress.ts'
import { rootKeyOf, targetOf, targetOptions } from './target.ts'

const usage = `npm run export -- PROGRAM          writes everything of a program to PROGRAM.ndjson
  --out <file>               another file
  --url <address>            default: the server of this folder
  --root-key <key>           default PUNCHCARD_ROOT_KEY, or the local .dev.vars
What it holds of members is sealed: it can be put back where the same PROFILE_KEY is set.`

const parse = () => {
  try {
    const { key: _k, ...options } = targetOptions
    return parseArgs({
      allowPositionals: true,
      options: { ...options, out: { type: 'string' } },
    })
  } catch (error) {
    return quit(`${(error as Error).message}\n\n${usage}`)
  }
}

const { positionals, values } = parse()
const [programId = '', ...others] = positionals
if (!/^[0-9a-z]{8}$/.test(programId) || others.length > 0) {
  quit(usage)
}
const target = await targetOf(values)
const rootKey = rootKeyOf(target, values['root-key'])
const out = values.out ?? `${programId}.ndjson`

/** The address of the page after this one, or null. */
const nextOf = (link: string | null, page: string): string | null => {
  const query = /^<(\?[^>]+)>; rel="next"$/.exec(link ?? '')?.[1]
  return query === undefined ? null : new URL(query, page).href
}

let lines = 0

/** Everything of the program, page by page. */
async function* pages(): AsyncGenerator<string> {
  let page: string | null = `${target.url}/v1/programs/${programId}/backup`
  while (page !== null) {
    const { text, link }: Page = await pageAt(page, rootKey)
    yield text
    lines += text.split('\n').length - 1
    page = nextOf(link, page)
    draw('Exporting', 0, 1, `${lines} lines`)
  }
  yield lastLine(programId, lines)
}

// Under another name until it is whole.
const part = `${out}.part`
try {
  await pipeline(pages, createWriteStream(part, { mode: 0o600 }))
  renameSync(part, out)
} catch (error) {
  await rm(part, { force: true }).catch(() => null)
  const { message, syscall } = error as NodeJS.ErrnoException
  quit(syscall === undefined ? message : `${out} cannot be written: ${message}`)
}
endLine()
console.log(
  `${out}: ${lines} lines. It holds what your deployment knows of its members, sealed, and their points: keep it safe.`,
)
