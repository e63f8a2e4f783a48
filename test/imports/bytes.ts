/** GB 18030 of the signs that the tests write with more than one byte: there is a decoder in workerd, and no encoder. */
const gb18030: Record<string, readonly number[]> = {
  é: [0xa8, 0xa6],
  名: [0xc3, 0xfb],
  前: [0xc7, 0xb0],
  '𝄞': [0x94, 0x32, 0xbe, 0x34],
}

/** A text in a charset. */
export function bytesOf(text: string, charset: string): Uint8Array {
  if (charset === 'gb18030') {
    return Uint8Array.from(
      Array.from(text).flatMap((sign) => gb18030[sign] ?? [sign.codePointAt(0)!]),
    )
  }
  if (charset === 'utf-8') {
    return new TextEncoder().encode(text)
  }
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) {
    view.setUint16(i * 2, text.charCodeAt(i), charset === 'utf-16le')
  }
  return bytes
}
