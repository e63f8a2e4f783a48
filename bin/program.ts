// npm run program -- create --name 'My shop' --mode live --currency EUR --time-zone Europe/Vienna
import { parseArgs } from 'node:util'
import { createProgram } from './api.ts'
import { quit } from './local.ts'
import { rootKeyOf, targetOf, targetOptions } from './target.ts'

const usage = `npm run program -- create
  --name <name>          default Shop
  --mode live|test       default test; a program keeps it for ever
  --currency <code>      default CNY
  --time-zone <zone>     default Asia/Shanghai
  --country <code>       how phone numbers without a country code are read
  --clock <time>         where the time of a test program begins (RFC 3339); it stands still until it is moved
  --url <address>        default: the server of this folder
  --root-key <key>       default PUNCHCARD_ROOT_KEY, or the local .dev.vars`

const text = { type: 'string' } as const

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
        ...targetOptions,
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
  const target = await targetOf(values)
  const { url } = target
  const rootKey = rootKeyOf(target, values['root-key'])
  try {
    const program = { name, mode, currency, timeZone, country, clock }
    const { id, key } = await createProgram(url, rootKey, program)
    console.log(`id   ${id}\nkey  ${key}\nThe key is shown this once.`)
  } catch (error) {
    quit(`${url}: ${(error as Error).message}`)
  }
}
