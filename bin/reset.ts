// Clears the local data: database, ledgers and demo program. The secrets in .dev.vars stay.
import { rmSync } from 'node:fs'
import { demoFile, quit, runningPort } from './local.ts'

const port = await runningPort()
if (port) {
  quit(`Punchcard runs on port ${port} with this data. Stop it first, then reset.`)
}
rmSync('.wrangler/state', { recursive: true, force: true })
rmSync(demoFile, { force: true })
console.log('Local data cleared. `npm start` begins anew.')
