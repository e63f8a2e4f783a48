// npm run keys -- rotate [--file .env.production]
import { parseArgs } from 'node:util'
import { quit, readSecrets, secretsFile, writeSecrets } from './local.ts'
import { newKeys, rotated } from './token-keys.ts'

const usage = `npm run keys -- rotate
  --file <file>   default ${secretsFile}; the file whose TOKEN_KEYS goes on by one key

The next key was published before it signs; what the last one signed is good until it ends. Afterwards:
  npx wrangler deploy --secrets-file <file>`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { file: { type: 'string', default: secretsFile } },
})
if (positionals.join(' ') !== 'rotate') {
  quit(usage)
}
const secrets = readSecrets(values.file)
secrets.TOKEN_KEYS = secrets.TOKEN_KEYS ? rotated(secrets.TOKEN_KEYS) : newKeys()
writeSecrets(values.file, secrets)
const { keys } = JSON.parse(secrets.TOKEN_KEYS) as { keys: { kid: string }[] }
const [signing, next, ...before] = keys
console.log(
  `${signing?.kid} signs from now on, ${next?.kid} after the next time; ${before.length} before it still verify.`,
)
