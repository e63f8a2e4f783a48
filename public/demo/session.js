import { call, publishableKey, Refused } from './api.js'

const SLOT = 'punchcard-demo'

// In memory alone: a reload asks for a new one.
let accessToken = null
let renewal = null

/** Whether somebody is signed in, or was when this tab was last open. */
export const isSignedIn = () => accessToken !== null || sessionStorage.getItem(SLOT) !== null

/** Takes the tokens of a sign-in. */
export function begin(tokens) {
  accessToken = tokens.accessToken
  sessionStorage.setItem(SLOT, tokens.refreshToken)
}

/** Forgets the tokens. */
export function end() {
  accessToken = null
  sessionStorage.removeItem(SLOT)
}

/** Calls with the publishable key: sign-in. */
export const visitor = (path, body) => call('POST', path, { token: publishableKey, body })

/** Calls as the member; a token that has run out is renewed once, and the call repeated as it was. */
export async function me(method, path, options = {}) {
  if (accessToken === null) {
    await renew()
  }
  try {
    return await call(method, path, { ...options, token: accessToken })
  } catch (error) {
    if (error.code !== 'unauthorized') {
      throw error
    }
  }
  await renew()
  return call(method, path, { ...options, token: accessToken })
}

/** One renewal at a time: a refresh token works once. */
async function renew() {
  renewal ??= renewed().finally(() => {
    renewal = null
  })
  return renewal
}

async function renewed() {
  const refreshToken = sessionStorage.getItem(SLOT)
  if (refreshToken === null) {
    throw new Refused('signed_out')
  }
  try {
    begin(await visitor('/me/tokens', { refreshToken }))
  } catch (error) {
    // What was refused for now may be asked again.
    if (error.code !== 'unauthorized' && error.code !== 'member_gone') {
      throw error
    }
    end()
    throw new Refused('signed_out')
  }
}
