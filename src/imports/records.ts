import Papa from 'papaparse'
import { parseJson } from '../json'
import { fail, ok, type Result } from '../result'

/** How a file is written. */
export interface Format {
  kind: 'csv' | 'ndjson'
  /** Its name in the Encoding Standard; a byte order mark wins over it. */
  charset: string
  /** Null where the first line tells. */
  delimiter: string | null
}

/** Where reading a file stands between two of its pieces. */
export interface Place {
  /** Bytes after the last line break, base64; text after the last record. */
  bytes: string
  text: string
  format: Format
  /** The names of a CSV file's columns, once they were read. */
  header: readonly string[] | null
  /** How many records were read. */
  number: number
  isBegun: boolean
  /** The rest of a line that is too long is passed over. */
  isSkipping: boolean
}

/** One record, counted from 1 without the header: its fields, or why it cannot be read. */
export interface FileRecord {
  number: number
  fields: Result<Record<string, unknown>>
}

/** What a record may hold, in bytes; without a line break by then it is none. */
const MOST_BYTES = 1_000_000
/** What a header may: it lies in one row of storage with what is open of the records. */
const MOST_BYTES_OF_HEADER = 100_000

export const begin = (format: Format): Place => ({
  bytes: '',
  text: '',
  format,
  header: null,
  number: 0,
  isBegun: false,
  isSkipping: false,
})

const LF = 0x0a
const CR = 0x0d
const marks: readonly [charset: string, mark: readonly number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]

/**
 * Reads one more piece of a file. Refuses the whole file where nothing after that place could be trusted: bytes that are
 * not of its encoding, a header that names nothing, a quote that is never closed.
 */
export function readPiece(
  place: Place,
  piece: Uint8Array,
  isLast: boolean,
): Result<{ records: FileRecord[]; place: Place }> {
  const next = { ...place }
  let bytes: Uint8Array = Buffer.concat([Buffer.from(place.bytes, 'base64'), piece])
  if (!place.isBegun) {
    const mark = marks.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte))
    next.format = { ...place.format, charset: mark?.[0] ?? place.format.charset }
    next.isBegun = true
  }
  const tooLong: FileRecord[] = []
  if (next.isSkipping) {
    const start = endOfLine(bytes, next.format.charset, 'first')
    bytes = bytes.subarray(start ?? bytes.length)
    next.isSkipping = start === null
  }
  const end = isLast ? bytes.length : (endOfLine(bytes, next.format.charset, 'last') ?? 0)
  const rest = bytes.subarray(end)
  if (rest.length > MOST_BYTES) {
    next.isSkipping = true
  }
  const decoded = decode(bytes.subarray(0, end), next.format.charset)
  if (!decoded.ok) {
    return decoded
  }
  const text = next.text + decoded.value.replaceAll(/\r\n?/g, '\n')
  const read = next.format.kind === 'csv' ? readCsv(next, text, isLast) : readLines(next, text)
  if (!read.ok) {
    return read
  }
  // What is open lies in one row of storage with the rest.
  const open = Buffer.byteLength(JSON.stringify(next.text))
  if (next.text !== '' && open + rest.length > MOST_BYTES) {
    return unclosed(next.number + 1)
  }
  if (next.isSkipping && next.format.kind === 'csv' && next.header === null) {
    return headless
  }
  if (next.isSkipping && rest.length > 0) {
    tooLong.push({ number: ++next.number, fields: fail('payload_too_large', TOO_LONG) })
  }
  next.bytes = next.isSkipping ? '' : Buffer.from(rest).toString('base64')
  return ok({ records: [...read.value, ...tooLong], place: next })
}

const TOO_LONG = 'A row has at most 1 MB.'

/** Where the first or last line of some bytes ends; null without a line break. */
function endOfLine(bytes: Uint8Array, charset: string, which: 'first' | 'last'): number | null {
  const width = charset.startsWith('utf-16') ? 2 : 1
  const [high, low] = charset === 'utf-16le' ? [1, 0] : [0, width - 1]
  const whole = bytes.length - (bytes.length % width)
  // A line feed may follow a carriage return at the end, and be of the same break.
  const isHalf = (i: number) => which === 'last' && i + width === whole && bytes[i + low] === CR
  const isBreak = (i: number) =>
    (bytes[i + low] === LF || bytes[i + low] === CR) &&
    (width === 1 || bytes[i + high] === 0) &&
    !isHalf(i)
  const [from, to, by] = which === 'first' ? [0, whole, width] : [whole - width, -width, -width]
  for (let i = from; i !== to; i += by) {
    if (isBreak(i)) {
      return i + width
    }
  }
  return null
}

function decode(bytes: Uint8Array, charset: string): Result<string> {
  try {
    return ok(new TextDecoder(charset, { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    const detail = `The file is not ${charset} throughout. Say its charset, as in Content-Type: text/csv; charset=gb18030.`
    return fail('validation_failed', detail)
  }
}

/** Reads the lines of NDJSON that are whole; `place` is left after them. */
function readLines(place: Place, text: string): Result<FileRecord[]> {
  place.text = ''
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return ok(lines.map((line) => ({ number: ++place.number, fields: readLine(line) })))
}

function readLine(line: string): Result<Record<string, unknown>> {
  try {
    const value = parseJson(line)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return ok(value as Record<string, unknown>)
    }
  } catch {
    // The same refusal as for what is JSON, but no object.
  }
  return fail('malformed_json', 'The line is not one JSON object without a field twice.')
}

/** Reads the rows of CSV (RFC 4180) that are whole; `place` is left after them. */
function readCsv(place: Place, text: string, isLast: boolean): Result<FileRecord[]> {
  if (text === '') {
    return ok([])
  }
  const delimiter = place.format.delimiter ?? guessDelimiter(text)
  place.format = { ...place.format, delimiter }
  const parser = new Papa.Parser({ delimiter, newline: '\n' })
  const { data, errors, meta } = parser.parse(text, 0, !isLast) as Papa.ParseResult<string[]>
  place.text = text.slice(meta.cursor)
  const records: FileRecord[] = []
  for (const [i, row] of data.entries()) {
    const wrong = errors.find((error) => error.row === i)
    const number = place.number + (place.header === null ? 0 : 1)
    if (wrong?.code === 'MissingQuotes') {
      return unclosed(number)
    }
    // It was read on to a quote in another line: nobody knows where the next row begins.
    if (wrong && row.some((field) => field.includes('\n'))) {
      return misquoted(number)
    }
    if (row.length === 1 && row[0]!.trim() === '') {
      continue
    }
    if (place.header === null) {
      place.header = row.map((name) => name.trim())
      if (Buffer.byteLength(JSON.stringify(place.header)) > MOST_BYTES_OF_HEADER) {
        return headless
      }
      const twice = place.header.find((name, j) => name && place.header!.indexOf(name) < j)
      if (twice !== undefined) {
        return fail('validation_failed', `Two columns are named ${JSON.stringify(twice)}.`)
      }
      continue
    }
    const fields = wrong ? misquoted(number) : byName(place.header, row)
    records.push({ number: ++place.number, fields })
  }
  return ok(records)
}

const headless = fail('validation_failed', 'The first line is no header: it is longer than 100 kB.')
const unclosed = (row: number) =>
  fail('validation_failed', `Row ${row} has a quote that is not closed within 1 MB.`)
const misquoted = (row: number) =>
  fail('validation_failed', `Row ${row} has a quote where none may be.`)

/** The sign that the first line has most of. */
function guessDelimiter(text: string): string {
  const [line = ''] = text.trimStart().split('\n', 1)
  const count = (sign: string) => line.split(sign).length
  return [',', ';', '\t', '|'].reduce((a, b) => (count(b) > count(a) ? b : a))
}

/** A row's fields by the names of their columns; what is empty, or in a column without a name, is not there. */
function byName(
  header: readonly string[],
  row: readonly string[],
): Result<Record<string, unknown>> {
  if (row.length !== header.length) {
    const detail = `The row has ${row.length} fields, the header ${header.length}.`
    return fail('validation_failed', detail)
  }
  const pairs = header.map((name, i) => [name, row[i]!.trim()] as const)
  return ok(Object.fromEntries(pairs.filter(([name, value]) => name !== '' && value !== '')))
}
