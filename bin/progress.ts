const WIDTH = 30

/** Draws how far something has come over itself, where somebody looks on; `done` and `all` are counted alike. */
export const draw = (what: string, done: number, all: number, note = '') => {
  if (!process.stderr.isTTY) {
    return
  }
  const share = all === 0 ? 1 : Math.min(1, done / all)
  const full = Math.round(share * WIDTH)
  const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full)
  process.stderr.write(`\r\u001b[K${what.padEnd(10)} ${bar} ${Math.floor(share * 100)} % ${note}`)
}

/** Leaves the line of the bar. */
export const endLine = () => {
  if (process.stderr.isTTY) {
    process.stderr.write('\n')
  }
}
