import { runInDurableObject } from 'cloudflare:test'
import type { TestObject } from './objects'

export interface Rows {
  read: number
  written: number
}

/** Counts the rows of every statement that `work` causes, the alarm's included. */
export async function rowsOf(object: TestObject, work: () => Promise<unknown>): Promise<Rows> {
  const rows = { read: 0, written: 0 }
  const restore = await runInDurableObject(object.stub, (_, { storage }) => {
    const { sql } = storage
    const exec = sql.exec.bind(sql)
    const setAlarm = storage.setAlarm.bind(storage)
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
    sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec(...args)
      cursors.push(cursor)
      return cursor
    }) as typeof exec
    storage.setAlarm = (time) => {
      rows.written += 1
      return setAlarm(time)
    }
    return () => {
      sql.exec = exec
      storage.setAlarm = setAlarm
      rows.read += cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0)
      rows.written += cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
    }
  })
  await work()
  await runInDurableObject(object.stub, () => restore())
  return rows
}
