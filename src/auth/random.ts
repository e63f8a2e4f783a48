/** Letters and digits. */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Crockford's base 32 in lower case, without the look-alikes i, l, o and u: 5 bits a character. */
export const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz'

/** Random text in which each of at most 256 characters is equally likely. */
export function randomText(alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length - text.length))) {
      text += byte < limit ? alphabet[byte % alphabet.length] : ''
    }
  }
  return text
}
