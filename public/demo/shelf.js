import { drawing } from './dom.js'

const shapes = {
  tin: '<rect x="15" y="19" width="34" height="37" rx="4"/><rect x="18" y="9" width="28" height="9" rx="3" opacity=".75"/><path d="M25 44c0-9 6-14 15-14 0 9-6 14-15 14zm0 0 7-7" class="cut"/>',
  pearls:
    '<circle cx="23" cy="40" r="12"/><circle cx="43" cy="41" r="10" opacity=".75"/><circle cx="34" cy="22" r="11" opacity=".88"/><path d="M18 36c3-4 7-5 10-3M30 18c3-3 6-3 9-1M39 38c2-3 5-4 8-2" class="cut"/>',
  cake: '<circle cx="32" cy="33" r="23"/><circle cx="32" cy="33" r="10" class="cut"/><path d="M32 10v13M32 43v13M9 33h13M42 33h13" class="cut"/>',
  leaf: '<path d="M8 52C6 26 22 10 56 10c0 30-16 46-42 40z"/><path d="M10 56 40 26" class="cut"/><path d="M36 44c6 0 10-2 13-6" class="cut"/>',
  cup: '<path d="M10 26h36v8c0 12-7 20-18 20S10 46 10 34z"/><path d="M46 30h4c9 0 9 14-4 14" class="line"/><path d="M21 8c-4 5 4 7 0 12M33 8c-4 5 4 7 0 12" class="line"/>',
  pot: '<path d="M14 32c0-8 7-12 16-12s16 4 16 12v9c0 7-7 11-16 11s-16-4-16-11z"/><rect x="21" y="12" width="18" height="6" rx="3" opacity=".75"/><path d="M46 34l10-8" class="line"/><path d="M14 30c-11 0-11 16 0 16" class="line"/><path d="M20 36c4-3 16-3 20 0" class="cut"/>',
}

/** What the shop sells; prices are fen. */
export const products = [
  { sku: 'LONGJING', price: 12_800, art: 'leaf', en: 'Dragon Well green tea', zh: '西湖龙井' },
  { sku: 'JASMINE', price: 8_800, art: 'pearls', en: 'Jasmine pearls', zh: '茉莉龙珠' },
  { sku: 'DAHONGPAO', price: 16_800, art: 'tin', en: 'Big Red Robe oolong', zh: '大红袍' },
  { sku: 'PUER', price: 29_800, art: 'cake', en: 'Ten-year pu’er cake', zh: '十年普洱饼' },
  { sku: 'TEAPOT', price: 19_800, art: 'pot', en: 'Clay teapot', zh: '紫砂壶' },
  { sku: 'CUP', price: 3_600, art: 'cup', en: 'Porcelain cup', zh: '白瓷茶杯' },
]

/** A product by its SKU, if the shop has it. */
export const productOf = (sku) => products.find((product) => product.sku === sku)

/** A drawing that says nothing to those who do not see it. */
export const art = (name) =>
  drawing(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" aria-hidden="true" class="art art-${name}">${shapes[name]}</svg>`,
  )
