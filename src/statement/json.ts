import type { ChainedEntry, Statement } from '../ledger/statement'

/** A statement as JSON, in parts: one entry a line. */
export async function* jsonOf(
  statement: Statement,
  pages: AsyncIterable<ChainedEntry[]>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(statement).slice(0, -1)},"entries":[`
  let separator = '\n'
  for await (const page of pages) {
    const lines = page.map((entry) => JSON.stringify(entry)).join(',\n')
    yield separator + lines
    separator = ',\n'
  }
  yield '\n]}\n'
}
