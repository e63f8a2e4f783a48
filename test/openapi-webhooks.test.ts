import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { actOn } from '../src/webhooks/consumer'
import { type Answer, call, createProgram, enrol } from './http/api'
import { ask, find, surprises, toldIds, Walk } from './http/openapi'
import { payment, signature } from './webhooks/account'

describe('an answer about what providers tell', () => {
  const walk = new Walk()
  let given: Answer

  beforeAll(async () => {
    const { id: programId, key } = await createProgram()
    walk.usual = { key }
    const { id: memberId } = (await enrol(key, {})).json
    const secrets = ['whsec_a']
    const { json } = await walk.step('createEndpoint', { body: { provider: 'stripe', secrets } })
    const params = { provider: 'stripe', endpointId: json.id }
    const send = () => Promise.resolve()
    const tell = async (event: { id: string }, header?: string) => {
      const body = JSON.stringify(event)
      const headers = { 'stripe-signature': header ?? (await signature(secrets[0]!, body)) }
      const WEBHOOKS = { send } as unknown as Env['WEBHOOKS']
      await walk.step('receiveEvent', { params, body, headers, env: { WEBHOOKS } })
      const endpointId = json.id.split('_')[1]
      await actOn(env, { programId, endpointId, eventId: event.id })
    }
    const { id, intent, refunded } = payment('1')
    await tell(intent())
    await tell(intent(), 't=1,v1=0')
    await tell({ id: 'evt_x' })
    await tell(refunded(2000))
    await walk.step('receiveEvent', { params: { ...params, endpointId: 'x' }, body: '{}' })
    await walk.step('listEvents', { query: '?limit=1' })
    await walk.step('listPayments')
    await walk.step('listPayments', { query: '?cursor=x' })
    const claim = (paymentId: string, who: string) =>
      walk.step('claimPayment', { params: { id: paymentId }, body: { memberId: who } })
    await claim('stripe:pi_0', memberId)
    await claim(id, 'mv0000000000000')
    await claim(id, memberId)
    const tokens = await call('POST', `/v1/members/${memberId}/tokens`, { key, body: {} })
    given = await ask(find('exportMe'), { key: tokens.json.accessToken })
    const other = (await enrol(key, {})).json.id
    await claim(id, other)
    await call('DELETE', `/v1/members/${other}`, { key })
    await claim(id, other)
    await walk.step('replayEvent', { params: { position: 1 } })
    await walk.step('replayEvent', { params: { position: 99 } })
    await walk.step('listEndpoints')
    await walk.step('rotateSecrets', { params: { id: json.id }, body: { secrets } })
    await walk.step('rotateSecrets', { params: { id: 'x' }, body: { secrets } })
    await walk.step('deleteEndpoint', { params: { id: json.id } })
    await walk.step('deleteEndpoint', { params: { id: json.id } })
  })

  it.each(toldIds)('of %s is as described', (id) => {
    const { misfits, statuses, described } = walk.of(id)
    expect(misfits).toEqual([])
    expect(statuses).toEqual(described)
  })

  it('shows what was told in the export of whose it is', () => {
    expect(surprises(find('exportMe'), given)).toEqual([])
    expect([given.json.payments.length, given.json.webhookEvents.length]).toEqual([1, 2])
  })

  it('was given of every kind', () => {
    expect(toldIds).toHaveLength(9)
    expect([...walk.refusals].toSorted()).toEqual([
      'already_exists',
      'member_gone',
      'not_found',
      'unauthorized',
      'validation_failed',
    ])
  })
})
