// Starts Punchcard on this machine with a demo program, and prints how to call it.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { call, createProgram, Refused } from './api.ts'
import { claimPort, demoFile, ensureSecrets, isOpen, quit, runningPort } from './local.ts'
import { logFile, serve, wrangler } from './wrangler.ts'

interface Demo {
  key: string
  memberId: string
}

const port = Number(process.env.PORT ?? 8787)
const url = `http://localhost:${port}`

/** The demo of an earlier start, or null where there is none or its data was cleared. */
const savedDemo = async (): Promise<Demo | null> => {
  if (!existsSync(demoFile)) {
    return null
  }
  const demo = JSON.parse(readFileSync(demoFile, 'utf8')) as Demo
  try {
    await call(`${url}/v1/members/${demo.memberId}`, demo.key)
    return demo
  } catch (error) {
    if (error instanceof Refused && [401, 404, 410].includes(error.status)) {
      return null
    }
    throw error
  }
}

/** A new demo program in test mode with one member, remembered for the next start. */
const seedDemo = async (rootKey: string): Promise<Demo> => {
  const { key } = await createProgram(url, rootKey, {
    name: 'Demo',
    mode: 'test',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
    country: 'CN',
  })
  const member = await call<{ id: string }>(`${url}/v1/members`, key, {
    method: 'POST',
    headers: { 'idempotency-key': randomUUID() },
    body: JSON.stringify({ externalId: 'demo', name: 'Li Wei' }),
  })
  const demo = { key, memberId: member.id }
  writeFileSync(demoFile, JSON.stringify(demo), { mode: 0o600 })
  return demo
}

/** What Cloudflare does by wrangler.toml's `crons`; the local server leaves it to its user. */
const runCron = () => {
  fetch(`${url}/cdn-cgi/local/scheduled?cron=*/5+*+*+*+*`).catch(() => null)
}

const block = ({ key, memberId }: Demo, rootKey: string) => `
Punchcard  ${url}
Docs       ${url}/docs

PUNCHCARD_KEY=${key}
PUNCHCARD_ROOT_KEY=${rootKey}

Award a purchase of 129 yuan:

curl ${url}/v1/members/${memberId}/purchases \\
  -H 'Authorization: Bearer ${key}' \\
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
wrangler('d1', 'migrations', 'apply', 'DB', '--local')
const server = serve(port, claimPort(port))
try {
  await server.ready(`${url}/healthz`)
  setInterval(runCron, 5 * 60_000).unref()
  console.log(block((await savedDemo()) ?? (await seedDemo(rootKey)), rootKey))
} catch (error) {
  console.error(`Punchcard did not start: ${(error as Error).message}\nThe log is in ${logFile}.`)
  process.exitCode = 1
  server.stop()
}
