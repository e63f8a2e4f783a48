import { createClient } from '@libsql/client/web'
import { randomUUID } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../bin/migrate.ts'
import { serve } from './server.ts'

/** One migrated libSQL database for the run; told to the tests as the Worker's bindings. */
export default async function setup(project: TestProject) {
  const authToken = randomUUID()
  const { url, close } = await serve({ token: authToken })
  await migrate(createClient({ url, authToken }))
  project.provide('libsql', { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken })
  return close
}
