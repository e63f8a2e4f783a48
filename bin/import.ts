// npm run import -- purchases.csv --type purchase --column externalId=customer --dry-run
import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { call, Refused } from './api.ts'
import { quit } from './local.ts'
import { draw, endLine } from './progress.ts'
import { type PutBack, putBack } from './put-back.ts'
import { keyOf, rootKeyOf, type Target, targetOf, targetOptions } from './target.ts'

const usage = `npm run import -- FILE              CSV or NDJSON, or what npm run export wrote
  --type <type>              member, purchase, refund or balance; without it each row says it
  --column <field>=<column>  the column in which a field is; as often as needed
  --amounts major            amounts are decimals such as 12.90, not minor units
  --enrol                    enrol who is not known yet
  --dry-run                  only say what would come of it
  --delimiter <sign>         default: what the first line tells
  --charset <name>           default utf-8, or what a byte order mark says
  --again <word>             import a file once more that was undone; another word for each time
  --undo <import>            take back what an import booked
  --url <address>            default: the server of this folder
  --key <key>                default PUNCHCARD_KEY, or the local demo's`

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const

const parse = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ...targetOptions,
        type: text,
        column: { ...text, multiple: true, default: [] },
        amounts: text,
        delimiter: text,
        charset: text,
        undo: text,
        enrol: flag,
        again: text,
        'dry-run': flag,
      },
    })
  } catch (error) {
    return quit(`${(error as Error).message}\n\n${usage}`)
  }
}

const { positionals, values } = parse()
type Values = typeof values

interface Sum {
  rows: number
  amounts: Record<string, number>
  points: number
}
interface Job {
  id: string
  status: string
  detail: string | null
  bytes: number
  bytesRead: number
  rows: number
  booked: number
  duplicates: number
  failed: number
  members: { known: number; enrolled: number }
  purchases: Sum
  refunds: Sum
  balances: Sum
}
interface Fault {
  row: number
  code: string
  detail: string
}

/** What goes in one call: a request to Cloudflare has 100 MB at most on most plans. */
const PART_BYTES = 32 * 1024 * 1024
const FAULTS_SHOWN = 10

const mediaTypes: Record<string, string> = {
  '.csv': 'text/csv',
  '.tsv': 'text/tab-separated-values',
  '.ndjson': 'application/x-ndjson',
  '.jsonl': 'application/x-ndjson',
}

const queryOf = (file: string, given: Values): URLSearchParams => {
  const query = new URLSearchParams({ name: basename(file).slice(0, 200) })
  const { type, amounts, delimiter } = given
  for (const [name, value] of Object.entries({ type, amounts, delimiter })) {
    if (value !== undefined) {
      query.set(name, value)
    }
  }
  for (const pair of given.column) {
    query.append('column', pair.replace('=', ':'))
  }
  if (given.enrol) {
    query.set('enrol', 'true')
  }
  if (given['dry-run']) {
    query.set('dryRun', 'true')
  }
  return query
}

/** Names an import by what it says: the same command goes on with the same import. */
const nameOf = async (file: string, ...said: string[]): Promise<string> => {
  const hash = createHash('sha256').update(said.join(' '))
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

/** Sends a file part by part, from where an earlier attempt had come. */
const send = async (target: Target, key: string, file: string): Promise<Job> => {
  const query = queryOf(file, values)
  const mediaType =
    mediaTypes[extname(file).toLowerCase()] ?? quit(`${file}: is it .csv, .tsv or .ndjson?`)
  const charset = values.charset === undefined ? '' : `; charset=${values.charset}`
  const name = await nameOf(file, `${query}`, `${mediaType}${charset}`, values.again ?? '')
  const url = `${target.url}/v1/imports`
  let job = await call<Job>(`${url}?${query}`, key, {
    method: 'POST',
    headers: {
      'idempotency-key': name,
      'content-type': `${mediaType}${charset}`,
      'upload-complete': '?0',
    },
  })
  const blob = await openAsBlob(file)
  while (job.status === 'uploading') {
    const end = Math.min(job.bytes + PART_BYTES, blob.size)
    draw('Sending', job.bytes, blob.size)
    job = await sendPart(`${url}/${job.id}`, key, blob.slice(job.bytes, end), {
      offset: job.bytes,
      isLast: end === blob.size,
    })
  }
  draw('Sending', 1, 1)
  endLine()
  return job
}

/** Sends what follows a byte. Where another attempt has sent more meanwhile, it goes on from there. */
const sendPart = async (
  url: string,
  key: string,
  body: Blob,
  { offset, isLast }: { offset: number; isLast: boolean },
): Promise<Job> => {
  try {
    return await call<Job>(url, key, {
      method: 'PATCH',
      headers: {
        'upload-offset': `${offset}`,
        'upload-complete': isLast ? '?1' : '?0',
        'content-type': 'application/octet-stream',
      },
      body,
    })
  } catch (error) {
    if (error instanceof Refused && error.status === 409) {
      await sleep(1_000)
      return call<Job>(url, key)
    }
    throw error
  }
}

/** Looks on until nothing more happens. */
const follow = async ({ url }: Target, key: string, begun: Job): Promise<Job> => {
  const startedAt = Date.now()
  for (;;) {
    const job = await call<Job>(`${url}/v1/imports/${begun.id}`, key)
    const done = job.booked + job.duplicates + job.failed
    const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000)
    if (job.status === 'reading') {
      draw('Reading', job.bytesRead, job.bytes, `${job.rows} rows`)
    } else {
      draw('Booking', done, job.rows, `${done} rows, ${Math.round(done / seconds)} a second`)
    }
    if (['done', 'failed', 'undone'].includes(job.status)) {
      endLine()
      return job
    }
    await sleep(250)
  }
}

const sumText = (what: string, { rows, amounts, points }: Sum) => {
  const money = Object.entries(amounts).map(
    ([currency, amount]) => `, ${amount} ${currency} minor units`,
  )
  return rows === 0 ? '' : `${what.padEnd(12)}${rows}${money.join('')}, ${points} points\n`
}

const report = async ({ url }: Target, key: string, job: Job) => {
  const { id, rows, booked, duplicates, failed, members } = job
  console.log(
    `Import      ${id}${values['dry-run'] ? ' (a dry run: nothing was booked)' : ''}
Rows        ${rows}: ${booked} booked, ${duplicates} known before, ${failed} faulty
Members     ${members.known} known, ${members.enrolled} enrolled
${sumText('Purchases', job.purchases)}${sumText('Refunds', job.refunds)}${sumText('Balances', job.balances)}`.trimEnd(),
  )
  if (failed > 0) {
    const faults = `${url}/v1/imports/${id}/faults`
    const { data } = await call<{ data: Fault[] }>(`${faults}?limit=${FAULTS_SHOWN}`, key)
    const lines = data.map(({ row, code, detail }) => `  row ${row}: ${code}: ${detail}`)
    const more = failed > data.length ? [`  … and ${failed - data.length} more: GET ${faults}`] : []
    console.log(['Faults', ...lines, ...more].join('\n'))
  }
}

/** Whether a file is what `npm run export` wrote. */
const isBackup = async (file: string): Promise<boolean> => {
  const blob = await openAsBlob(file)
  return (await blob.slice(0, 64).text()).startsWith('{"table":"programs"')
}

/** Says what became of a backup. */
const tell = (file: string, { lines, refusals, isWhole }: PutBack) => {
  console.log(`${lines} lines were put back. The lists follow within a minute.`)
  if (refusals.length > 0) {
    console.error(['Refused, and left as it is here:', ...refusals].join('\n  '))
    process.exitCode = 1
  }
  if (!isWhole) {
    quit(`${file} is not whole: its last line does not say how many there are before it.`)
  }
}

const run = async () => {
  const target = await targetOf(values)
  if (values.undo !== undefined) {
    const key = keyOf(target, values.key)
    const begun = await call<Job>(`${target.url}/v1/imports/${values.undo}/undo`, key, {
      method: 'POST',
    })
    const job = await follow(target, key, begun)
    console.log(`Import      ${job.id} is ${job.status}`)
    return
  }
  const [file = '', ...others] = positionals
  if (file === '' || others.length > 0) {
    quit(usage)
  }
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    quit(`There is no file ${file}.`)
  }
  if (await isBackup(file)) {
    tell(file, await putBack(target.url, rootKeyOf(target, values['root-key']), file))
    return
  }
  const key = keyOf(target, values.key)
  const job = await follow(target, key, await send(target, key, file))
  if (job.status === 'failed') {
    quit(`Nothing was booked. ${job.detail}`)
  }
  if (job.status === 'undone') {
    quit(`Import ${job.id} of this file was undone. To import it once more: --again <word>.`)
  }
  await report(target, key, job)
  if (job.booked + job.duplicates === 0) {
    process.exitCode = 1
  }
}

try {
  await run()
} catch (error) {
  quit((error as Error).message)
}
