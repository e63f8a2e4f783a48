import { sha256 } from '../hash'
import { openBytes, openText, sealBytes, sealText } from '../members/seal'
import type { Place } from './records'

/** What a file is cut into, so that it lies in rows and its digest depends on nothing but the file. */
export const PIECE_BYTES = 256 * 1024

/** The digest of a file up to a piece and with it, hex. */
export const nextDigest = (before: string, piece: Uint8Array): string =>
  sha256(before, piece).toString('hex')

/** Under which purpose a file lies sealed until it is read. */
const FILE = 'import-file'

type Whose = readonly [secret: string, programId: string]

/** The pieces of some bytes of a file, as they are and sealed. */
export function cut(
  whose: Whose,
  bytes: Uint8Array,
): Promise<{ bytes: Uint8Array; sealed: Uint8Array }[]> {
  const count = Math.ceil(bytes.length / PIECE_BYTES)
  const pieces = Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  )
  return Promise.all(
    pieces.map(async (piece) => ({ bytes: piece, sealed: await sealBytes(...whose, FILE, piece) })),
  )
}

/** A piece as it came. */
export const openPiece = (whose: Whose, sealed: Uint8Array): Promise<Uint8Array> =>
  openBytes(...whose, FILE, sealed)

/** A place as it is kept: what it holds of the file is sealed. */
export const sealPlace = (whose: Whose, place: Place): Promise<Place> =>
  changed(place, (text) => sealText(...whose, FILE, text))

/** What `sealPlace` sealed. */
export const openPlace = (whose: Whose, place: Place): Promise<Place> =>
  changed(place, (text) => openText(...whose, FILE, text))

async function changed(place: Place, change: (text: string) => Promise<string>): Promise<Place> {
  const each = async (text: string) => (text === '' ? '' : change(text))
  const [bytes, text] = await Promise.all([each(place.bytes), each(place.text)])
  return { ...place, bytes, text }
}
