import { beforeAll, describe, expect, it } from 'vitest'
import { lines, type Office, openOffice } from './file'

let office: Office
beforeAll(async () => {
  office = await openOffice()
  await office.run(lines('externalId', 'a'), 'type=member')
})

/** What the faults of a file say. */
const told = async (file: string, query: string): Promise<string[]> => {
  const { id } = await office.run(file, query)
  const { data } = (await office.get(`/${id}/faults`)).json
  return data.map(({ detail }: { detail: string }) => detail)
}

describe('what a fault says', () => {
  it('does not name an order that is unknown: it outlives who ordered', async () => {
    const file = lines('externalId,orderId,amount', 'a,SECRET-1,100')
    const { id } = await office.run(file, 'type=refund')
    const { text, json } = await office.get(`/${id}/faults`)
    expect(json.data).toMatchObject([
      { code: 'not_found', detail: 'This member has no such purchase.' },
    ])
    expect(text).not.toContain('SECRET')
  })

  it('is that there is no such member where there is none', async () => {
    const file = lines('memberId,orderId,amount', 'mp0000000000000,SO-1,100')
    expect(await told(file, 'type=refund')).toEqual(['There is no such member.'])
  })

  it('is how far back an import reaches, which is further than a call', async () => {
    const file = lines(
      'externalId,orderId,occurredAt,total',
      'a,SO-1,1969-12-31,100',
      'a,SO-2,1970-01-02,100',
      'a,SO-3,2027-01-01,100',
    )
    const detail = 'occurredAt is more than 5 minutes ahead or before 1970.'
    expect(await told(file, 'type=purchase')).toEqual([detail, detail])
  })

  it('is how amounts are written where one is a decimal', async () => {
    const file = lines('externalId,orderId,occurredAt,total', 'a,SO-9,2026-11-01,129.00')
    expect(await told(file, 'type=purchase')).toEqual([
      '#/total: Amounts are whole minor units (12900) unless the import says amounts=major (129.00).',
    ])
    expect(await told(file, 'type=purchase&amounts=major')).toEqual([])
  })
})
