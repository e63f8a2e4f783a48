import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { begin, type FileRecord, type Format, readPiece } from '../../src/imports/records'
import { bytesOf } from './bytes'

const csv: Format = { kind: 'csv', charset: 'utf-8', delimiter: null }
const ndjson: Format = { kind: 'ndjson', charset: 'utf-8', delimiter: null }

/** Reads a file in pieces: its records, or why it was refused. */
function read(format: Format, pieces: readonly Uint8Array[]): FileRecord[] | string {
  let place = begin(format)
  const records: FileRecord[] = []
  for (const [i, piece] of pieces.entries()) {
    const came = readPiece(place, piece, i === pieces.length - 1)
    if (!came.ok) {
      return came.failure.detail
    }
    // It lies in storage as JSON in between, in a row, which has 2 MB at most.
    const kept = JSON.stringify(came.value.place)
    expect(text(kept).length).toBeLessThan(1_500_000)
    place = JSON.parse(kept)
    records.push(...came.value.records)
  }
  return records
}

const text = (file: string) => new TextEncoder().encode(file)
const cut = (file: Uint8Array, at: number) => [file.subarray(0, at), file.subarray(at)]

/** What each record says, or the code of its refusal. */
const said = (came: FileRecord[] | string) =>
  typeof came === 'string'
    ? came
    : came.map(({ fields }) => (fields.ok ? fields.value : fields.failure.code))

describe('a CSV file', () => {
  const people = [
    { externalId: 'a', name: 'Li Wei' },
    { externalId: 'b', name: 'Bo' },
  ]

  it.each([
    ['commas', 'externalId,name\na,Li Wei\nb,Bo\n'],
    ['semicolons', 'externalId;name\na;Li Wei\nb;Bo\n'],
    ['tabs', 'externalId\tname\na\tLi Wei\nb\tBo\n'],
    ['bars', 'externalId|name\na|Li Wei\nb|Bo\n'],
    ['CRLF', 'externalId,name\r\na,Li Wei\r\nb,Bo\r\n'],
    ['CR', 'externalId,name\ra,Li Wei\rb,Bo\r'],
    ['no last line break', 'externalId,name\na,Li Wei\nb,Bo'],
    ['empty lines', '\n\nexternalId;name\n\na;Li Wei\n   \nb;Bo\n\n'],
    ['quotes', '"externalId","name"\n"a","Li Wei"\n"b","Bo"\n'],
    ['spaces around', ' externalId , name\na , Li Wei \n  b,Bo\n'],
    ['a byte order mark', '\uFEFFexternalId,name\na,Li Wei\nb,Bo\n'],
  ])('is read with %s', (_, file) => {
    expect(said(read(csv, [text(file)]))).toEqual(people)
  })

  it('has quotes, separators and line breaks within quotes', () => {
    const file = 'externalId,name\n"a","said ""hi"", \r\nleft"\n'
    expect(said(read(csv, [text(file)]))).toEqual([{ externalId: 'a', name: 'said "hi", \nleft' }])
  })

  it('says nothing by an empty field', () => {
    expect(said(read(csv, [text('externalId,name,email\na,,""\n')]))).toEqual([{ externalId: 'a' }])
  })

  it('passes over columns without a name, however many', () => {
    expect(said(read(csv, [text('externalId,,name,, \na,1,Li Wei,,\nb,,Bo,2,3\n')]))).toEqual(
      people,
    )
  })

  it('keeps to the separator that is named', () => {
    const format = { ...csv, delimiter: ';' }
    expect(said(read(format, [text('a,b;c\n1,2;3\n')]))).toEqual([{ 'a,b': '1,2', c: '3' }])
  })

  it('has a number for every row, whether it can be read or not', () => {
    const file = 'a,b\n1,2\n1\n1,2,3\n"1"x",2\n5,6\n'
    const records = read(csv, [text(file)]) as FileRecord[]
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
    expect(said(records)).toEqual([
      { a: '1', b: '2' },
      'validation_failed',
      'validation_failed',
      'validation_failed',
      { a: '5', b: '6' },
    ])
  })

  it.each([
    ['two columns of one name', 'a,b,a\n1,2,3\n', 'Two columns are named "a".'],
    [
      'a quote that is not closed',
      'a,b\n1,2\n"3,4\n5,6\n',
      'Row 2 has a quote that is not closed within 1 MB.',
    ],
  ])('is refused as a whole for %s', (_, file, detail) => {
    expect(read(csv, [text(file)])).toBe(detail)
  })

  it('is refused as a whole where it is not of its charset', () => {
    const latin = Uint8Array.from([...text('a,b\n1,'), 0xe9, 0x0a])
    expect(read(csv, [latin])).toMatch('The file is not utf-8 throughout.')
    expect(said(read({ ...csv, charset: 'windows-1252' }, [latin]))).toEqual([{ a: '1', b: 'é' }])
  })

  it('is refused, not kept for ever, when a quote is open for more than a row may have', () => {
    const line = '名前,名前\n'.repeat(14_000)
    const pieces = [text('a,b\n1,2\n"'), ...Array.from({ length: 12 }, () => text(line))]
    expect(read(csv, pieces)).toBe('Row 2 has a quote that is not closed within 1 MB.')
  })
})

describe('the header of a CSV file', () => {
  const refusal = 'The first line is no header: it is longer than 100 kB.'

  it.each([
    ['of one long name', `${'x'.repeat(100_000)},b`],
    ['of many names', Array.from({ length: 20_000 }, (_, i) => i).join(',')],
    ['that goes on for ever', 'x'.repeat(1_200_000)],
  ])('is refused %s', (_, line) => {
    expect(read(csv, [text(`${line}\n1,2\n`)])).toBe(refusal)
  })

  it('has up to 100 kB', () => {
    const name = 'x'.repeat(99_900)
    expect(said(read(csv, [text(`${name},b\n1,2\n`)]))).toEqual([{ [name]: '1', b: '2' }])
  })
})

describe('an NDJSON file', () => {
  it('has an object in each line', () => {
    const file = '{"a":1}\r\n\n{"a":{"b":[1,2]}}\n{"a":"\\u4e00"}'
    expect(said(read(ndjson, [text(file)]))).toEqual([{ a: 1 }, { a: { b: [1, 2] } }, { a: '一' }])
  })

  it.each([
    ['no JSON', '{"a":'],
    ['a list', '[1]'],
    ['a number', '1'],
    ['null', 'null'],
    ['a field twice', '{"a":1,"a":2}'],
    ['a field twice, deep in it', '{"a":[{"b":1,"\\u0062":1}]}'],
    ['a field __proto__', '{"__proto__":1}'],
    ['two objects', '{"a":1}{"a":2}'],
  ])('has a fault in a line of %s, and goes on', (_, line) => {
    const records = read(ndjson, [text(`{"a":0}\n${line}\n{"a":2}\n`)]) as FileRecord[]
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(said(records)).toEqual([{ a: 0 }, 'malformed_json', { a: 2 }])
  })
})

describe('a line of 10 MB', () => {
  const long = 'x'.repeat(10_000_000)

  it.each([
    [
      'CSV',
      csv,
      `a,b\n1,2\n3,${long}\n5,6\n`,
      [
        { a: '1', b: '2' },
        { a: '5', b: '6' },
      ],
    ],
    ['NDJSON', ndjson, `{"a":1}\n{"a":"${long}"}\n{"a":5}\n`, [{ a: 1 }, { a: 5 }]],
  ])('of %s is a fault, and those around it are read', (_, format, file, [before, after]) => {
    const bytes = text(file)
    const size = 262_144
    const count = Math.ceil(bytes.length / size)
    const pieces = Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
    const records = read(format, pieces) as FileRecord[]
    expect(said(records)).toEqual([before, 'payload_too_large', after])
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3])
  })

  it('takes no row with it when a piece ends with it', () => {
    const pieces = ['a,b\n1,2\n3,', ...Array<string>(12).fill('x'.repeat(100_000)), 'x\n', '5,6\n']
    expect(said(read(csv, pieces.map(text)))).toEqual([
      { a: '1', b: '2' },
      'payload_too_large',
      { a: '5', b: '6' },
    ])
  })
})

describe('a file in two pieces', () => {
  const field = fc.string({
    unit: fc.constantFrom('a', 'é', '名', '𝄞', '"', ',', ';', '\n', '\r', ' ', '\t', '0'),
    maxLength: 6,
  })
  const file = fc.record({
    header: fc.constantFrom(['id', '名前', 'c d'], ['id']),
    rows: fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 5 }),
    separator: fc.constantFrom(',', ';', '\t', '|'),
    newline: fc.constantFrom('\n', '\r\n', '\r'),
    charset: fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'gb18030'),
    hasMark: fc.boolean(),
    hasEnd: fc.boolean(),
  })
  type File = typeof file extends fc.Arbitrary<infer T> ? T : never

  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`
  const write = ({ header, rows, separator, newline, charset, hasMark, hasEnd }: File) => {
    const lines = [header, ...rows.map((row) => row.slice(0, header.length).map(quoted))]
    const content = lines.map((line) => line.join(separator)).join(newline)
    const mark = hasMark && charset !== 'gb18030' ? '\uFEFF' : ''
    return bytesOf(mark + content + (hasEnd ? newline : ''), charset)
  }

  it('says the same wherever it is cut', () => {
    fc.assert(
      fc.property(file, (given) => {
        const bytes = write(given)
        const format = { ...csv, charset: given.charset }
        const whole = read(format, [bytes])
        // A mark is not cut: a piece has 256 KiB.
        for (let at = 3; at <= bytes.length; at++) {
          expect([at, read(format, cut(bytes, at))]).toEqual([at, whole])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('says what was written', () => {
    fc.assert(
      fc.property(file, (given) => {
        const { header, rows, charset } = given
        const values = rows.map((row) =>
          header.map((name, i) => [name, row[i]!.replaceAll(/\r\n?/g, '\n').trim()]),
        )
        const expected = values
          .filter((row) => row.length > 1 || row[0]![1] !== '')
          .map((row) => Object.fromEntries(row.filter(([, value]) => value !== '')))
        expect(said(read({ ...csv, charset }, [write(given)]))).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('says the same of NDJSON wherever it is cut', () => {
    const value = fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'grapheme' }), fc.nat()))
    const lines = fc.array(value, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n'), (objects, newline) => {
        const bytes = text(objects.map((each) => JSON.stringify(each) + newline).join(''))
        const whole = read(ndjson, [bytes])
        for (let at = 3; at <= bytes.length; at++) {
          expect(read(ndjson, cut(bytes, at))).toEqual(whole)
        }
      }),
      { numRuns: 100 },
    )
  })
})
