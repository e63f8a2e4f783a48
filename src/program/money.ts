// ISO 4217 list one as of 2026, funds codes included, metals and test codes not.
const codesByExponent: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
    LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
    ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
}

const exponents = new Map(
  Object.entries(codesByExponent).flatMap(([exponent, codes]) =>
    codes.split(/\s+/).map((code) => [code, Number(exponent)] as const),
  ),
)

/** Whether this is an ISO 4217 code in use, in upper case. */
export const isCurrency = (code: string): boolean => exponents.has(code)

/** Digits after the point of a currency by ISO 4217: 2 for CNY, 0 for JPY. Throws for what is no currency. */
export function exponent(currency: string): number {
  const digits = exponents.get(currency)
  if (digits === undefined) {
    throw new RangeError(`${currency} is not a currency`)
  }
  return digits
}

/**
 * An amount of another currency at a fixed rate, half-up: minor units to minor units. `rate` is what one unit of
 * `from` is worth in `to`, a decimal text.
 */
export function convert(amount: number, { rate, from, to }: Conversion): number {
  const [whole = '', fraction = ''] = rate.split('.')
  const num = BigInt(whole + fraction) * 10n ** BigInt(exponent(to))
  const den = 10n ** BigInt(fraction.length + exponent(from))
  return Number((2n * BigInt(amount) * num + den) / (2n * den))
}

export interface Conversion {
  rate: string
  from: string
  to: string
}
