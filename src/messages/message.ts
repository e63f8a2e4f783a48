import { localeIn } from '../program/locale'
import type { Program } from '../program/program'

/** Something that is sent to a person. */
export interface Message {
  channel: 'email' | 'phone'
  to: string
  subject: string
  text: string
  /** The one-time code in it. */
  code?: string
}

const words = {
  en: {
    subject: (code: string, name: string) => `${code} is your code for ${name}`,
    text: (code: string, name: string) =>
      `${code} signs you in to ${name}. It works once, for ten minutes.\n\nIf you did not ask for it, do nothing: nobody can sign in without it.`,
  },
  zh: {
    subject: (code: string, name: string) => `${name}验证码 ${code}`,
    text: (code: string, name: string) =>
      `您的${name}登录验证码是 ${code}，十分钟内有效，只能使用一次。\n\n如果不是您本人操作，请忽略：没有验证码，任何人都无法登录。`,
  },
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
  const isChinese = localeIn(program, [locale]).startsWith('zh')
  const { subject, text } = isChinese ? words.zh : words.en
  return { channel, to, subject: subject(code, program.name), text: text(code, program.name), code }
}
