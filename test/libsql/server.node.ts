import { createClient } from '@libsql/client/web'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { it } from 'node:test'
import { serve } from './server.ts'

it('serves on after a caller who hangs up in the middle of a call, as a killed object does', async () => {
  const { url, close } = await serve()
  const caller = connect(Number(new URL(url).port), '127.0.0.1')
  caller.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n{')
  await once(caller, 'data')
  caller.destroy()
  const { rows } = await createClient({ url }).execute('SELECT 1 AS one')
  close()
  assert.equal(rows[0]?.one, 1)
})
