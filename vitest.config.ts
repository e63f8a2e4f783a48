import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

// In the environment too, or wrangler warns where there is no .dev.vars; the bindings below win over it.
const secrets = {
  ROOT_KEY: 'pc_root_test',
  PROFILE_KEY: 'cHVuY2hjYXJkLXRlc3QtcHJvZmlsZS1rZXktMzJieXQ=',
  TOKEN_KEYS: JSON.stringify({ keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'test' }] }),
}
Object.assign(process.env, secrets)

const shared = new URL('../shared/', import.meta.url).pathname

/** Figures from outside by path, where `../shared` exists: tests in workerd cannot read files. */
const readShared = (): Record<string, string> => {
  if (!existsSync(shared)) {
    return {}
  }
  const paths = readdirSync(shared, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => /\.(json|csv)$/.test(path))
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(shared, path), 'utf8')]))
}

/** `vitest --mode libsql` runs everything on libSQL, beside a D1 that has no tables. */
export default defineConfig(({ mode }) => ({
  plugins: [
    cloudflareTest(async ({ inject }) => ({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: {
          ...secrets,
          ...(mode === 'libsql' ? inject('libsql') : { LIBSQL_URL: '' }),
          MIGRATIONS: mode === 'libsql' ? [] : await readD1Migrations('migrations/d1'),
        },
      },
    })),
  ],
  test: {
    globalSetup: mode === 'libsql' ? ['./test/libsql/setup.ts'] : [],
    include: ['test/**/*.test.ts'],
    // One workerd and its storage for all files: each has programs of its own, and starting one a file takes as long as the tests.
    isolate: false,
    setupFiles: ['./test/setup.ts'],
    testTimeout: 30_000,
    slowTestThreshold: 2_000,
    // What a test program sends is said aloud.
    onConsoleLog: (log) => !log.startsWith('Outbox of '),
    provide: { shared: readShared() },
  },
}))
