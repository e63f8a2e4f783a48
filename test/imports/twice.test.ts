import { beforeEach, describe, expect, it } from 'vitest'
import { lines, type Office, openOffice } from './file'

const file = lines(
  'externalId,orderId,occurredAt,total',
  'a,SO-1,2026-11-01,10000',
  'a,,2026-11-02,500',
)
const query = 'type=purchase&enrol=true'

let office: Office

beforeEach(async () => {
  office = await openOffice()
})

describe('an import that is sent twice', () => {
  it('under one key is one, and the second answer says how far it is', async () => {
    const first = await office.run(file, query, { key: 'k' })
    const again = await office.post(file, query, { key: 'k' })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again).toMatchObject({ status: 202, json: first })
    expect(await office.standing('a')).toEqual([105, 'bronze'])
    expect((await office.get()).json.data).toHaveLength(1)
  })

  it.each([
    ['an option', file, 'type=purchase&enrol=true&amounts=major'],
    ['a name', file, `${query}&name=x`],
    ['a dry run', file, `${query}&dryRun=true`],
    ['another file', file.replace('10000', '20000'), query],
    ['a file of which more came', file + file, query],
    ['no file', '', query],
  ])('under one key with %s changed is refused', async (_, other, options) => {
    const first = await office.run(file, query, { key: 'k' })
    expect(await office.post(other, options, { key: 'k' })).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    })
    expect((await office.get(`/${first.id}`)).json).toEqual(first)
  })

  it('under another key is refused as a whole until the first is undone', async () => {
    const first = await office.run(file, query)
    const second = await office.run(file, query)
    expect(second).toMatchObject({
      status: 'failed',
      detail: `The same file was imported before: ${first.id}. Undo that first.`,
      booked: 0,
    })
    await office.undone(first.id)
    expect(await office.run(file, query)).toMatchObject({ status: 'done', booked: 2 })
    expect(await office.standing('a')).toEqual([105, 'bronze'])
  })

  it('is not refused for a dry run, before or after', async () => {
    const dry = `${query}&dryRun=true`
    expect(await office.run(file, dry)).toMatchObject({ status: 'done', booked: 2 })
    expect(await office.run(file, query)).toMatchObject({ status: 'done', booked: 2 })
    expect(await office.run(file, dry)).toMatchObject({ booked: 1, duplicates: 1 })
  })

  it('is not refused for another type, of which it says something else', async () => {
    const both = lines('externalId,occurredAt,total,points', 'a,2026-11-01,100,7')
    await office.run(both, query)
    expect(await office.run(both, 'type=balance')).toMatchObject({ booked: 1 })
    expect(await office.standing('a')).toEqual([8, 'bronze'])
  })

  it('counts orders once, and rows without an order by their import', async () => {
    await office.run(file, query)
    const more = await office.run(file + lines('a,SO-2,2026-11-03,700'), query)
    expect(more).toMatchObject({
      booked: 2,
      duplicates: 1,
      purchases: { rows: 2, amounts: { CNY: 1_200 }, points: 12 },
    })
    expect(await office.standing('a')).toEqual([117, 'bronze'])
  })

  it('knows an order that a till has told', async () => {
    await office.run(lines('externalId', 'a'), 'type=member')
    await office.shop.buy(await office.member('a'), 'SO-1', 100)
    await office.shop.post(await office.member('a'), 'refunds', {
      orderId: 'SO-1',
      refundId: 'R',
      amount: 1_000,
    })
    const told = lines(
      'type,externalId,orderId,refundId,occurredAt,total,amount',
      'purchase,a,SO-1,,2026-11-01,10000,',
      'refund,a,SO-1,R,2026-11-02,,1000',
      'refund,a,SO-1,R,2026-11-02,,2000',
    )
    const view = await office.run(told)
    expect(view).toMatchObject({ booked: 0, duplicates: 2, failed: 1 })
    expect(await office.faults(view.id)).toEqual([[3, 'already_exists']])
    expect(await office.standing('a')).toEqual([90, 'bronze'])
  })
})

describe('an import that failed', () => {
  const bad = new Uint8Array([0xff, 0xff])

  it('because its file was imported before begins anew under its key, once that is undone', async () => {
    const first = await office.run(file, query)
    const failed = await office.run(file, query, { key: 'k' })
    await office.undone(first.id)
    const again = await office.post(file, query, { key: 'k' })
    expect(again.json.id).toBe(failed.id)
    expect(again.headers.has('idempotent-replayed')).toBe(false)
    expect(await office.finished(failed.id)).toMatchObject({
      status: 'done',
      detail: null,
      booked: 2,
      createdAt: failed.createdAt,
    })
    expect(await office.standing('a')).toEqual([105, 'bronze'])
  })

  it('because its rest did not come in time begins anew, in parts too', async () => {
    const headers = { 'upload-complete': '?0' }
    const part = () => office.post('', query, { key: 'k', headers })
    const { id } = (await part()).json
    expect((await office.finished(id)).status).toBe('failed')
    expect((await part()).json).toMatchObject({ id, status: 'uploading', detail: null, bytes: 0 })
    await office.patch(id, 0, file)
    expect(await office.finished(id)).toMatchObject({ status: 'done', booked: 2 })
  })

  it('leaves no faults of before to the one that begins anew, which may be of another file', async () => {
    const wrong = lines(file.trim(), ...Array.from({ length: 20_000 }, () => 'a,x,2026-11-01,x'))
    const bytes = Buffer.concat([Buffer.from(wrong), bad])
    const failed = await office.run(bytes, query, { key: 'k' })
    expect([failed.status, (await office.faults(failed.id)).length]).toEqual(['failed', 100])
    const view = await office.run(file, query, { key: 'k' })
    expect(view).toMatchObject({ id: failed.id, status: 'done', rows: 2, booked: 2, failed: 0 })
    expect(await office.faults(view.id)).toEqual([])
  })

  it('does not begin anew with other options', async () => {
    await office.run(bad, query, { key: 'k' })
    const { json } = await office.post(file, `${query}&name=x`, { key: 'k' })
    expect(json.code).toBe('idempotency_key_reused')
  })
})

describe('two imports at once', () => {
  it('of one file are one, and the other is refused', async () => {
    const begun = await Promise.all([office.post(file, query), office.post(file, query)])
    const views = await Promise.all(begun.map(({ json }) => office.finished(json.id)))
    expect(views.map(({ status }) => status).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'done',
      'failed',
    ])
    expect(await office.standing('a')).toEqual([105, 'bronze'])
  })

  it('under one key are one', async () => {
    const begun = await Promise.all([
      office.post(file, query, { key: 'k' }),
      office.post(file, query, { key: 'k' }),
    ])
    // Who comes second may find that the first has sent it all.
    const { json } = begun.find(({ status }) => status === 202)!
    expect(begun.every(({ status, json: { id } }) => status === 409 || id === json.id)).toBe(true)
    expect(await office.finished(json.id)).toMatchObject({ status: 'done', booked: 2 })
    expect((await office.get()).json.data).toHaveLength(1)
    expect(await office.standing('a')).toEqual([105, 'bronze'])
  })

  it('of the same members and orders enrol each once and book each once', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `m${i % 12},SO-${i},2026-10-01,${100 * i}`)
    const header = 'externalId,orderId,occurredAt,total'
    const files = [lines(header, ...rows), lines(header, ...rows.toReversed(), 'm99,,2026-10-01,1')]
    const begun = await Promise.all(files.map((each) => office.post(each, query)))
    const views = await Promise.all(begun.map(({ json }) => office.finished(json.id)))
    const sum = (figure: (view: (typeof views)[0]) => number) =>
      views.reduce((all, view) => all + figure(view), 0)
    expect(sum(({ booked }) => booked)).toBe(61)
    expect(sum(({ duplicates }) => duplicates)).toBe(60)
    expect(sum(({ failed }) => failed)).toBe(0)
    expect(sum(({ members }) => members.enrolled)).toBe(13)
    expect(sum(({ purchases }) => purchases.points)).toBe((59 * 60) / 2)
    const { json } = await office.shop.get('/v1/members?limit=100')
    expect(json.data).toHaveLength(13)
  })
})
