/** JSON with the fields of every object in the order of their names: the same for the same value. */
export const canonical = (value: unknown): string => JSON.stringify(value, sorted)

/** Whether two values are the same JSON, whatever the order of their fields. */
export const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

const sorted = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value
