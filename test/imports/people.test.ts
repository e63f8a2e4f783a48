import { beforeEach, describe, expect, it } from 'vitest'
import { lines, type Office, openOffice } from './file'

const ndjson = { headers: { 'content-type': 'application/x-ndjson' } }
const purchase = (who: object, orderId: string) => ({
  type: 'purchase',
  ...who,
  orderId,
  occurredAt: '2026-11-01',
  total: 1_000,
})
const member = (who: object) => ({ type: 'member', ...who })

let office: Office
const run = (rows: object[], query = 'enrol=true') =>
  office.run(lines(...rows.map((row) => JSON.stringify(row))), query, ndjson)

beforeEach(async () => {
  office = await openOffice()
})

describe('a row that says several things of whose it is', () => {
  it.each([false, true])(
    'is whose the first of memberId, externalId, cardNumber, email and phone says, with enrol=%s',
    async (enrol) => {
      await run([member({ externalId: 'a', email: 'a@example.com', phone: '13912345678' })])
      await run([member({ externalId: 'b', email: 'b@example.com' })])
      const memberId = await office.member('a')
      const { cardNumber } = (await office.shop.get(`/v1/members/${memberId}`)).json
      const rows = [
        { memberId, externalId: 'b', points: 1 },
        { externalId: 'b', cardNumber, points: 10 },
        { cardNumber, email: 'b@example.com', points: 100 },
        { email: 'b@example.com', phone: '13912345678', points: 1_000 },
      ]
      const view = await run(rows, `type=balance&enrol=${enrol}`)
      expect(view).toMatchObject({ booked: 4, members: { known: 2, enrolled: 0 } })
      expect(await office.standing('a')).toEqual([101, 'bronze'])
      expect(await office.standing('b')).toEqual([1_010, 'bronze'])
    },
  )
})

describe('a row that names a memberId or a cardNumber', () => {
  it('enrols nobody, whether it is known or not', async () => {
    await run([member({ externalId: 'a' })])
    const memberId = await office.member('a')
    const { cardNumber } = (await office.shop.get(`/v1/members/${memberId}`)).json
    const view = await run([
      purchase({ memberId, externalId: 'new1' }, 'SO-1'),
      purchase({ cardNumber, email: 'new2@example.com' }, 'SO-2'),
      purchase({ memberId: 'mp0000000000000', externalId: 'new3' }, 'SO-3'),
    ])
    expect(view).toMatchObject({ booked: 2, members: { known: 1, enrolled: 0 } })
    expect(await office.faults(view.id)).toEqual([[3, 'not_found']])
    expect((await office.shop.get('/v1/members')).json.data).toHaveLength(1)
  })

  it('is a fault where it is to be a member: both are given here', async () => {
    await run([member({ externalId: 'a' })])
    const memberId = await office.member('a')
    const { cardNumber } = (await office.shop.get(`/v1/members/${memberId}`)).json
    const view = await run([
      member({ memberId, externalId: 'h' }),
      member({ cardNumber, externalId: 'h' }),
    ])
    expect(view).toMatchObject({ booked: 0, duplicates: 0, failed: 2 })
    expect(await office.member('h')).toBeUndefined()
  })
})

describe('people of member rows', () => {
  const named = purchase({ email: 'c@example.com' }, 'SO-1')
  const about = member({ externalId: 'c', email: 'c@example.com', name: 'Li Wei' })
  const own = purchase({ externalId: 'c' }, 'SO-2')

  it.each([
    ['first', [about, named, own]],
    ['between those who are named', [named, about, own]],
    ['last', [named, own, about]],
  ])('are enrolled before who is only named, standing %s', async (_, rows) => {
    const expected = { booked: 3, failed: 0, members: { known: 0, enrolled: 1 } }
    expect(await run(rows, 'enrol=true&dryRun=true')).toMatchObject(expected)
    expect(await run(rows)).toMatchObject(expected)
    const { json } = await office.shop.get('/v1/members?email=c@example.com')
    expect(json.data).toMatchObject([{ externalId: 'c', name: 'Li Wei' }])
    expect(await office.standing('c')).toEqual([20, 'bronze'])
  })

  it('are so behind more people than a step takes, and nobody is left out', async () => {
    const others = Array.from({ length: 230 }, (_, i) =>
      purchase({ externalId: `o${i}` }, `SO-o${i}`),
    )
    const view = await run([named, ...others, own, about])
    expect(view).toMatchObject({ booked: 233, failed: 0, members: { known: 0, enrolled: 231 } })
    expect(await office.standing('c')).toEqual([20, 'bronze'])
  })
})

describe('a row that says of somebody known what is not theirs', () => {
  const rows = [
    purchase({ externalId: 'a', email: 'new@example.com' }, 'SO-1'),
    purchase({ externalId: 'a', email: 'b@example.com' }, 'SO-2'),
    purchase({ externalId: 'a' }, 'SO-3'),
  ]
  const wrong = member({ externalId: 'a', email: 'b@example.com' })

  beforeEach(async () => {
    await run([member({ externalId: 'a' }), member({ externalId: 'b', email: 'b@example.com' })])
  })

  it('is booked by what it says first, and changes nothing of them', async () => {
    const view = await run(rows)
    expect(view).toMatchObject({ booked: 3, failed: 0, members: { known: 1, enrolled: 0 } })
    expect(await office.standing('a')).toEqual([30, 'bronze'])
    const { json } = await office.shop.get('/v1/members?externalId=a')
    expect(json.data).toMatchObject([{ email: null }])
  })

  it.each([
    ['first', [wrong, ...rows], 1],
    ['last', [...rows, wrong], 4],
  ])('is a fault where it is a member, standing %s, and that alone', async (_, all, number) => {
    const dry = await run(all, 'enrol=true&dryRun=true')
    const view = await run(all)
    for (const each of [dry, view]) {
      expect(each).toMatchObject({ booked: 3, failed: 1 })
      expect(await office.faults(each.id)).toEqual([[number, 'already_exists']])
    }
    expect(await office.standing('a')).toEqual([30, 'bronze'])
  })
})

describe('member rows of one person', () => {
  it('count each by itself: with another e-mail a fault, with the same a duplicate', async () => {
    const rows = ['e@example.com', 'e@example.com', undefined, 'other@example.com'].map((email) =>
      member({ externalId: 'e', email }),
    )
    const all = [...rows, purchase({ externalId: 'e' }, 'SO-1')]
    const dry = await run(all, 'dryRun=true')
    const view = await run(all)
    for (const each of [dry, view]) {
      expect(each).toMatchObject({ booked: 2, duplicates: 2, failed: 1 })
      expect(each.members).toEqual({ known: 0, enrolled: 1 })
      expect(await office.faults(each.id)).toEqual([[4, 'already_exists']])
    }
  })

  it('are taken one as quickly as the other, 20,000 of them in several pieces', async () => {
    const row = `a,${'x'.repeat(60)}`
    const file = lines('externalId,more', ...Array.from({ length: 20_000 }, () => row))
    const view = await office.run(file, 'type=member')
    expect(view).toMatchObject({ rows: 20_000, booked: 1, duplicates: 19_999, failed: 0 })
  }, 15_000)
})
