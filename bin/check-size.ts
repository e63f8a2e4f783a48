// Fails when the Worker's upload is over its budget (docs/architecture.md).
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { quit } from './local.ts'
import { wrangler } from './wrangler.ts'

const budgetBytes = 195_000
const outDir = '.wrangler/upload'

rmSync(outDir, { recursive: true, force: true })
wrangler('deploy', '--dry-run', '--outdir', outDir)

const modules = readdirSync(outDir).filter((file) => !/\.(map|md)$/.test(file))
const sizes = modules.map((file) => gzipSync(readFileSync(join(outDir, file))).length)
const bytes = sizes.reduce((sum, size) => sum + size, 0)
const figure = `Worker upload: ${(bytes / 1000).toFixed(1)} kB gzip of ${budgetBytes / 1000} kB`
if (bytes > budgetBytes) {
  quit(`${figure}: over budget.`)
}
console.log(figure)
