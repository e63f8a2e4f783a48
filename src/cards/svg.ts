import encodeQR from 'qr'

/** A card's code as an SVG image that says in words what it is. */
export function cardSvg(token: string, title: string, description: string): string {
  const image = encodeQR(token, 'svg', { ecc: 'low', border: 4 })
  const more = description && `<desc>${escape(description)}</desc>`
  const words = `<title>${escape(title)}</title>${more}`
  return image.replace(/<svg([^>]*)>/, (_, attributes: string) => {
    return `<svg role="img"${attributes}>${words}<rect width="100%" height="100%" fill="#fff"/>`
  })
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (each) => entities[each]!)
