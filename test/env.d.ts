/// <reference types="@cloudflare/vitest-plugin/types" />

declare module 'vitest' {
  interface ProvidedContext {
    /** Figures from outside by path below `../shared`; empty where that folder is absent. */
    shared: Record<string, string>
    /** The bindings of the database that `--mode libsql` runs on. */
    libsql: { LIBSQL_URL: string; LIBSQL_AUTH_TOKEN: string }
  }
}

export {}
