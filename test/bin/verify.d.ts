declare module '*/bin/verify.js' {
  /** Every fault of a statement; none proves it. `known` is a hash that must be in the chain. */
  export const faultsOf: (statement: unknown, known?: string) => string[]
}
