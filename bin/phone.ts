// Writes the metadata of phone numbers without the ways of writing them: 9 kB of the upload that nothing asks for.
import { readFileSync, writeFileSync } from 'node:fs'

const source = 'node_modules/libphonenumber-js/metadata.min.json'
const target = 'src/members/phone.json'

/** Where a country's ways of writing its numbers stand in its array. */
const FORMATS = 4

type Countries = Record<string, unknown[]>

/** What `src/members/phone.json` should say. */
const written = (): string => {
  const text = readFileSync(source, 'utf8')
  const metadata = JSON.parse(text) as { countries: Countries; nonGeographic: Countries }
  for (const all of [metadata.countries, metadata.nonGeographic]) {
    for (const country of Object.values(all)) {
      country[FORMATS] = 0
    }
  }
  return `${JSON.stringify(metadata)}\n`
}

/** Whether the file is what the installed library says. */
export const isPhoneCurrent = (): boolean => readFileSync(target, 'utf8') === written()

if (import.meta.main) {
  writeFileSync(target, written())
}
