import { instantText } from '../program/calendar'
import type { Standing, TierView } from './receipt'

// Where a member stood is kept with the last entry of each command, for a replay: an array, the names are here.
// It is part of every award, so that each byte counts; times are in seconds.

type PackedTier = [
  id: string,
  /** 0 for the id with a capital letter. */
  name: string | 0,
  next?: [id: string, remaining: number] | 0,
  fallsAt?: number,
  fallsTo?: string,
]

/** As the first ledgers kept it, with the next tier's id and what is missing for it side by side. */
type FirstTier = [id: string, name: string, nextId: string, remaining: number]

type PackedStanding = [
  available: number,
  pending: number,
  held: number,
  debt: number,
  tier: PackedTier,
  lapsing?: number,
  lapsingAt?: number,
]

/** Where a member stood after the entry that it is kept with. */
export function packStanding({ balance, tier }: Standing): string {
  const { available, pending, held, debt, nextExpiry } = balance
  const packed: PackedStanding = [available, pending, held, debt, packTier(tier)]
  if (nextExpiry) {
    packed.push(nextExpiry.points, seconds(nextExpiry.at))
  }
  return JSON.stringify(packed)
}

function packTier({ id, name, next, falls }: TierView): PackedTier {
  const packed: PackedTier = [id, name === capital(id) ? 0 : name]
  if (next || falls) {
    packed.push(next ? [next.id, next.remaining] : 0)
  }
  if (falls) {
    packed.push(seconds(falls.at), falls.to)
  }
  return packed
}

export function unpackStanding(text: string, seq: number): Standing {
  const packed = JSON.parse(text) as PackedStanding
  const [available, pending, held, debt, tier, lapsing, lapsingAt] = packed
  return {
    balance: {
      balance: available + held + pending - debt,
      available,
      pending,
      held,
      debt,
      nextExpiry: lapsingAt === undefined ? null : { points: lapsing!, at: timeOf(lapsingAt) },
    },
    tier: unpackTier(tier),
    seq,
  }
}

const unpackTier = (tier: PackedTier | FirstTier): TierView => {
  const [id, name, next, fallsAt, fallsTo] = isFirst(tier) ? renewed(tier) : tier
  return {
    id,
    name: name === 0 ? capital(id) : name,
    next: next ? { id: next[0], remaining: next[1] } : null,
    falls: fallsAt === undefined ? null : { at: timeOf(fallsAt), to: fallsTo! },
  }
}

const isFirst = (tier: PackedTier | FirstTier): tier is FirstTier => typeof tier[2] === 'string'

const renewed = ([id, name, ...next]: FirstTier): PackedTier => [id, name, next]

const capital = (id: string): string => id.charAt(0).toUpperCase() + id.slice(1)

const FAR = 1e11

/** Seconds, or milliseconds where they are so many that they cannot be taken for seconds. */
function seconds(time: string): number {
  const ms = Date.parse(time)
  return ms / 1000 < FAR ? ms / 1000 : ms
}

/** The first ledgers kept milliseconds throughout: no number of seconds is that large. */
const timeOf = (stored: number): string =>
  instantText(Math.round(stored < FAR ? stored * 1000 : stored))
