import metadata from '../members/phone.json'

/** Whether this is a country whose phone numbers can be read: ISO 3166 alpha-2, in upper case. */
export const isCountry = (country: string): boolean => Object.hasOwn(metadata.countries, country)
