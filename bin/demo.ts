import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { call, createProgram, Refused } from './api.ts'
import { demoFile } from './local.ts'

/** The demo program: its keys, and the member of the example. */
export interface Demo {
  key: string
  memberId: string
  publishableKey: string
  tillKey: string
}

type Texts = Record<string, string>
interface Level {
  id: string
  from: number
  factor: number
  benefits: Texts[]
}
interface Rules {
  tiers: { levels: Level[] }
}

/** What the till of the storefront may do: sell, and show what would have been sent; nothing with keys or rules. */
const tillScopes = [
  'purchases:write',
  'cards:read',
  'sales:write',
  'outbox:read',
  'clock:read',
  'clock:write',
]

const perYuan = (en: string, zh: string) => ({ en: `${en} a yuan`, 'zh-CN': `每元${zh}积分` })
const tea = { en: 'Tea of the month', 'zh-CN': '每月一茶' }
const delivery = { en: 'Free delivery', 'zh-CN': '免费配送' }

/** Tiers that are reached within minutes. */
const levels: Record<string, Omit<Level, 'id'>> = {
  bronze: { from: 0, factor: 100, benefits: [perYuan('1 point', '1')] },
  silver: { from: 500_00, factor: 150, benefits: [perYuan('1.5 points', '1.5'), tea] },
  gold: { from: 1500_00, factor: 200, benefits: [perYuan('2 points', '2'), tea, delivery] },
}

/** The demo program of this folder's data, made or completed where an earlier start did not. */
export async function ensureDemo(url: string, rootKey: string): Promise<Demo> {
  const begun = (await savedDemo(url)) ?? (await newDemo(url, rootKey))
  const demo = isComplete(begun) ? begun : await furnished(url, begun)
  writeFileSync(demoFile, JSON.stringify(demo), { mode: 0o600 })
  return demo
}

/** The storefront of a demo; the till's key is in the fragment, which no server sees. */
export const addressOf = (url: string, { publishableKey, tillKey }: Demo): string =>
  `${url}/demo?key=${publishableKey}#till=${tillKey}`

type Begun = Pick<Demo, 'key' | 'memberId'> & Partial<Demo>

const isComplete = (demo: Begun): demo is Demo => Boolean(demo.publishableKey && demo.tillKey)

/** The demo of an earlier start, or null where there is none or its data was cleared. */
async function savedDemo(url: string): Promise<Begun | null> {
  if (!existsSync(demoFile)) {
    return null
  }
  const demo = JSON.parse(readFileSync(demoFile, 'utf8')) as Begun
  try {
    await call(`${url}/v1/members/${demo.memberId}`, demo.key)
    return demo
  } catch (error) {
    if (error instanceof Refused && [401, 404, 410].includes(error.status)) {
      return null
    }
    throw error
  }
}

/** A new program in test mode with one member. */
async function newDemo(url: string, rootKey: string): Promise<Begun> {
  const { key } = await createProgram(url, rootKey, {
    name: 'Little Kettle',
    mode: 'test',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
    country: 'CN',
  })
  const member = await post<{ id: string }>(`${url}/v1/members`, key, {
    externalId: 'demo',
    name: 'Li Wei',
  })
  return { key, memberId: member.id }
}

/** Gives a demo what the storefront needs: keys, tiers with benefits, and a member who can sign in. */
async function furnished(url: string, { key, memberId }: Begun): Promise<Demo> {
  const publishable = { kind: 'publishable', name: 'storefront' }
  const till = { kind: 'secret', name: 'storefront till', scopes: tillScopes }
  const { key: publishableKey } = await post<{ key: string }>(`${url}/v1/keys`, key, publishable)
  const { key: tillKey } = await post<{ key: string }>(`${url}/v1/keys`, key, till)
  await giveBenefits(url, key)
  await call(`${url}/v1/members/${memberId}`, key, {
    method: 'PATCH',
    body: JSON.stringify({ email: 'li.wei@example.com' }),
  }).catch(unlessTaken)
  return { key, memberId, publishableKey, tillKey }
}

/** Somebody else has the address by now: then that is who signs in with it. */
function unlessTaken(error: unknown) {
  if (!(error instanceof Refused && error.status === 409)) {
    throw error
  }
}

async function giveBenefits(url: string, key: string) {
  const address = `${url}/v1/program`
  const answer = await fetch(address, { headers: { authorization: `Bearer ${key}` } })
  const rules = (await answer.json()) as Rules
  // Tiers that their owner has changed are the owner's.
  if (rules.tiers.levels.some(({ benefits }) => benefits.length > 0)) {
    return
  }
  rules.tiers.levels = rules.tiers.levels.map((level) => ({ ...level, ...levels[level.id] }))
  await call(address, key, {
    method: 'PUT',
    headers: { 'if-match': answer.headers.get('etag') ?? '' },
    body: JSON.stringify(rules),
  })
}

const post = <T>(address: string, key: string, body: object) =>
  call<T>(address, key, {
    method: 'POST',
    headers: { 'idempotency-key': randomUUID() },
    body: JSON.stringify(body),
  })
