import { isSupportedCountry } from 'libphonenumber-js/min'

/** Whether this is a country whose phone numbers can be read: ISO 3166 alpha-2, in upper case. */
export const isCountry = (country: string): boolean => isSupportedCountry(country)
