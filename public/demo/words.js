import { en } from './words-en.js'
import { zh } from './words-zh.js'

const languages = { en, zh }
const SLOT = 'punchcard-demo-language'
const TIME_ZONE = 'Asia/Shanghai'

/** The page's language: `en` or `zh`. */
export let language = first()

/** The page's texts in its language. */
export let words = languages[language]

/** The language as the API and `Intl` call it. */
export const locale = () => words.locale

/** Speaks another language from now on. */
export function speak(next) {
  language = next
  words = languages[next]
  localStorage.setItem(SLOT, next)
}

/** An amount in fen as it is written. */
export const money = (fen) =>
  new Intl.NumberFormat(locale(), {
    style: 'currency',
    currency: 'CNY',
    currencyDisplay: 'narrowSymbol',
    trailingZeroDisplay: 'stripIfInteger',
  }).format(fen / 100)

/** A number as it is written. */
export const number = (value) => new Intl.NumberFormat(locale()).format(value)

/** A change of points, with its sign. */
export const signed = (points) =>
  new Intl.NumberFormat(locale(), { signDisplay: 'exceptZero' }).format(points)

/** A day of the shop's calendar. */
export const day = (time) => written(time, { dateStyle: 'long' })

/** The last day before an instant at which a day begins. */
export const lastDay = (time) => day(Date.parse(time) - 1)

/** A day and a time of day in the shop. */
export const moment = (time) => written(time, { dateStyle: 'medium', timeStyle: 'short' })

/** What the API refused, in a sentence; `where` knows what it means there. */
export const sentence = ({ code }, where) =>
  words.problems[`${where}.${code}`] ?? words.problems[code] ?? words.problems.other

const written = (time, style) =>
  new Intl.DateTimeFormat(words.dates, { ...style, timeZone: TIME_ZONE }).format(new Date(time))

function first() {
  const wish = localStorage.getItem(SLOT) ?? navigator.language
  return wish.startsWith('zh') ? 'zh' : 'en'
}
