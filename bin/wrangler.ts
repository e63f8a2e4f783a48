import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Libsql, quit } from './local.ts'

/** Everything that the local server says. */
export const logFile = '.wrangler/dev.log'

const script = 'node_modules/wrangler/bin/wrangler.js'

// Nothing here may ask, phone home or decorate: the reader waits for one block.
const env = {
  ...process.env,
  CI: '1',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_WRITE_LOGS: 'false',
}

/** Runs one wrangler command in silence, or ends with its words. */
export const wrangler = (...args: string[]) => {
  const options = { env, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], options)
  if (status !== 0) {
    quit(`wrangler ${args.join(' ')} failed.\n${stdout}${stderr}`)
  }
}

/** Serves on `port` of this machine alone until `stop` or a signal; `onEnd` runs when it is over. */
export const serve = (port: number, libsql: Libsql | undefined, onEnd: () => void) => {
  const args = [script, 'dev', '--ip', '127.0.0.1', '--port', `${port}`, '--inspector-port', '0']
  args.push('--var', `LIBSQL_URL:${libsql?.url ?? ''}`)
  // Of .dev.vars wrangler reads only what wrangler.toml names, and the token is optional.
  if (libsql?.authToken) {
    args.push('--var', `LIBSQL_AUTH_TOKEN:${libsql.authToken}`)
  }
  const child = spawn(process.execPath, [...args, '--show-interactive-dev-session', 'false'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = createWriteStream(logFile)
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })

  let stopping = false
  const stop = () => {
    stopping = true
    child.kill('SIGTERM')
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // A signal that ends npm ends its shell and goes no further.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop(), 500).unref()
  child.once('exit', () => {
    onEnd()
    if (stopping) {
      process.exit()
    }
    quit(`The server ended.\n${readFileSync(logFile, 'utf8')}`)
  })

  /** Resolves once `url` answers; from then on the server's errors are shown. */
  const ready = async (url: string) => {
    await answers(url)
    child.stderr.pipe(process.stderr)
  }
  return { ready, stop }
}

const answers = async (url: string) => {
  for (let triesLeft = 600; triesLeft > 0; triesLeft--) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok) {
      return
    }
    await sleep(100)
  }
  throw new Error(`${url} did not answer within a minute.`)
}
