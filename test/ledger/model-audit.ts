import { closes } from '../../src/ledger/coupon'
import type { Entry } from '../../src/ledger/ledger'
import type { World } from './world'

// What must always hold of coupons, limits and of who is frozen.

/** What is broken. */
export function couponFaults({ entries, state, now }: World): string[] {
  const faults: string[] = []
  const must = (holds: boolean, what: string) => {
    if (!holds) {
      faults.push(what)
    }
  }
  const given = entries.filter(({ kind, endsAt }) => kind === 'redeem' && endsAt !== null)
  const awarded = new Set<string>()
  const open = new Map<number, number>()
  const used = new Map<number, Entry>()
  let [isFrozen, uses] = [false, 0]
  for (const entry of entries) {
    const { seq, kind, ref, endsAt, orderId, detail } = entry
    if (kind === 'award' && orderId !== null) {
      awarded.add(orderId)
    }
    if (detail.undo && orderId !== null) {
      awarded.delete(orderId)
    }
    if (kind === 'freeze' || kind === 'unfreeze') {
      must(isFrozen === (kind === 'unfreeze'), 'a freeze changes something')
      isFrozen = kind === 'freeze'
    }
    const spends = kind === 'hold' || kind === 'redeem' || (kind === 'use' && !detail.reversal)
    must(!(isFrozen && spends), 'who is frozen spends nothing')
    if (kind === 'redeem' && endsAt !== null) {
      must(orderId === null, 'a coupon is given for no order')
      open.set(seq, endsAt)
    }
    if (kind === 'use' && detail.reversal) {
      must(used.get(ref!)?.orderId === orderId, 'what is opened again was used for that order')
      used.delete(ref!)
      open.set(ref!, endsAt!)
      uses -= 1
    } else if (closes(entry)) {
      const end = open.get(ref!) ?? 0
      // What has ended is given back for its points once; it ends in no other way a second time.
      must(open.delete(ref!) || kind === 'restore', 'a coupon ends once')
      must(kind !== 'use' || end > entry.recordedAt, 'no coupon is used that is over')
      must(kind !== 'lapse' || end <= entry.recordedAt, 'no coupon lapses early')
      const paid = used.get(ref!)
      const isLoose = isFree(paid) || !awarded.has(paid!.orderId!)
      must(kind !== 'restore' || isLoose, 'no order loses what pays it')
      if (kind === 'use') {
        used.set(ref!, entry)
        uses += 1
      }
    }
  }
  must(uses <= given.length, 'coupons used ≤ coupons given')
  const stated = new Map(state.coupons)
  must(stated.size === state.coupons.length, 'a coupon is open once')
  must(same(stated, open), 'open coupons = fold')
  must(
    [...open.values()].every((end) => end > now),
    'no open coupon is over',
  )
  must(state.isFrozen === isFrozen, 'frozen = fold')
  return faults
}

const same = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean =>
  a.size === b.size && [...a].every(([seq, end]) => b.get(seq) === end)

/** Whether a use, if there is one, was for no order. */
const isFree = (use: Entry | undefined): boolean => use === undefined || use.orderId === null
