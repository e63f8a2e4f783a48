import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Miniflare } from 'miniflare'
import { call, createProgram } from '../bin/api.ts'
import { wrangler } from '../bin/wrangler.ts'

const outDir = '.wrangler/upload'
const persist = '.wrangler/bench'
const rootKey = 'pc_root_bench'

const settings = { compatibilityDate: '2026-11-01', compatibilityFlags: ['nodejs_compat'] }

/** The modules of a folder as workerd takes them. */
const manifest = (folder: string, mainModule: string, files: string[]) => ({
  mainModule,
  modulesRoot: resolve(folder),
  modules: Object.fromEntries(
    files.map((file) => [
      file,
      {
        type: file.endsWith('.js') ? ('esm' as const) : ('text' as const),
        contents: readFileSync(join(folder, file), 'utf8'),
      },
    ]),
  ),
})

/**
 * Serves the built Worker, and the bare object beside it, from one workerd without wrangler's proxy. Nothing
 * simulates queues and rate limits: the local ones are objects that write to disk, Cloudflare's are not.
 */
export async function serve() {
  rmSync(persist, { recursive: true, force: true })
  wrangler('deploy', '--dry-run', '--outdir', outDir)
  const files = readdirSync(outDir).filter((file) => /\.(js|sql)$/.test(file))
  const storage = { type: 'durable-object', storage: 'sqlite' } as const
  const mf = new Miniflare({
    resourcePersistencePath: persist,
    workers: [
      {
        config: {
          ...settings,
          name: 'punchcard',
          manifest: manifest(outDir, 'index.js', files),
          env: {
            ROOT_KEY: { type: 'text', value: rootKey },
            PROFILE_KEY: { type: 'text', value: Buffer.alloc(32).toString('base64') },
            LEDGER: { type: 'durable-object', worker: 'punchcard', exportName: 'MemberLedger' },
            IMPORTS: { type: 'durable-object', worker: 'punchcard', exportName: 'ImportJob' },
            DB: { type: 'd1', id: 'bench' },
            PROJECTION: { type: 'worker', worker: 'bare', exportName: 'Sink' },
          },
          exports: { MemberLedger: storage, ImportJob: storage },
        },
        dev: { unsafeDirectSockets: [{}] },
      },
      {
        config: {
          ...settings,
          name: 'bare',
          manifest: manifest('bench', 'bare.js', ['bare.js']),
          env: { BARE: { type: 'durable-object', worker: 'bare', exportName: 'Bare' } },
          exports: { Bare: storage },
        },
        dev: { unsafeDirectSockets: [{}] },
      },
    ],
  })
  await mf.ready
  const url = (await mf.unsafeGetDirectURL('punchcard')).origin
  const bare = (await mf.unsafeGetDirectURL('bare')).origin
  const db = await mf.getD1Database('DB', 'punchcard')
  for (const file of readdirSync('migrations/d1').filter((name) => name.endsWith('.sql'))) {
    const sql = readFileSync(join('migrations/d1', file), 'utf8')
    await db.batch(sql.split('--> statement-breakpoint').map((each) => db.prepare(each)))
  }
  const { key } = await createProgram(url, rootKey, {
    name: 'Bench',
    mode: 'test',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
  })
  const post = { method: 'POST', headers: { 'idempotency-key': 'bench' }, body: '{}' }
  const { id } = await call<{ id: string }>(`${url}/v1/members`, key, post)

  let orders = 0
  const order = () =>
    JSON.stringify({
      orderId: `A-${++orders}`,
      currency: 'CNY',
      lines: [1, 2, 3].map((i) => ({ sku: `TEA-${i}`, quantity: 1, amount: 1_990 })),
      channel: 'pos',
    })
  return {
    url,
    key,
    /** Awards one more order of three lines to one member. */
    award: () => {
      const body = order()
      const headers = { 'idempotency-key': `k-${orders}` }
      return call(`${url}/v1/members/${id}/purchases`, key, { method: 'POST', headers, body })
    },
    /** Has the bare object write as much. */
    increment: () => call(bare, key, { method: 'POST', body: order() }),
    stop: () => mf.dispose(),
  }
}
