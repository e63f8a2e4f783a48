import { BASE32, randomText } from '../auth/random'
import { sha256 } from '../hash'
import type { Result } from '../result'
import { firstDigest, type Import } from './import'
import { nextDigest, PIECE_BYTES } from './pieces'
import type { Beginning, ImportJob } from './object'
import type { Options } from './schema'

/** How much goes to the object in one call. */
const CALL_BYTES = 16 * PIECE_BYTES

/** The id of the import that an Idempotency-Key names. */
export const importIdOf = (programId: string, idempotencyKey: string): string =>
  sha256(`${programId}\n${idempotencyKey}`).toString('hex').slice(0, 20)

/** An import's object. */
export const jobOf = (
  { IMPORTS }: Env,
  programId: string,
  id: string,
): DurableObjectStub<ImportJob> => IMPORTS.get(IMPORTS.idFromName(`${programId}:${id}`))

/** Begins an import, or finds the one of that key. */
export const begin = (env: Env, beginning: Beginning) =>
  jobOf(env, beginning.programId, beginning.id).begin(beginning)

/**
 * Sends what comes of a file from a byte on; where more is to come, up to the last whole piece. A stream that breaks off
 * leaves what was sent.
 */
export async function upload(
  env: Env,
  { programId, id }: Pick<Import, 'programId' | 'id'>,
  body: ReadableStream<Uint8Array> | null,
  { offset, isLast }: { offset: number; isLast: boolean },
): Promise<Result<Import>> {
  const job = jobOf(env, programId, id)
  const turn = randomText(BASE32, 16)
  let at = offset
  let sent: Result<Import> | null = null
  for await (const { bytes, isEnd } of blocksOf(body, CALL_BYTES)) {
    const whole = isEnd && !isLast ? bytes.length - (bytes.length % PIECE_BYTES) : bytes.length
    sent = await job.append(at, bytes.slice(0, whole), isEnd && isLast, {
      turn,
      isFirst: at === offset,
    })
    if (!sent.ok) {
      return sent
    }
    at += whole
  }
  return sent!
}

/** The digest of a file that comes whole. */
export async function digestOf(
  body: ReadableStream<Uint8Array> | null,
  options: Options,
): Promise<string> {
  let digest = firstDigest(options)
  for await (const { bytes } of blocksOf(body, PIECE_BYTES)) {
    digest = bytes.length > 0 ? nextDigest(digest, bytes) : digest
  }
  return digest
}

/** A stream in blocks of so many bytes; the last, of which there is one always, has what is left. */
async function* blocksOf(
  stream: ReadableStream<Uint8Array> | null,
  size: number,
): AsyncGenerator<{ bytes: Uint8Array; isEnd: boolean }> {
  let [parts, length]: [Uint8Array[], number] = [[], 0]
  for await (const chunk of stream ?? []) {
    parts.push(chunk)
    length += chunk.length
    if (length > size) {
      const bytes = Buffer.concat(parts)
      const end = length - (length % size || size)
      for (let at = 0; at < end; at += size) {
        yield { bytes: bytes.subarray(at, at + size), isEnd: false }
      }
      parts = [bytes.subarray(end)]
      length -= end
    }
  }
  yield { bytes: Buffer.concat(parts), isEnd: true }
}
