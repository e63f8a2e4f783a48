import type { Provider } from './provider'
import { stripe } from './stripe'

/** Every payment provider whose webhooks are understood. */
export const providers = { stripe } satisfies Record<string, Provider>
export type ProviderName = keyof typeof providers
