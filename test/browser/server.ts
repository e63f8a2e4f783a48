import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Demo } from '../../bin/demo.ts'

/** What the server needs of the project; the data it makes for itself. */
const files = [
  'bin',
  'migrations',
  'public',
  'src',
  'package.json',
  'tsconfig.json',
  'wrangler.toml',
]

export interface Server {
  url: string
  /** The storefront's address, as `npm start` prints it. */
  address: string
  demo: Demo
  stop: () => Promise<void>
}

/** A folder in which a server keeps data of its own. */
export function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'punchcard-browser-'))
  for (const file of files) {
    cpSync(file, join(home, file), { recursive: true })
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(home, 'node_modules'))
  return home
}

/** What `npm start` starts, on a free port, until `stop`. */
export async function startServer(home: string): Promise<Server> {
  const port = await freePort()
  const child = spawn(process.execPath, ['bin/start.ts'], {
    cwd: home,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
  try {
    const address = await addressFrom(child)
    const demo = JSON.parse(readFileSync(join(home, '.wrangler/demo.json'), 'utf8')) as Demo
    return { url: `http://localhost:${port}`, address, demo, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The first address that the server prints: a newcomer opens that. */
async function addressFrom(child: ChildProcess): Promise<string> {
  let said = ''
  child.stderr!.on('data', (data) => (said += data))
  for await (const data of child.stdout!) {
    said += data
    const address = /^Demo +(http\S+)$/m.exec(said)?.[1]
    if (address) {
      child.stdout!.resume()
      return address
    }
  }
  throw new Error(`The server did not start.\n${said}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? address!.port : 0
}
