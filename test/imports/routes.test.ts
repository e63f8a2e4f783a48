import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { importIdOf, jobOf } from '../../src/imports/client'
import { call } from '../http/api'
import { dumpOf, lines, look, type Office, openOffice } from './file'

const PIECE = 262_144

let office: Office

beforeAll(async () => {
  office = await openOffice()
})

describe('POST /v1/imports', () => {
  it('answers 202 when the file has come, and where it goes on', async () => {
    const file = lines('externalId', 'a')
    const { status, json, headers } = await office.post(file, 'type=member&name=First')
    expect([status, headers.get('upload-offset')]).toEqual([202, String(file.length)])
    expect(json).toMatchObject({ name: 'First', bytes: file.length, dryRun: false, detail: null })
    expect(await office.finished(json.id)).toMatchObject({ status: 'done', booked: 1 })
  })

  it.each([
    ['an unknown option', 'colour=green', 'validation_failed', 400],
    ['an unknown type', 'type=sale', 'validation_failed', 400],
    ['a type twice', 'type=member&type=member', 'validation_failed', 400],
    ['a separator of two signs', 'delimiter=ab', 'validation_failed', 400],
    ['a quote between fields', 'delimiter=%22', 'validation_failed', 400],
    ['a line feed between fields', 'delimiter=%0A', 'validation_failed', 400],
    ['a carriage return between fields', 'delimiter=%0D', 'validation_failed', 400],
    ['a field in two columns', 'column=total:a&column=total:b', 'validation_failed', 400],
    ['amounts in words', 'amounts=words', 'validation_failed', 400],
    ['a flag that is neither true nor false', 'enrol=1', 'validation_failed', 400],
    ['a column without a field', 'column=customer', 'validation_failed', 400],
    ['a column of an unknown field', 'column=colour:farbe', 'validation_failed', 400],
    ['a field that is none of a row', 'column=channel:where', 'validation_failed', 400],
    ['a name of nothing', 'name=', 'validation_failed', 400],
  ])('is refused with %s', async (_, query, code, status) => {
    expect(await office.post('externalId\na\n', query)).toMatchObject({ status, json: { code } })
  })

  it.each([
    ['application/json', 415, 'unsupported_media_type'],
    ['text/plain', 415, 'unsupported_media_type'],
    ['application/vnd.ms-excel', 415, 'unsupported_media_type'],
    ['text/csv; charset=klingon', 400, 'validation_failed'],
  ])('is refused as %s', async (type, status, code) => {
    const headers = { 'content-type': type }
    expect(await office.post('a', '', { headers })).toMatchObject({ status, json: { code } })
  })

  it.each([
    ['text/csv', 'type,externalId\nmember,'],
    ['TEXT/CSV; header=present; charset="UTF-8"', 'type,externalId\nmember,'],
    ['text/tab-separated-values', 'type\texternalId\nmember\t'],
    ['application/x-ndjson', '{"type":"member","externalId":"'],
    ['application/ndjson', '{"type":"member","externalId":"'],
    ['application/jsonl', '{"type":"member","externalId":"'],
  ])('takes %s', async (type, file) => {
    const end = file.startsWith('{') ? '"}' : ''
    const view = await office.run(file + type.length + end, '', {
      headers: { 'content-type': type },
    })
    expect(view).toMatchObject({ status: 'done', rows: 1, failed: 0 })
  })

  it.each(['false', 'true', '0', '1', '?2', '?0, ?0'])(
    'is refused, and begins nothing, where the file ends or not by the word %s',
    async (said) => {
      const key = `ends ${said}`
      const headers = { 'upload-complete': said }
      const { status, json } = await office.post('externalId\na\n', 'type=member', { key, headers })
      expect([status, json.code]).toEqual([400, 'validation_failed'])
      expect((await office.get(`/${importIdOf(office.shop.id, key)}`)).status).toBe(404)
    },
  )

  it('takes a file that says that it ends', async () => {
    const headers = { 'upload-complete': '?1' }
    const view = await office.run(lines('externalId', 'end'), 'type=member', { headers })
    expect(view).toMatchObject({ status: 'done', booked: 1 })
  })

  it('needs an Idempotency-Key', async () => {
    const { json } = await office.post('externalId\na\n', 'type=member', { key: '' })
    expect(json.code).toBe('idempotency_key_missing')
  })

  it('fails as a whole, with nothing booked, where one option is for another file', async () => {
    const { id: other } = await office.run('points;externalId\n5;a\n', 'type=balance&delimiter=,')
    expect((await office.get(`/${other}`)).json).toMatchObject({ status: 'failed', booked: 0 })
  })
})

describe('PATCH /v1/imports/:id', () => {
  const row = (i: number) => `p${i % 2},${'x'.repeat(60)}\n`
  const rows = Array.from({ length: PIECE / 16 }, (_, i) => row(i)).join('')
  const file = `externalId,more\n${rows}`.slice(0, 2 * PIECE + 999)
  const part = { 'upload-complete': '?0' }
  const begin = (length: number, key?: string) =>
    office.post(file.slice(0, length), 'type=member', { headers: part, ...(key && { key }) })

  it('goes on after the last whole piece of 256 KiB', async () => {
    const first = await begin(PIECE + 5)
    expect(first).toMatchObject({ status: 202, json: { status: 'uploading', bytes: PIECE } })
    expect(first.headers.get('upload-offset')).toBe(String(PIECE))
    const { id } = first.json
    const none = await office.patch(id, PIECE, file.slice(PIECE, PIECE + 100), part)
    expect(none.json).toMatchObject({ status: 'uploading', bytes: PIECE })
    const next = await office.patch(id, PIECE, file.slice(PIECE, 2 * PIECE), part)
    expect(next.json).toMatchObject({ status: 'uploading', bytes: 2 * PIECE })
    const last = await office.patch(id, 2 * PIECE, file.slice(2 * PIECE))
    expect(last.json).toMatchObject({ bytes: file.length })
    const view = await office.finished(id)
    expect(view).toMatchObject({ status: 'done', booked: 2, bytesRead: file.length })
    expect(view.rows).toBe(file.split('\n').length - (file.endsWith('\n') ? 2 : 1))
  })

  it('is the same file as one that comes in one call', async () => {
    const whole = await office.run(file, 'type=member')
    expect(whole.detail).toMatch('The same file was imported before')
  })

  it('may come with nothing but the end', async () => {
    const { json } = await office.post(lines('externalId', 'q'), 'type=member', { headers: part })
    expect(json).toMatchObject({ bytes: 0, status: 'uploading' })
    await office.patch(json.id, 0, lines('externalId', 'q2'))
    expect(await office.finished(json.id)).toMatchObject({ status: 'done', booked: 1 })
    expect(await office.member('q')).toBeUndefined()
  })

  it.each([
    ['before what there is', 1],
    ['beyond what there is', 2 * PIECE],
  ])('is refused %s, and says where to go on', async (_, offset) => {
    const { json } = await begin(PIECE)
    const refused = await office.patch(json.id, offset, 'x')
    expect(refused).toMatchObject({
      status: 409,
      json: {
        code: 'already_exists',
        detail: `The file has come up to byte ${PIECE}. Go on from there.`,
      },
    })
    expect(refused.headers.get('upload-offset')).toBe(String(PIECE))
    expect((await office.get(`/${json.id}`)).json).toMatchObject({ bytes: PIECE })
  })

  it.each(['false', '0', '?2'])('is refused where it ends or not by the word %s', async (said) => {
    const { json } = await begin(PIECE)
    const refused = await office.patch(json.id, PIECE, 'x', { 'upload-complete': said })
    expect([refused.status, refused.json.code]).toEqual([400, 'validation_failed'])
    expect(refused.headers.get('upload-offset')).toBe(String(PIECE))
    expect((await office.get(`/${json.id}`)).json.status).toBe('uploading')
  })

  it('begins anew at 0', async () => {
    const { json } = await begin(2 * PIECE)
    const again = await office.patch(json.id, 0, lines('externalId', 'z'))
    expect(again.json.bytes).toBe(13)
    expect(await office.finished(json.id)).toMatchObject({ status: 'done', rows: 1, booked: 1 })
  })

  it('begins anew by the call that began it, as one whose answer was lost', async () => {
    const { json } = await begin(PIECE, 'lost')
    const again = await begin(2 * PIECE, 'lost')
    expect(again).toMatchObject({ status: 202, json: { id: json.id, bytes: 2 * PIECE } })
  })

  it('is refused when the file was there', async () => {
    const { id } = await office.run(lines('externalId', 'y'), 'type=member')
    for (const offset of [0, 13]) {
      const { json, headers } = await office.patch(id, offset, 'x')
      expect(json).toMatchObject({
        code: 'already_exists',
        detail: 'This import takes no more of a file.',
      })
      expect(headers.get('upload-offset')).toBe('13')
    }
  })

  it('is over when the rest did not come in time: what came of the file is thrown away', async () => {
    const { json } = await begin(PIECE)
    const { id } = json
    const alarmAt = await runInDurableObject(jobOf(env, office.shop.id, id), (_, { storage }) =>
      storage.getAlarm(),
    )
    expect(alarmAt! - Date.now()).toBeGreaterThan(6 * 86_400_000)
    expect(await office.finished(id)).toMatchObject({ status: 'failed', rows: 0 })
    expect((await dumpOf(office.shop.id, id)).pieces).toEqual([])
    expect((await office.patch(id, PIECE, 'x')).status).toBe(409)
  })

  it.each([undefined, '', 'x', '-1', '1.5', '12345678901'])(
    'needs an offset: not %s',
    async (offset) => {
      const { json } = await begin(PIECE)
      const headers: Record<string, string> =
        offset === undefined ? {} : { 'upload-offset': offset }
      const answer = await call('PATCH', `/v1/imports/${json.id}`, {
        key: office.shop.key,
        body: 'x',
        headers,
      })
      expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } })
    },
  )

  it('keeps what came of a call that broke off', async () => {
    const { json } = await begin(PIECE)
    const chunks = [new TextEncoder().encode('p0\n'.repeat(1_500_000))]
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.pop()
        if (chunk === undefined) {
          throw new Error('The line dropped')
        }
        controller.enqueue(chunk)
      },
    })
    const headers = { 'upload-offset': String(PIECE) }
    const path = `/v1/imports/${json.id}`
    const { status } = await call('PATCH', path, { key: office.shop.key, body, headers })
    expect(status).toBe(500)
    const { bytes, phase } = await look(office.shop.id, json.id)
    expect([bytes, phase]).toEqual([17 * PIECE, 'uploading'])
  })
})

describe('GET /v1/imports', () => {
  it('lists those of the program, newest first, by pages', async () => {
    const other = await openOffice()
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) {
      ids.push((await other.run(lines('externalId', name), `type=member&name=${name}`)).id)
    }
    const first = await other.get('?limit=2')
    const second = await other.get(`?limit=2&cursor=${first.json.nextCursor}`)
    const all: string[] = [...first.json.data, ...second.json.data].map(({ id }) => id)
    expect(all.toSorted()).toEqual(ids.toSorted())
    expect([first.json.data.length, second.json.nextCursor]).toEqual([2, null])
    expect(first.json.data[0]).toEqual((await other.get(`/${first.json.data[0].id}`)).json)
    const shown = [...first.json.data, ...second.json.data]
    const times: string[] = shown.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().toReversed())
  })
})

describe('GET /v1/imports/:id/faults', () => {
  it('lists rows by pages, with the fields that are wrong', async () => {
    const file = lines('externalId,points', 'a,x', 'a,5', 'a,y', 'b,5', 'a,z')
    const { id } = await office.run(file, 'type=balance')
    const first = await office.get(`/${id}/faults?limit=2`)
    expect(first.json.data[0]).toEqual({
      row: 1,
      code: 'validation_failed',
      detail: expect.stringMatching(/^#\/points: /),
      errors: [{ pointer: '#/points', detail: expect.any(String) }],
    })
    const second = await office.get(`/${id}/faults?limit=2&cursor=${first.json.nextCursor}`)
    const rows = [...first.json.data, ...second.json.data].map(({ row }) => row)
    expect([rows, second.json.nextCursor]).toEqual([[1, 3, 4, 5], null])
  })

  it.each(['?cursor=x', '?limit=0', '?colour=green'])('is refused with %s', async (query) => {
    const { id } = await office.run(lines('externalId', `f${query.length}`), 'type=member')
    expect((await office.get(`/${id}/faults${query}`)).status).toBe(400)
  })
})

describe('an import that is unknown', () => {
  it.each([
    ['GET', ''],
    ['GET', '/faults'],
    ['POST', '/undo'],
    ['PATCH', ''],
  ])('is not found by %s %s', async (method, path) => {
    const answer = await call(method, `/v1/imports/unknown${path}`, {
      key: office.shop.key,
      headers: { 'upload-offset': '0' },
    })
    expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } })
  })

  it('is one of another program, though its key is the same', async () => {
    const other = await openOffice()
    const ours = await office.post(lines('externalId', 'same'), 'type=member', { key: 'same' })
    const theirs = await other.post(lines('externalId', 'same'), 'type=member', { key: 'same' })
    expect(theirs.status).toBe(202)
    expect(theirs.json.id).not.toBe(ours.json.id)
    expect((await other.get(`/${ours.json.id}`)).status).toBe(404)
  })
})
