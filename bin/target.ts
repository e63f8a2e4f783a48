import { existsSync, readFileSync } from 'node:fs'
import { demoFile, quit, readSecrets, runningPort } from './local.ts'

const text = { type: 'string' } as const

/** The options by which a command finds its deployment. */
export const targetOptions = { url: text, key: text, 'root-key': text }

export interface Target {
  url: string
  isLocal: boolean
}

/** The deployment that is meant: the one that runs in this folder unless an address says another. */
export const targetOf = async ({ url }: { url?: string | undefined }): Promise<Target> => {
  const port = process.env.PORT ?? (await runningPort()) ?? 8787
  const address = (url ?? `http://localhost:${port}`).replace(/\/+$/, '')
  if (!URL.canParse(address)) {
    quit(`${address} is no address.`)
  }
  const { hostname } = new URL(address)
  return { url: address, isLocal: ['localhost', '127.0.0.1'].includes(hostname) }
}

/** The root key: given, in PUNCHCARD_ROOT_KEY, or the local one. */
export const rootKeyOf = ({ isLocal }: Target, given: string | undefined): string =>
  given ??
  process.env.PUNCHCARD_ROOT_KEY ??
  (isLocal ? readSecrets().ROOT_KEY : undefined) ??
  quit('The root key is missing: set PUNCHCARD_ROOT_KEY or give --root-key.')

/** A program's secret key: given, in PUNCHCARD_KEY, or that of the local demo. */
export const keyOf = ({ isLocal }: Target, given: string | undefined): string =>
  given ??
  process.env.PUNCHCARD_KEY ??
  (isLocal && existsSync(demoFile)
    ? (JSON.parse(readFileSync(demoFile, 'utf8')) as { key: string }).key
    : undefined) ??
  quit('The key is missing: set PUNCHCARD_KEY or give --key.')
