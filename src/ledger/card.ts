import { fail, type Refusal } from '../result'
import type { Command } from './decide'

/** A card that was shown at the till, good for one sale; it is over at `endsAt`, in real milliseconds. */
export interface Shown {
  id: string
  endsAt: number
  /** Of the sessions, when it was shown. */
  epoch: number
}

/** Cards that were used, by id, and when each is over (real milliseconds). */
type Cards = readonly (readonly [id: string, endsAt: number])[]

const tooOld = fail('card_refused', 'The code is too old. Show the card anew.')
const wasUsed = fail('card_refused', 'The code was used. Show the card anew.')

/** Why a card that was shown is not taken at `now`: a picture of it is too old, was used before, or all were signed out since. */
export function refuseCard(
  card: Shown | undefined,
  { cards, epoch }: { cards: Cards; epoch: number },
  now: number,
): Refusal | null {
  if (card === undefined) {
    return null
  }
  if (card.endsAt <= now || card.epoch !== epoch) {
    return tooOld
  }
  return cards.some(([id]) => id === card.id) ? wasUsed : null
}

/** The card by which a command came. */
export const cardOf = (command: Command): Shown | undefined =>
  command.type === 'sale' ? command.card : undefined

/** The cards that are to be remembered once a command is booked. */
export function useCard(card: Shown | undefined, used: Cards, now: number): { cards?: Cards } {
  const live = used.filter(([, endsAt]) => endsAt > now)
  return card ? { cards: [...live, [card.id, card.endsAt]] } : {}
}
