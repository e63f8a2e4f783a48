// npm run program -- create --name 'My shop' --mode live --currency EUR --time-zone Europe/Vienna
import { parseArgs } from 'node:util'
import { createProgram } from './api.ts'
import { quit, readSecrets, runningPort } from './local.ts'

const usage = `npm run program -- create
  --name <name>          default Shop
  --mode live|test       default test; a program keeps it for ever
  --currency <code>      default CNY
  --time-zone <zone>     default Asia/Shanghai
  --country <code>       how phone numbers without a country code are read
  --clock <time>         where the time of a test program begins (RFC 3339); it stands still until it is moved
  --url <address>        default http://localhost:8787
  --root-key <key>       default PUNCHCARD_ROOT_KEY, or the local .dev.vars`

const text = { type: 'string' } as const
const localPort = process.env.PORT ?? (await runningPort()) ?? 8787

const parse = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        name: { ...text, default: 'Shop' },
        mode: { ...text, default: 'test' },
        currency: { ...text, default: 'CNY' },
        'time-zone': { ...text, default: 'Asia/Shanghai' },
        country: text,
        clock: text,
        url: { ...text, default: `http://localhost:${localPort}` },
        'root-key': text,
      },
    })
  } catch (error) {
    return quit(`${(error as Error).message}\n\n${usage}`)
  }
}

const { positionals, values } = parse()
const { name, mode, currency, 'time-zone': timeZone, country, clock } = values
if (positionals.join(' ') !== 'create') {
  quit(usage)
} else {
  const url = values.url.replace(/\/+$/, '')
  const isLocal = ['localhost', '127.0.0.1'].includes(new URL(url).hostname)
  const rootKey =
    values['root-key'] ??
    process.env.PUNCHCARD_ROOT_KEY ??
    (isLocal ? readSecrets().ROOT_KEY : undefined) ??
    quit('The root key is missing: set PUNCHCARD_ROOT_KEY or give --root-key.')
  try {
    const program = { name, mode, currency, timeZone, country, clock }
    const { id, key } = await createProgram(url, rootKey, program)
    console.log(`id   ${id}\nkey  ${key}\nThe key is shown this once.`)
  } catch (error) {
    quit(`${url}: ${(error as Error).message}`)
  }
}
