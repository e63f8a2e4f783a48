import { html } from 'hono/html'
import type { ChainedEntry, StatedLot, Statement } from '../ledger/statement'
import { kinds, type Language, words } from './words'

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.8em;word-break:break-all;color:#555}`

/** A statement as a page to read, in parts; `about` is a table that comes first. */
export async function* htmlOf(
  statement: Statement,
  pages: AsyncIterable<ChainedEntry[]>,
  lang: Language,
  about?: { title: string; rows: string[][] },
): AsyncGenerator<string> {
  const text = words[lang]
  const { timeZone } = statement
  const time = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone,
  })
  yield String(await opening(statement, lang, time, about && aboutOf(about)))
  let balance = 0
  for await (const page of pages) {
    for (const entry of page) {
      balance += entry.points
      yield String(
        await html`<tr>
          <td class="n">${entry.seq}</td>
          <td>${time.format(entry.occurredAt)}</td>
          <td>
            ${kinds[lang][entry.kind]} ${subjectOf(entry)}<br /><code
              >${entry.hash.slice(0, 16)}</code
            >
          </td>
          <td class="n">${signed(entry.points)}</td>
          <td class="n">${balance}</td>
        </tr> `,
      )
    }
  }
  yield `</tbody></table><p>${text.head} <code>${statement.head}</code></p></body></html>\n`
}

const aboutOf = ({ title, rows }: { title: string; rows: string[][] }) =>
  html`<h1>${title}</h1>
    <table>
      <tbody>
        ${rows.map(
          ([name, value]) =>
            html`<tr>
              <th>${name}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </tbody>
    </table>`

function opening(
  statement: Statement,
  lang: Language,
  time: Intl.DateTimeFormat,
  about: ReturnType<typeof aboutOf> | undefined,
) {
  const text = words[lang]
  const { memberId, at, timeZone, balance } = statement
  const parts = (['available', 'pending', 'held', 'debt'] as const).map(
    (part) => `${balance[part]} ${text[part]}`,
  )
  return html`<!doctype html>
    <html lang="${lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${text.title} ${memberId}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        ${about}
        <h1>${text.title}</h1>
        <p>
          ${text.member} <b>${memberId}</b> · ${text.asOf} ${time.format(Date.parse(at))}
          (${timeZone})
        </p>
        <p>${text.balance} <b>${balance.balance}</b>: ${parts.join(' · ')}</p>
        ${lotsOf(statement.lots, lang, time)}
        <h2>${text.entries}</h2>
        <table>
          ${headerOf(['#', text.when, text.what, text.points, text.balance], [0, 3, 4])}
          <tbody>
     `
}

const lotsOf = (lots: readonly StatedLot[], lang: Language, time: Intl.DateTimeFormat) => {
  const text = words[lang]
  return html`<h2>${text.lots}</h2>
    <table>
      ${headerOf([text.lot, text.points, text.lapses], [0, 1])}
      <tbody>
        ${lots.map(
          ({ seq, remaining, expiresAt }) =>
            html`<tr>
              <td class="n">${seq}</td>
              <td class="n">${remaining}</td>
              <td>${expiresAt === null ? text.never : time.format(expiresAt)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`
}

const headerOf = (names: readonly string[], numbers: readonly number[]) =>
  html`<thead>
    <tr>
      ${names.map((name, i) => html`<th class="${numbers.includes(i) ? 'n' : ''}">${name}</th>`)}
    </tr>
  </thead>`

/** What an entry was about, in the words of who sent it. */
const subjectOf = ({ orderId, reference, reason, tier, detail }: ChainedEntry): string =>
  [orderId, detail.activity, detail.rewardId, reference, reason, tier, detail.reason]
    .filter((each) => each !== null && each !== undefined)
    .join(' · ')

const signed = (points: number): string => (points > 0 ? `+${points}` : String(points))
