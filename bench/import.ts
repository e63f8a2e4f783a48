// npm run bench:import: rows a second that an import books and lists, and how many times as many as one call after the other, in one run.
import { call } from '../bin/api.ts'
import { serve } from './server.ts'

const MEMBERS = 500
const ROWS = 20_000
const CALLS = 400

interface Progress {
  id: string
  status: string
  booked: number
}

const { url, key, award, stop } = await serve()

/** Purchases of as many members, in no order of time. */
const file = () => {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const day = new Date(Date.now() - ((i * 7_919) % 720) * 86_400_000).toISOString().slice(0, 10)
    return `c${(i * 31) % MEMBERS},${day},${1_000 + (i % 9_000)}`
  })
  return ['externalId,occurredAt,total', ...rows, ''].join('\n')
}

/** Seconds that a file takes until all of it is booked and in the lists. */
const timed = async (name: string, query: string) => {
  const headers = { 'idempotency-key': name, 'content-type': 'text/csv' }
  const startedAt = performance.now()
  const post = { method: 'POST', headers, body: file() }
  let at = await call<Progress>(`${url}/v1/imports?${query}`, key, post)
  while (at.status !== 'done') {
    await new Promise((resolve) => setTimeout(resolve, 50))
    at = await call<Progress>(`${url}/v1/imports/${at.id}`, key, {})
  }
  if (at.booked !== ROWS) {
    throw new Error(`${at.booked} of ${ROWS} rows were booked`)
  }
  return (performance.now() - startedAt) / 1_000
}

const startedAt = performance.now()
for (let i = 0; i < CALLS; i++) {
  await award()
}
const calls = CALLS / ((performance.now() - startedAt) / 1_000)
const rows = ROWS / (await timed('bench', 'type=purchase&enrol=true'))
console.log(`import     ${rows.toFixed(0)} rows/s, ${MEMBERS} members enrolled with it`)
console.log(`calls      ${calls.toFixed(0)} awards/s`)
console.log(`ratio      ${(rows / calls).toFixed(2)}`)
await stop()
