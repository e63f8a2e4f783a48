import type * as z from 'zod/mini'
import { fail, ok, type Result } from '../result'
import { whole } from './scalars'

/** One page of a list. `nextCursor` is null on the last. */
export interface Page<T> {
  data: T[]
  nextCursor: string | null
}

/** An opaque cursor that continues after `position`. */
export const writeCursor = (position: unknown): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

/** The position in a cursor, `start` without one; `validation_failed` when it is not one that this list gave. */
export function readCursor<T>(
  cursor: string | undefined,
  schema: z.ZodMiniType<T>,
  start: T,
): Result<T> {
  if (cursor === undefined) {
    return ok(start)
  }
  try {
    const position = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return ok(schema.parse(position))
  } catch {
    const detail = 'Use the nextCursor of the page before, unchanged.'
    return fail('validation_failed', detail, [{ pointer: '#/cursor', detail }])
  }
}

/** Where a list goes on that begins with the newest, by its positions; at the newest without a cursor. */
export const readBefore = (cursor: string | undefined): Result<number> =>
  readCursor(cursor, whole(1), Number.MAX_SAFE_INTEGER)

/** The first `limit` of `rows`, of which the caller has read one more to know whether the list goes on. */
export function pageOf<T>(rows: T[], limit: number, position: (row: T) => unknown): Page<T> {
  const data = rows.slice(0, limit)
  const last = rows.length > limit ? data.at(-1) : undefined
  return { data, nextCursor: last === undefined ? null : writeCursor(position(last)) }
}
