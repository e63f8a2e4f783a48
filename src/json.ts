/** JSON with the fields of every object in the order of their names: the same for the same value. */
export const canonical = (value: unknown): string => JSON.stringify(value, sorted)

/** Whether two values are the same JSON, whatever the order of their fields. */
export const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

const sorted = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** What may hold a field `__proto__`, escaped or not: reading piece by piece takes five times as long. */
const PROTO = /__proto__|\\u/
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g

/** The value of a JSON text (RFC 8259); throws where it is none, and for fields that come twice or vanish from maps. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text, PROTO.test(text) ? refuseProto : undefined)
  const written = Array.from(text.matchAll(STRING)).filter(([, colon]) => colon !== undefined)
  if (written.length !== countFields(value)) {
    throw new SyntaxError('A field comes twice')
  }
  return value
}

/** A field of that name would vanish from the maps that it is in. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') {
    throw new SyntaxError('__proto__ is no field')
  }
  return value
}

/** How many fields a value has, with those of all that is in it. */
function countFields(value: unknown): number {
  if (value === null || typeof value !== 'object') {
    return 0
  }
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce<number>((sum, each) => sum + countFields(each), own)
}
