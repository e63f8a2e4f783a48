import type { ProgramDocument } from './document'

type Locales = Pick<ProgramDocument, 'locales'>

/** The program's locale that is wanted first, by its language at least; its first where it has none of them. */
export function localeIn(
  { locales }: Locales,
  wanted: readonly (string | null | undefined)[],
): string {
  for (const tag of wanted) {
    const found = tag
      ? (locales.find((locale) => locale.toLowerCase() === tag.toLowerCase()) ??
        locales.find((locale) => languageOf(locale) === languageOf(tag)))
      : undefined
    if (found !== undefined) {
      return found
    }
  }
  return locales[0]!
}

/** A text in a locale of the program, else in the one that it falls back on. */
export const textIn = (
  { locales }: Locales,
  text: Record<string, string>,
  locale: string = locales[0]!,
): string => text[locale] ?? text[locales[0]!] ?? ''

const languageOf = (tag: string): string => tag.split('-')[0]!.toLowerCase()

type Names = Locales & Pick<ProgramDocument, 'tiers' | 'rewards'>

/** What a tier is called; its id where the program has none of that id any more. */
export function tierName(program: Names, id: string, locale: string): string {
  const tier = program.tiers.levels.find((level) => level.id === id)
  return tier ? textIn(program, tier.name, locale) : id
}

/** What a reward is called; its id where the program has none of that id any more. */
export const rewardName = (program: Names, id: string, locale: string): string =>
  Object.hasOwn(program.rewards, id) ? textIn(program, program.rewards[id]!.name, locale) : id

/** What a tier gives. */
export const benefitsOf = (program: Names, id: string, locale: string): string[] =>
  (program.tiers.levels.find((level) => level.id === id)?.benefits ?? []).map((text) =>
    textIn(program, text, locale),
  )
