import { beforeAll, describe, expect, it } from 'vitest'
import { createProgram, enrol } from './http/api'
import { type Asked, importIds, Walk } from './http/openapi'
import { finish } from './imports/file'

const PIECE = 262_144

describe('an answer about files', () => {
  const walk = new Walk()
  const csv = { 'content-type': 'text/csv' }
  const part = { ...csv, 'upload-complete': '?0' }

  beforeAll(async () => {
    const { id: programId, key } = await createProgram()
    walk.usual = { key }
    const { id: memberId } = (await enrol(key, { externalId: 'a' })).json
    const start = async (body: string, asked: Asked = {}) =>
      (await walk.step('startImport', { body, headers: csv, ...asked })).json.id as string
    const file =
      'externalId,orderId,occurredAt,total\na,SO-1,2025-03-10,60000\nb,SO-2,2025-03-10,x\n'
    const once = {
      query:
        '?type=purchase&enrol=false&dryRun=false&amounts=minor&delimiter=,&name=May&column=orderId:orderId',
      headers: { ...csv, 'idempotency-key': 'once' },
    }
    const id = await start(file, once)
    const params = { id }
    await walk.step('getImport', { params })
    await finish(programId, id)
    await walk.step('getImport', { params })
    await start(file, once)
    await walk.step('startImport', {
      body: file,
      query: '?type=purchase&name=other',
      headers: { ...csv, 'idempotency-key': 'once' },
    })
    await walk.step('listImportFaults', { params })
    await walk.step('undoImport', { params })
    await finish(programId, id)
    await walk.step('listEntries', { params: { id: memberId } })

    await finish(programId, await start('colour\nred\n'))

    const long = await start('externalId\n'.repeat(PIECE / 11 + 1), { headers: part })
    const append = (headers: Record<string, string>, named = long) =>
      walk.step('appendToImport', { params: { id: named }, body: 'a\n', headers })
    await append({ 'upload-offset': String(PIECE), 'upload-complete': '?0' })
    await append({ 'upload-offset': '1' })
    await append({ 'upload-offset': 'x' })
    await append({ 'upload-offset': String(PIECE), 'upload-complete': 'false' })
    await append({ 'upload-offset': '9999999999' })
    await append({ 'upload-offset': '9999999999' }, 'x')
    await append({ 'upload-offset': String(PIECE) })

    const dry = await start(file, { query: '?type=purchase&dryRun=true' })
    await walk.step('undoImport', { params: { id: dry } })
    await walk.step('undoImport', { params: { id: 'x' } })
    await walk.step('listImports', { query: '?limit=2' })
    await walk.step('listImports', { query: '?cursor=x' })
    await walk.step('startImport', { body: '{}', headers: { 'content-type': 'application/json' } })
    await walk.step('startImport', { body: 'x', query: '?column=colour:x' })
  })

  it.each(importIds)('of %s is as described', (id) => {
    const { misfits, statuses, described } = walk.of(id)
    expect(misfits).toEqual([])
    expect(statuses).toEqual(described)
  })

  it('says when it was given before', () => {
    const replayed = walk.answers.filter((answer) => answer.isReplayed)
    expect(replayed.map(({ id, status }) => `${id} ${status}`)).toEqual(['startImport 202'])
  })

  it('was given of every kind', () => {
    expect(importIds).toHaveLength(6)
    expect([...walk.refusals].toSorted()).toEqual([
      'already_exists',
      'idempotency_key_reused',
      'not_found',
      'unsupported_media_type',
      'validation_failed',
    ])
  })

  it('has shown the field that only an import makes', () => {
    expect(walk.fields).toContain('undo')
  })
})
