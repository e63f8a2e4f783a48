import { locale } from './words.js'

const fragment = new URLSearchParams(location.hash.slice(1))

/** What a storefront may show to everybody; it opens the sign-in alone. */
export const publishableKey = new URLSearchParams(location.search).get('key')

/** What a till keeps to itself. It comes in the fragment, which no server sees. */
export const tillKey = fragment.get('till')

const WAITS_MS = [300, 1_000]

/** A call that was refused, or had no answer: `code` says why. */
export class Refused extends Error {
  constructor(code, detail = code) {
    super(detail)
    this.code = code
  }
}

/** Calls the API and gives the answer: JSON read, other text as it is, null for none. */
export async function call(method, path, { token, body, key, accept = 'application/json' } = {}) {
  const headers = { accept, 'accept-language': locale(), authorization: `Bearer ${token}` }
  if (body !== undefined) {
    headers['content-type'] = 'application/json'
  }
  if (key !== undefined) {
    headers['idempotency-key'] = key
  }
  // What cannot count twice is sent again when nobody answers.
  const waits = method === 'GET' || key !== undefined ? WAITS_MS : []
  const response = await send(path, { method, headers, body: JSON.stringify(body) }, waits)
  return read(response)
}

async function send(path, init, [wait, ...waits]) {
  try {
    return await fetch(path, init)
  } catch {
    if (wait === undefined) {
      throw new Refused('no_answer')
    }
  }
  await new Promise((resolve) => setTimeout(resolve, wait))
  return send(path, init, waits)
}

async function read(response) {
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  if (!response.ok) {
    const { code, detail } = isJson ? JSON.parse(text) : { code: 'internal_error' }
    throw new Refused(code, detail)
  }
  return isJson ? JSON.parse(text) : text || null
}

/** Calls with the till's key. */
export const till = (method, path, options) => call(method, path, { ...options, token: tillKey })

const unanswered = new Map()
const OPEN = ['no_answer', 'unavailable', 'internal_error']

/**
 * Does what the user asked for once, however often it is tried: `make` gives its body and is asked again only after an
 * answer. What had none is sent again as it was, under the same Idempotency-Key.
 */
export async function once(action, make, sendIt) {
  const intent = unanswered.get(action) ?? { key: crypto.randomUUID(), body: make() }
  unanswered.set(action, intent)
  try {
    const answer = await sendIt(intent)
    unanswered.delete(action)
    return answer
  } catch (error) {
    if (!OPEN.includes(error.code)) {
      unanswered.delete(action)
    }
    throw error
  }
}
