import { sha256 } from '../hash'

/** What a file is cut into, so that it lies in rows and its digest depends on nothing but the file. */
export const PIECE_BYTES = 256 * 1024

/** The digest of a file up to a piece and with it, hex. */
export const nextDigest = (before: string, piece: Uint8Array): string =>
  sha256(before, piece).toString('hex')
