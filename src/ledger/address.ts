import { BASE32, randomText } from '../auth/random'

// Ids carry their address: a call that names a member finds the object without asking anybody.

const RANDOM_LENGTH = 13 // 65 bits

const hints = {
  w: 'wnam',
  e: 'enam',
  s: 'sam',
  v: 'weur',
  x: 'eeur',
  p: 'apac',
  c: 'oc',
  a: 'afr',
  m: 'me',
} as const satisfies Record<string, DurableObjectLocationHint>

/** Where a member's object lives, as Cloudflare's `locationHint` calls it. */
export type Region = (typeof hints)[keyof typeof hints]

const letters = Object.fromEntries(
  Object.entries(hints).map(([letter, region]) => [region, letter]),
) as Record<Region, string>

const MEMBER_ID = new RegExp(`^m([${Object.keys(hints).join('')}])[${BASE32}]{${RANDOM_LENGTH}}$`)

/** A new member's id: 15 characters that say its region and nothing else. It is no secret. */
export const newMemberId = (region: Region): string =>
  `m${letters[region]}${randomText(BASE32, RANDOM_LENGTH)}`

/** The region that a member's id names; undefined for what cannot be a member's id. */
export const regionOf = (memberId: string): Region | undefined =>
  hints[MEMBER_ID.exec(memberId)?.[1] as keyof typeof hints]

/** What Cloudflare says of where a request came from. */
export interface Origin {
  continent?: string
  longitude?: string
}

const continents: Record<string, Region> = {
  AF: 'afr',
  AN: 'oc',
  AS: 'apac',
  EU: 'weur',
  NA: 'enam',
  OC: 'oc',
  SA: 'sam',
}

/** The region next to where a member is enrolled: by continent, the large ones cut at a meridian. */
export function regionNear({ continent = '', longitude }: Origin = {}): Region {
  const region = continents[continent] ?? 'apac'
  const east = Number(longitude ?? NaN)
  if (region === 'enam' && east < -100) {
    return 'wnam'
  }
  if (region === 'weur' && east > 15) {
    return 'eeur'
  }
  return region === 'apac' && east < 60 ? 'me' : region
}
