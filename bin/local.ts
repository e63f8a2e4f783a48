import { randomBytes, randomInt } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { parseEnv } from 'node:util'
import { newKeys } from './token-keys.ts'

/** The secrets of the local deployment, read by `wrangler dev`. */
export const secretsFile = '.dev.vars'
/** The demo program's key and member, written by `npm start`. */
export const demoFile = '.wrangler/demo.json'
/** The port of the server that runs on this folder's data; gone when it has stopped. */
const portFile = '.wrangler/port'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const fresh = {
  ROOT_KEY: () => `pc_root_${Array.from({ length: 32 }, () => base62[randomInt(62)]).join('')}`,
  PROFILE_KEY: () => randomBytes(32).toString('base64'),
  TOKEN_KEYS: newKeys,
}

/** The local secrets by name; `{}` where `npm start` has not made them yet. */
export const readSecrets = (file = secretsFile): Record<string, string | undefined> =>
  existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}

/** Where a libSQL database is. */
export interface Libsql {
  url: string
  authToken: string | undefined
}

/** The libSQL database that the environment or `.dev.vars` names; undefined where D1 is used. */
export const libsqlOf = (): Libsql | undefined => {
  const { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken } = { ...readSecrets(), ...process.env }
  return url ? { url, authToken } : undefined
}

/** Adds the secrets that are missing to `.dev.vars`, readable by its owner alone. */
export const ensureSecrets = () => {
  const secrets = readSecrets()
  for (const [name, make] of Object.entries(fresh)) {
    secrets[name] ||= make()
  }
  writeSecrets(secretsFile, secrets)
  return secrets
}

/** Writes secrets to a file that its owner alone can read. */
export const writeSecrets = (file: string, secrets: Record<string, string | undefined>) => {
  // Single quotes: JSON has double ones.
  const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value ?? ''}'\n`)
  writeFileSync(file, lines.join(''), { mode: 0o600 })
  chmodSync(file, 0o600)
}

/** Whether something accepts connections on this port of the local machine. */
export const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })

/** The port of the server that uses this folder's data, or null when none does. */
export const runningPort = async (): Promise<number | null> => {
  if (!existsSync(portFile)) {
    return null
  }
  const port = Number(readFileSync(portFile, 'utf8'))
  return (await isOpen(port)) ? port : null
}

/** Notes the port while the server runs; returns what forgets it again. */
export const claimPort = (port: number) => {
  writeFileSync(portFile, `${port}\n`)
  return () => rmSync(portFile, { force: true })
}

/** Ends the program with one plain sentence on stderr. */
export const quit = (message: string): never => {
  console.error(message)
  process.exit(1)
}
