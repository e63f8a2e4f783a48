import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { jobOf } from '../../src/imports/client'
import { PIECE_BYTES } from '../../src/imports/pieces'
import type { ImportJob } from '../../src/imports/object'
import { dumpOf, look, type Office, openOffice } from './file'

const STEPS_AT_ONCE = 8
const header = 'email,name\n'
const person = 'kim@example.com,Kimberley'

/** All that the object of an import keeps, as texts: what is in base64 too. */
async function keptBy(office: Office, id: string): Promise<string> {
  const values = Object.values(await dumpOf(office.shop.id, id)).flatMap((rows) =>
    rows.flatMap((row) => Object.values(row as object)),
  )
  const texts = values.map((value) =>
    value instanceof ArrayBuffer ? Buffer.from(value).toString('latin1') : String(value),
  )
  const words = texts.flatMap((text) => text.match(/[\w+/-]{8,}=*/g) ?? [])
  const decoded = words.map((word) => Buffer.from(word, 'base64').toString('latin1'))
  return [...texts, ...decoded].join('\n')
}

const isSecret = async (office: Office, id: string) => {
  const kept = await keptBy(office, id)
  expect(['example.com', 'Kimberley'].filter((word) => kept.includes(word))).toEqual([])
}

describe('what is personal in a file', () => {
  let office: Office
  beforeAll(async () => {
    office = await openOffice()
  })

  /** Sends what there is of a file so far. */
  const begin = async (file: string): Promise<string> =>
    (await office.post(file, '', { headers: { 'upload-complete': '?0' } })).json.id

  it('lies sealed while the rest of the file is waited for', async () => {
    const id = await begin(header + `${person}\n`.repeat(20_000))
    expect((await look(office.shop.id, id)).bytes).toBe(PIECE_BYTES)
    await isSecret(office, id)
  })

  it.each([
    ['a line is cut by the end of a piece', `${person}\n`],
    ['a quoted name goes on in the next piece', `${person},"${'\nKimberley'.repeat(27_000)}"\n`],
  ])('lies sealed where %s', async (_, line) => {
    const columns = line.includes('"') ? 'email,name,more\n' : header
    const file = columns + line.repeat((STEPS_AT_ONCE + 1) * Math.ceil(PIECE_BYTES / line.length))
    const id = await begin(file)
    await runInDurableObject(
      jobOf(env, office.shop.id, id),
      async (job: ImportJob, { storage }) => {
        const { bytes } = await look(office.shop.id, id)
        await job.append(bytes, new TextEncoder().encode(file.slice(bytes)), true)
        await storage.deleteAlarm()
        await job.alarm()
        await storage.deleteAlarm()
      },
    )
    const { phase, place } = await look(office.shop.id, id)
    expect(phase).toBe('reading')
    expect(place.bytes + place.text).not.toBe('')
    await isSecret(office, id)
  })

  it('fits its row of storage, the longest header and the longest line at once', async () => {
    const columns = `externalId,name,${'x'.repeat(99_900)}\n`
    const start = 5 * PIECE_BYTES - 999_990
    const filler = Array.from({ length: 40_000 }, (_, i) => `m${i % 100},,\n`).join('')
    const before = columns + filler.slice(0, start - columns.length - 2) + '\n,'
    const { id } = (await office.post(`${before}${'x'.repeat(1_600_000)}\nlast,,\n`, 'type=member'))
      .json
    const { status, rows } = await office.finished(id)
    expect([status, (await office.faults(id)).at(-1)]).toEqual([
      'done',
      [rows - 1, 'payload_too_large'],
    ])
  })
})
