import { SQL } from '../db'
import { describe, expect, it } from 'vitest'
import { bytesOf } from './bytes'
import { dumpOf, lines, openOffice } from './file'

describe('a file that cannot be read', () => {
  it.each([
    ['nothing in it', '', 'The file has no rows.'],
    ['a header alone', 'externalId,total\n', 'The file has no rows.'],
    [
      'no known column',
      'a,b\n1,2\n',
      'The file has no column that is known. Its first row names them.',
    ],
    ['two columns of one name', 'total,total\n1,2\n', 'Two columns are named "total".'],
    [
      'an open quote',
      'externalId,total\nc1,"10\n',
      'Row 1 has a quote that is not closed within 1 MB.',
    ],
  ])('fails as a whole with %s, and can be sent again', async (_, file, detail) => {
    const office = await openOffice()
    for (let time = 0; time < 2; time++) {
      const view = await office.run(file, 'type=purchase')
      expect(view).toMatchObject({ status: 'failed', detail, rows: 0, booked: 0 })
    }
  })

  it('fails without a column that was named', async () => {
    const office = await openOffice()
    const view = await office.run('externalId,total\nc1,1\n', 'type=purchase&column=total:paid')
    expect(view).toMatchObject({
      status: 'failed',
      detail: 'The file has no column paid. Its first row names them.',
    })
  })

  it('is read where the column that was named has blanks around it, here or there', async () => {
    const office = await openOffice()
    const file = lines(' Kunde ,points', 'a,5')
    const query = 'type=balance&enrol=true&column=externalId:%20Kunde%20'
    expect(await office.run(file, query)).toMatchObject({ status: 'done', booked: 1 })
  })

  it('fails where it is not of its charset, and is read where it is', async () => {
    const office = await openOffice()
    const file = bytesOf('externalId,name\nc1,名前\n', 'gb18030')
    const failed = await office.run(file, 'type=member')
    expect(failed).toMatchObject({ status: 'failed', rows: 0 })
    expect(failed.detail).toMatch('charset=gb18030')
    const headers = { 'content-type': 'text/csv; charset=GB18030' }
    expect(await office.run(file, 'type=member', { headers })).toMatchObject({ booked: 1 })
    const { json } = await office.shop.get('/v1/members?externalId=c1')
    expect(json.data[0].name).toBe('名前')
  })

  it.each([
    ['utf-16le', 'utf-16', ''],
    ['utf-16be', 'utf-16be', ''],
    ['utf-16le', 'utf-8', '\uFEFF'],
    ['utf-16be', 'utf-8', '\uFEFF'],
  ])('is read where it is %s, called %s, however long', async (charset, label, mark) => {
    const office = await openOffice()
    const rows = Array.from({ length: 6_000 }, (_, i) => `c${'x'.repeat(100)},${i % 2}`)
    const file = bytesOf(mark + lines('externalId,points', ...rows), charset)
    const headers = { 'content-type': `text/csv; charset=${label}` }
    const view = await office.run(file, 'type=balance', { headers })
    expect(view).toMatchObject({ status: 'done', rows: 6_000, failed: 6_000 })
  })

  it('fails, and is not tried for ever, when a quote is open for megabytes', async () => {
    const office = await openOffice()
    const file = `externalId,name\nc1,"${'名前\n'.repeat(400_000)}`
    const view = await office.run(file, 'type=member')
    expect(view).toMatchObject({
      status: 'failed',
      detail: 'Row 1 has a quote that is not closed within 1 MB.',
    })
  })

  it('has a fault where a line has 10 MB', async () => {
    const office = await openOffice()
    const file = lines('externalId,name', 'c1,a', `c2,${'x'.repeat(10_000_000)}`, 'c3,b')
    const view = await office.run(file, 'type=member')
    expect(view).toMatchObject({ status: 'done', rows: 3, booked: 2, failed: 1 })
    expect(await office.faults(view.id)).toEqual([[2, 'payload_too_large']])
  })
})

describe('what is left of a file', () => {
  it('is nothing that says who anybody is', async () => {
    const office = await openOffice()
    const who = 'li.wei@example.com'
    const done = await office.run(`email,points\nx,1\n${who},5`, 'type=balance&enrol=true')
    const failed = await office.run(`${who},5\n${who},6\n`, 'type=balance')
    const broken = await office.run(`email,points\n${who},5\n"${who},6`, 'type=balance')
    expect([done, failed, broken].map(({ status }) => status)).toEqual(['done', 'failed', 'failed'])
    for (const { id } of [done, failed, broken]) {
      expect(JSON.stringify(await dumpOf(office.shop.id, id))).not.toContain('li.wei')
    }
    const rows = await SQL.prepare('SELECT * FROM imports WHERE program_id = ?')
      .bind(office.shop.id)
      .all()
    expect(JSON.stringify(rows.results)).not.toContain('li.wei')
  })
})
