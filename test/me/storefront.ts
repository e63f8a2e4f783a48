import { type Answer, call, type Call, createKey, createProgram } from '../http/api'
import { type Rules, Shop } from '../clock/shop'

/** What somebody has who is signed in. */
export interface Tokens {
  memberId: string
  accessToken: string
  refreshToken: string
}

/** A member's e-mail address or phone number. */
export type Identity = { email: string } | { phone: string }

/** A program of its own with a storefront: what its pages and its members call. */
export class Storefront extends Shop {
  readonly publishable: string

  constructor({ id, key, publishable }: { id: string; key: string; publishable: string }) {
    super({ id, key })
    this.publishable = publishable
  }

  /** A call of a page before anybody is signed in. */
  knock = (path: string, body: unknown, options: Call = {}): Promise<Answer> =>
    call('POST', `/me${path}`, { key: this.publishable, body, ...options })

  /** Asks for a code, and reads it where a test program keeps what it would have sent. */
  async codeFor(identity: Identity, options: Call = {}): Promise<string> {
    const { status, text } = await this.knock('/sign-in', identity, options)
    if (status !== 202) {
      throw new Error(text)
    }
    return (await this.outbox())[0]!.code
  }

  verify = (identity: object, code: string, options: Call = {}): Promise<Answer> =>
    this.knock('/sign-in/verify', { ...identity, code }, options)

  /** Signs somebody in by a code. */
  async signIn(identity: Identity): Promise<Tokens> {
    return (await this.verify(identity, await this.codeFor(identity))).json
  }

  /** Signs a member in as the shop's own server does. */
  tokensFor = async (memberId: string): Promise<Tokens> =>
    (await call('POST', `/v1/members/${memberId}/tokens`, { key: this.key, body: {} })).json

  /** A new member who is signed in. */
  async newcomer(): Promise<Tokens> {
    return this.tokensFor(await this.enrol())
  }

  refresh = (refreshToken: string, options: Call = {}): Promise<Answer> =>
    this.knock('/tokens', { refreshToken }, options)

  /** What a test program would have sent, newest first. */
  outbox = async (): Promise<{ to: string; code: string; text: string; subject: string }[]> =>
    (await this.get('/v1/outbox?limit=100')).json.data
}

/** Opens a storefront, with some of the default rules changed. */
export async function openStorefront(fields: object = {}, changes?: Rules): Promise<Storefront> {
  const { id, key } = await createProgram(fields)
  const store = new Storefront({
    id,
    key,
    publishable: (await createKey(key, 'publishable')).key,
  })
  if (changes) {
    const { status, text } = await store.publish(changes)
    if (status !== 200) {
      throw new Error(text)
    }
  }
  return store
}

/** A member's own call. */
export const mine = (
  { accessToken: key }: Pick<Tokens, 'accessToken'>,
  method: string,
  path = '',
  options: Call = {},
): Promise<Answer> => call(method, `/me${path}`, { key, ...options })

/** A member's own command, under a fresh Idempotency-Key. */
export const command = (
  tokens: Pick<Tokens, 'accessToken'>,
  path: string,
  body: object,
  idempotencyKey: string = crypto.randomUUID(),
): Promise<Answer> =>
  mine(tokens, 'POST', path, { body, headers: { 'idempotency-key': idempotencyKey } })
