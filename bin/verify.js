#!/usr/bin/env node
// Checks a member's statement by itself: the hash chain, every lot, and the balance. Shares nothing with src/, needs
// nothing but Node, and asks nobody. docs/storage.md says what is computed.
//
//   npx punchcard-verify statement.json          the file of GET /v1/members/:id/statement, or - for standard input
//   npx punchcard-verify statement.json <hash>   and that the hash of an earlier statement is still in the chain
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** @typedef {{ seq: number, remaining: number, held: number, expiresAt: number, activeAt: number | null, idle?: string }} Lot */

const sha256 = (/** @type {(Uint8Array | string)[]} */ ...parts) => {
  const hash = createHash('sha256')
  parts.forEach((part) => hash.update(part))
  return hash.digest()
}

/** An object with its members in order of name, all the way down. @param {any} value @returns {any} */
const sorted = (value) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return value
  }
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]))
}

/** @param {Buffer} salt @param {string} field @param {string | null} text */
const digest = (salt, field, text) => {
  if (text === null) {
    return null
  }
  // Erasure leaves the digest itself, behind U+0000.
  return text.startsWith('\0')
    ? text.slice(1)
    : sha256(salt, `${field}\n${text}`).toString('base64url').slice(0, 22)
}

/** @param {any} entry @param {Buffer} salt */
const canonical = (entry, salt) =>
  JSON.stringify([
    entry.seq,
    entry.kind,
    entry.points,
    entry.occurredAt,
    entry.recordedAt,
    entry.lots,
    entry.debt,
    sorted(entry.lot),
    entry.ref,
    entry.endsAt,
    entry.tier,
    entry.count,
    sorted(entry.detail),
    sorted(entry.actor),
    digest(salt, 'orderId', entry.orderId),
    digest(salt, 'reference', entry.reference),
    digest(salt, 'reason', entry.reason),
  ])

const NEVER = 2 ** 53 - 1

/** Moves the points of idle lives to their new end. @param {Map<number, Lot>} lots @param {any} entry */
const renew = (lots, entry) => {
  for (const [life, expiresAt, since] of entry.detail.renews ?? []) {
    for (const lot of lots.values()) {
      if (lot.idle === life && lot.seq >= since) {
        lot.expiresAt = expiresAt
      } else if (lot.idle === life) {
        delete lot.idle
      }
    }
  }
  for (const lot of entry.detail.renews ? lots.values() : []) {
    if (lot.expiresAt <= entry.recordedAt) {
      delete lot.idle
    }
  }
}

/** Books an entry on the lots; answers what of them cannot be. @param {Map<number, Lot>} lots @param {any} entry */
const book = (lots, entry) => {
  /** @type {string[]} */
  const faults = []
  let made = entry.points + entry.debt
  renew(lots, entry)
  for (const [seq, change, held = 0, expiresAt, activeAt = null, idle] of entry.lots) {
    const lot = lots.get(seq)
    if (!lot && expiresAt === undefined) {
      faults.push(`touches lot ${seq}, which is not open`)
      continue
    }
    const promised =
      expiresAt === undefined ? lot : { expiresAt, activeAt, ...(idle !== undefined && { idle }) }
    const { idle: _, ...rest } = lot ?? { remaining: 0, held: 0 }
    const next = /** @type {Lot} */ ({
      ...rest,
      ...promised,
      seq,
      remaining: (lot?.remaining ?? 0) + change,
      held: (lot?.held ?? 0) + held,
    })
    if (entry.kind === 'activate') {
      next.activeAt = null
    }
    if (next.remaining < 0 || next.held < 0 || next.held > next.remaining) {
      faults.push(`leaves lot ${seq} with ${next.remaining} points, ${next.held} of them held`)
    }
    if (['hold', 'redeem'].includes(entry.kind) && next.expiresAt <= entry.recordedAt) {
      faults.push(`spends points of lot ${seq}, which have lapsed`)
    }
    if (['hold', 'redeem'].includes(entry.kind) && next.activeAt !== null) {
      faults.push(`spends points of lot ${seq}, which are pending`)
    }
    if (entry.kind === 'expire' && next.expiresAt > entry.occurredAt) {
      faults.push(`takes points of lot ${seq} before they lapse`)
    }
    made -= change
    lots.delete(seq)
    if (next.remaining > 0) {
      lots.set(seq, next)
    }
  }
  if (!entry.lot && made !== 0) {
    faults.push(`moves ${made} points from or to nowhere`)
  }
  if (entry.lot && made < 0) {
    faults.push(`makes a lot of ${made} points`)
  }
  if (entry.lot && made > 0) {
    lots.set(entry.seq, { seq: entry.seq, remaining: made, held: 0, ...entry.lot })
  }
  return faults
}

/** @param {Map<number, Lot>} lots @param {number} debt */
const partsOf = (lots, debt) => {
  const parts = { balance: -debt, available: 0, pending: 0, held: 0, debt }
  for (const { remaining, held, activeAt } of lots.values()) {
    parts.balance += remaining
    if (activeAt === null) {
      parts.available += remaining - held
      parts.held += held
    } else {
      parts.pending += remaining
    }
  }
  return parts
}

/** What lapses first of what is not held. @param {Map<number, Lot>} lots */
const nextExpiryOf = (lots) => {
  const free = [...lots.values()].filter((lot) => lot.remaining > lot.held)
  const at = Math.min(...free.map((lot) => lot.expiresAt))
  const lapsing = free.filter((lot) => lot.expiresAt === at)
  const points = lapsing.reduce((sum, lot) => sum + lot.remaining - lot.held, 0)
  return at >= NEVER ? null : { points, at: new Date(at).toISOString() }
}

/** @param {Iterable<Lot>} lots */
const listed = (lots) =>
  [...lots]
    .map((lot) => ({ ...lot, expiresAt: lot.expiresAt ?? NEVER }))
    .sort((a, b) => a.expiresAt - b.expiresAt || a.seq - b.seq)
    .map(({ seq, remaining, held, expiresAt, activeAt, idle }) =>
      [seq, remaining, held, expiresAt, activeAt, idle].join(' '),
    )

/** Every fault of a statement; none proves it. @param {any} statement @param {string} [known] a hash that must be in the chain */
export const faultsOf = (statement, known) => {
  /** @type {string[]} */
  const faults = []
  if (statement?.format !== 'punchcard-statement-1' || !Array.isArray(statement.entries)) {
    return ['This is not a statement of format punchcard-statement-1.']
  }
  const salt = Buffer.from(statement.salt, 'base64')
  /** @type {Map<number, Lot>} */
  const lots = new Map()
  let head = Buffer.alloc(32)
  let [debt, sum, recordedAt] = [0, 0, 0]
  const hash = known?.toLowerCase()
  let isKnown = hash === undefined || hash === head.toString('hex')
  statement.entries.forEach((/** @type {any} */ entry, /** @type {number} */ i) => {
    const say = (/** @type {string} */ fault) => faults.push(`Entry ${i + 1} ${fault}.`)
    if (entry.seq !== i + 1) {
      say(`has seq ${entry.seq}: entries are missing or twice`)
    }
    head = sha256(head, canonical(entry, salt))
    if (head.toString('hex') !== entry.hash) {
      say('does not have the hash of what it says')
      head = Buffer.from(entry.hash, 'hex')
    }
    isKnown ||= entry.hash === hash
    if (entry.recordedAt < recordedAt) {
      say('was recorded before the one before it')
    }
    recordedAt = entry.recordedAt
    sum += entry.points
    debt += entry.debt
    book(lots, entry).forEach(say)
    const parts = partsOf(lots, debt)
    if (debt < 0 || sum !== parts.balance) {
      say(`leaves ${sum} points, ${parts.balance} in lots less what is owed`)
    }
  })
  const last = statement.entries.length
  if (statement.seq !== last || statement.head !== head.toString('hex')) {
    faults.push(`The statement ends with entry ${statement.seq}, its entries with another.`)
  }
  if (!isKnown) {
    faults.push(`No entry has the hash ${known}: history was rewritten.`)
  }
  const parts = partsOf(lots, debt)
  for (const [name, points] of Object.entries(parts)) {
    if (statement.balance[name] !== points) {
      faults.push(`${name} is ${statement.balance[name]}, by its entries ${points}.`)
    }
  }
  if (debt > 0 && parts.available > 0) {
    faults.push(`${debt} points are owed while ${parts.available} are available.`)
  }
  if (JSON.stringify(statement.balance.nextExpiry) !== JSON.stringify(nextExpiryOf(lots))) {
    faults.push('What lapses next is not what its entries say.')
  }
  for (const lot of lots.values()) {
    if (lot.expiresAt <= Date.parse(statement.at) && lot.remaining > lot.held) {
      faults.push(`Lot ${lot.seq} has lapsed and is still counted.`)
    }
  }
  const [stated, computed] = [listed(statement.lots), listed(lots.values())]
  if (stated.join() !== computed.join()) {
    faults.push(`The open lots are not those of its entries.`)
  }
  return faults
}

const main = () => {
  const [file, known] = process.argv.slice(2)
  if (!file) {
    console.error('punchcard-verify <statement.json | -> [hash of an earlier statement]')
    process.exit(2)
  }
  let statement
  try {
    statement = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (error) {
    console.error(`${file} cannot be read: ${/** @type {Error} */ (error).message}`)
    process.exit(2)
  }
  const faults = faultsOf(statement, known)
  faults.slice(0, 20).forEach((fault) => console.error(fault))
  if (faults.length > 0) {
    console.error(`NOT PROVEN: ${faults.length} faults.`)
    process.exit(1)
  }
  const { memberId, seq, balance, head } = statement
  console.log(`PROVEN: member ${memberId} has ${balance.balance} points after ${seq} entries.`)
  console.log(`Keep this hash, and check the next statement with it: ${head}`)
}

// npx runs it through a link.
if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  main()
}
