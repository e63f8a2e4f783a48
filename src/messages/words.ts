/** What messages say, by language: a one-time code, and the program's name. */
export const words = {
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
