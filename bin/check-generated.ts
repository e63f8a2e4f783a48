// Fails when a generated file is behind its source: types of wrangler.toml, migrations of src/db/tables.ts, phone numbers.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { quit } from './local.ts'
import { isPhoneCurrent } from './phone.ts'
import { wrangler } from './wrangler.ts'

wrangler('types', '--check')

if (!isPhoneCurrent()) {
  quit('src/members/phone.json is behind libphonenumber-js: npm run generate')
}

const source = 'migrations/d1'
const copy = '.wrangler/migrations'

rmSync(copy, { recursive: true, force: true })
cpSync(source, copy, { recursive: true })
const options = ['--dialect', 'sqlite', '--schema', './src/db/*tables.ts', '--out', `./${copy}`]
const args = ['node_modules/drizzle-kit/bin.cjs', 'generate', ...options]
execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })

const migrations = readdirSync(source).filter((file) => file.endsWith('.sql'))
const added = readdirSync(copy).filter(
  (file) => file.endsWith('.sql') && !migrations.includes(file),
)
if (added.length) {
  quit('migrations/d1 is behind src/db/tables.ts: npm run generate')
}

// A text key costs two rows written in a rowid table, one in a table without; drizzle-kit cannot say so.
for (const file of migrations) {
  const sql = readFileSync(`${source}/${file}`, 'utf8')
  const tables = sql.match(/CREATE TABLE[^;]*;/g) ?? []
  if (tables.some((table) => !table.endsWith('WITHOUT ROWID;'))) {
    quit(`${source}/${file} creates a table that is not WITHOUT ROWID.`)
  }
}
console.log(`Generated files are current: types, phone numbers, ${migrations.length} migrations`)
