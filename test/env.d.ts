/// <reference types="@cloudflare/vitest-plugin/types" />

declare module 'vitest' {
  interface ProvidedContext {
    /** Outside vectors by path below `../shared/vectors`; empty where that folder is absent. */
    vectors: Record<string, string>
  }
}

export {}
