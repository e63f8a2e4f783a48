/// <reference types="@cloudflare/vitest-plugin/types" />

declare module 'vitest' {
  interface ProvidedContext {
    /** Figures from outside by path below `../shared`; empty where that folder is absent. */
    shared: Record<string, string>
  }
}

export {}
