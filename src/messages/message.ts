import { localeIn } from '../program/locale'
import type { Program } from '../program/program'
import { languageOf } from '../statement/words'
import { words } from './words'

/** Something that is sent to a person. */
export interface Message {
  channel: 'email' | 'phone'
  to: string
  subject: string
  text: string
  /** The one-time code in it. */
  code?: string
}

/** The message with a code for signing in, in the language that was asked for, else in the program's. */
export function codeMessage(
  program: Program,
  {
    channel,
    to,
    code,
    locale,
  }: Pick<Message, 'channel' | 'to'> & { code: string; locale?: string | undefined },
): Message {
  const { subject, text } = words[languageOf(localeIn(program, [locale]))]
  return { channel, to, subject: subject(code, program.name), text: text(code, program.name), code }
}
