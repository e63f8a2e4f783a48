// The least that a Durable Object can do for a call: one RPC, one transaction, as many rows as an award writes.
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'

export class Bare extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    this.sql = ctx.storage.sql
    this.sql.exec('CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, n INTEGER)')
    this.sql.exec('INSERT OR IGNORE INTO counter VALUES (1, 0)')
    this.sql.exec(
      'CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, text TEXT)',
    )
    this.sql.exec('CREATE INDEX IF NOT EXISTS rows_a ON rows (a)')
    this.sql.exec('CREATE INDEX IF NOT EXISTS rows_b ON rows (b)')
    this.sql.exec('CREATE TABLE IF NOT EXISTS lots (id INTEGER PRIMARY KEY, n INTEGER)')
  }

  increment(body) {
    return this.ctx.storage.transactionSync(() => {
      const { n } = this.sql.exec('UPDATE counter SET n = n + 1 RETURNING n').one()
      const hash = (n * 2654435761) % 2 ** 32
      this.sql.exec('INSERT INTO rows VALUES (?, ?, ?, ?)', n, hash, hash ^ 0x5555, body)
      this.sql.exec('INSERT INTO lots VALUES (?, ?)', n, n)
      return n
    })
  }
}

/** Stands for the queue. */
export class Sink extends WorkerEntrypoint {
  send() {}
}

export default {
  async fetch(request, { BARE }) {
    const body = await request.text()
    return Response.json({ n: await BARE.getByName('one').increment(body) })
  },
}
