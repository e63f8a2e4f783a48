// Starts Punchcard on this machine with a demo program, and prints how to call it.
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { addressOf, type Demo, ensureDemo } from './demo.ts'
import { claimPort, ensureSecrets, isOpen, libsqlOf, quit, runningPort } from './local.ts'
import { migrateLibsql } from './migrate.ts'
import { logFile, serve, wrangler } from './wrangler.ts'

const port = Number(process.env.PORT ?? 8787)
const url = `http://localhost:${port}`

/** What Cloudflare does by wrangler.toml's `crons`; the local server leaves it to its user. */
const runCron = () => {
  fetch(`${url}/cdn-cgi/local/scheduled?cron=*/5+*+*+*+*`).catch(() => null)
}

const block = (demo: Demo, rootKey: string) => `
Demo       ${addressOf(url, demo)}
Punchcard  ${url}
Docs       ${url}/docs

PUNCHCARD_KEY=${demo.key}
PUNCHCARD_ROOT_KEY=${rootKey}

Award a purchase of 129 yuan:

curl ${url}/v1/members/${demo.memberId}/purchases \\
  -H 'Authorization: Bearer ${demo.key}' \\
  -H 'Idempotency-Key: ${randomUUID()}' \\
  -H 'Content-Type: application/json' \\
  -d '{
    "orderId": "demo-${Date.now()}",
    "currency": "CNY",
    "lines": [{"sku": "TEA-1", "quantity": 1, "amount": 12900}],
    "channel": "pos"
  }'

Stop with Ctrl+C. The log is in ${logFile}.
`

if (!Number.isInteger(port) || port < 1 || port > 65535) {
  quit(`PORT must be a number from 1 to 65535, not "${process.env.PORT}".`)
}
const running = await runningPort()
if (running) {
  quit(`Punchcard already runs here: http://localhost:${running}`)
}
if (await isOpen(port)) {
  quit(`Port ${port} is in use. Choose another: PORT=${port + 1} npm start`)
}
mkdirSync('.wrangler', { recursive: true })
const { ROOT_KEY: rootKey = '' } = ensureSecrets()
const libsql = libsqlOf()
if (libsql) {
  await migrateLibsql(libsql)
} else {
  wrangler('d1', 'migrations', 'apply', 'DB', '--local')
}
const server = serve(port, libsql, claimPort(port))
try {
  await server.ready(`${url}/healthz`)
  setInterval(runCron, 5 * 60_000).unref()
  console.log(block(await ensureDemo(url, rootKey), rootKey))
} catch (error) {
  console.error(`Punchcard did not start: ${(error as Error).message}\nThe log is in ${logFile}.`)
  process.exitCode = 1
  server.stop()
}
