import type { Context } from 'hono'
import { parseAccept } from 'hono/utils/accept'
import { localeIn } from '../program/locale'
import type { Api } from './context'

/** The program's locale that the caller likes best, else the member's, else the program's first. */
export function localeFor(c: Context<Api>, memberLocale: string | null = null): string {
  const liked = parseAccept(c.req.header('Accept-Language') ?? '')
    .filter(({ q, type }) => q > 0 && type !== '*')
    .map(({ type }) => type)
  return localeIn(c.get('program'), [...liked, memberLocale])
}
