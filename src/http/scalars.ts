import * as z from 'zod'

/** Money in minor units, not negative; it fits a double exactly. */
export const amount = z.int().min(0)

/** Points that are asked for: one or more. */
export const points = z.int().min(1)

/** An RFC 3339 time with seconds and offset, read as milliseconds. */
export const instant = z.iso
  .datetime({ offset: true, error: 'Not an RFC 3339 time such as 2026-03-01T09:30:00+08:00.' })
  .transform((value) => Date.parse(value))

/** Any text of one to `max` UTF-16 units, kept verbatim; NUL and lone surrogates cannot be stored so. */
export const text = (max: number) =>
  z.string().check(z.minLength(1), z.maxLength(max), z.refine(isText, 'Not valid text.'))

const isText = (value: string): boolean => !value.includes('\0') && value.isWellFormed()

/** The query of every list: how many (1 to 100, default 20), and from where. */
export const page = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'Not a number from 1 to 100.')
    .transform(Number)
    .pipe(z.int().min(1).max(100))
    .default(20),
  cursor: text(512).optional(),
})
