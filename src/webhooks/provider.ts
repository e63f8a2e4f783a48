import type { Result } from '../result'

// What a payment provider tells, in one way: the next provider is one more file beside `stripe.ts`.

/** A delivery as it came in. */
export interface Delivery {
  headers: Headers
  body: Uint8Array
}

/** By what a payment may be known to the shop; who of the members it is, is asked in this order. */
export interface Payer {
  memberId: string | null
  customerId: string | null
  email: string | null
  phone: string | null
}

/** One thing that an event says about a payment; amounts are minor units by ISO 4217, times milliseconds. */
export type Fact =
  | {
      kind: 'paid'
      amount: number
      currency: string
      orderId: string | null
      payer: Payer
      at: number
    }
  /** So much has been refunded altogether, as of `at`. */
  | { kind: 'refunded'; amount: number; currency: string; at: number }
  /** A refund did not reach the payer. */
  | { kind: 'refundFailed'; refundId: string; amount: number; currency: string; at: number }
  /** A dispute takes the amount, or has given it back. */
  | {
      kind: 'disputed'
      disputeId: string
      amount: number
      currency: string
      isOpen: boolean
      at: number
    }

/** What an event says. */
export interface About {
  /** The payment's own ids, the first is the one it goes by; none where the event is about no payment. */
  paymentIds: string[]
  facts: Fact[]
}

/** An event as every provider's is read. */
export interface ProviderEvent {
  id: string
  type: string
  isLive: boolean
  /** What it says, or why that cannot be read. */
  about: Result<About>
}

/** A payment provider: two pure functions. */
export interface Provider {
  /** Whether a delivery was signed with one of the secrets, lately by `now` (milliseconds). */
  verify: (delivery: Delivery, secrets: readonly string[], now: number) => Promise<Result<null>>
  /** Reads an event; refuses what is none of this provider. */
  read: (event: unknown) => Result<ProviderEvent>
}
