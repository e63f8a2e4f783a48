import { type Lot, type Order, type Refund, standing, total } from './model-order'
import { TillModel } from './model-till'

/** Something that an import booked. */
type Booked = { order: Order } | { order: Order; refund: Refund } | { lot: Lot; points: number }

/** The naive ledger with imports, and what becomes of it when one is undone. */
export class ImportModel extends TillModel {
  /** What stands of each import. */
  readonly imports = new Map<string, Booked[]>()

  /** Notes that what was done last was done by an import. */
  imported(id: string, type: 'purchase' | 'refund' | 'balance', orderId: string, points: number) {
    const order = this.orders.find((each) => each.id === orderId)!
    const booked = {
      purchase: () => ({ order }),
      refund: () => ({ order, refund: order.refunds.at(-1)! }),
      balance: () => ({ lot: this.lots.at(-1)!, points }),
    }
    this.imports.set(id, [...(this.imports.get(id) ?? []), booked[type]()])
  }

  /** Takes back what an import booked, newest first. */
  undoImport(id: string): string {
    const booked = this.imports.get(id) ?? []
    this.imports.delete(id)
    let outcome = 'nothing'
    for (const each of booked.toReversed()) {
      if ('refund' in each) {
        const { order, refund } = each
        const isThere = this.orders.includes(order)
        const back = isThere ? this.reverseRefund(refund.id, order.id) : 'nothing'
        if (back === 'done') {
          outcome = back
          // Its id can be booked anew.
          order.refunds = order.refunds.filter((other) => other !== refund)
        }
        continue
      }
      if ('order' in each && standing(each.order).length > 0) {
        // Others have given something back of it.
        continue
      }
      outcome = 'done'
      if ('order' in each) {
        const { order } = each
        this.orders = this.orders.filter((other) => other !== order)
        this.#takeBack(order.lot!, order.earned - total(standing(order), 'owed'))
        this.look()
      } else {
        this.#takeBack(each.lot, each.points)
      }
    }
    this.lapse()
    return outcome
  }

  /** Points of a lot, but for those that are gone. */
  #takeBack(lot: Lot, points: number): void {
    this.claw(Math.max(0, points - lot.lapsed), new Set([lot]))
  }
}
