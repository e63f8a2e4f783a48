import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import openapi from '../public/openapi.json'
import { newKey, rotation } from '../src/auth/schema'
import { clockMove } from '../src/clock/schema'
import { page } from '../src/http/scalars'
import * as ledger from '../src/ledger/schema'
import * as me from '../src/me/schema'
import * as members from '../src/members/schema'
import * as pos from '../src/pos/schema'
import { document } from '../src/program/document'
import { newProgram } from '../src/program/schema'
import { options } from '../src/imports/schema'
import { place } from '../src/backup/schema'
import { feed } from '../src/projection/schema'
import { rebuild } from '../src/rebuild/schema'
import { rewind } from '../src/rewind/schema'
import { couponUse, couponVoid } from '../src/rewards/schema'
import { newClaim, newEndpoint, rotation as newSecrets } from '../src/webhooks/schema'
import { renewal, start, verification } from '../src/sign-in/schema'
import {
  find,
  ids,
  inlined,
  misfits,
  operations,
  readsJson,
  type Schema,
  sorted,
} from './http/openapi'

// What a client must know before it sends; patterns and refinements are told in words.
const bounds = [
  'const',
  'default',
  'format',
  'maxItems',
  'maxLength',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'type',
]

/** A schema that may be null, as zod writes it, in the words of the document. */
const plain = ({ anyOf, ...schema }: Schema): Schema => {
  if (anyOf?.[1]?.type === 'null') {
    return { ...anyOf[0], ...schema, type: [anyOf[0]!.type as string, 'null'] }
  }
  return anyOf ? { ...schema, anyOf } : schema
}

/** Which of several shapes a value may have, in their order. */
const variants = ({ anyOf, oneOf }: Schema): Schema[] => anyOf ?? oneOf ?? []

/** Where a described schema is not what zod reads. */
function differences(described: Schema, read: Schema, at = '#'): string[] {
  const [is, wants] = [plain(described), plain(read)]
  const keywords = wants.enum === undefined ? bounds : [...bounds, 'enum']
  const [properties, wanted] = [is.properties ?? {}, wants.properties ?? {}]
  const [others, wantedOthers] = [is.additionalProperties, wants.additionalProperties]
  const tell = (keyword: string, a: unknown, b: unknown) =>
    JSON.stringify(a) === JSON.stringify(b)
      ? []
      : [`${at} ${keyword} is ${JSON.stringify(a)} and must be ${JSON.stringify(b)}`]
  return [
    ...keywords.flatMap((keyword) => tell(keyword, is[keyword], wants[keyword])),
    ...tell('required', sorted(is.required ?? []), sorted(wants.required ?? [])),
    ...tell('properties', sorted(Object.keys(properties)), sorted(Object.keys(wanted))),
    ...Object.entries(wanted).flatMap(([name, each]) =>
      name in properties ? differences(properties[name]!, each, `${at}/${name}`) : [],
    ),
    ...(wants.items ? differences(is.items ?? {}, wants.items, `${at}[]`) : []),
    ...tell('variants', variants(is).length, variants(wants).length),
    ...variants(wants).flatMap((each, i) => differences(variants(is)[i] ?? {}, each, `${at}|${i}`)),
    ...tell('additionalProperties', typeof others, typeof wantedOthers),
    ...(typeof wantedOthers === 'object'
      ? differences(others as Schema, wantedOthers, `${at}/*`)
      : tell('additionalProperties', others, wantedOthers)),
    ...(wantedOthers && wants.propertyNames
      ? differences((is.propertyNames ?? {}) as Schema, wants.propertyNames as Schema, `${at}/name`)
      : []),
  ]
}

const read = (schema: z.ZodMiniType) =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema

describe('a JSON body', () => {
  const bodies: Record<string, z.ZodMiniType> = {
    createProgram: newProgram,
    publishProgram: document,
    moveClock: clockMove,
    createKey: newKey,
    rotateKey: rotation,
    enrolMember: members.enrolment,
    changeMember: members.changes,
    issueTokens: ledger.nothing,
    replaceCard: members.replacement,
    freezeMember: ledger.freezing,
    unfreezeMember: ledger.freezing,
    rebuildProjection: rebuild,
    rewindLedger: rewind,
    awardPurchase: ledger.purchase,
    refundPurchase: ledger.refund,
    reverseRefund: ledger.refundReversal,
    placeHold: ledger.holdRequest,
    captureHold: ledger.capture,
    releaseHold: ledger.nothing,
    redeemPoints: ledger.redeem,
    reverseRedemption: ledger.nothing,
    adjustPoints: ledger.adjustment,
    awardActivity: ledger.activity,
    refundOrder: ledger.refund,
    readCard: pos.cardShown,
    bookSale: pos.posSale,
    voidSale: pos.posVoid,
    useCoupon: couponUse,
    voidCoupon: couponVoid,
    createEndpoint: newEndpoint,
    rotateSecrets: newSecrets,
    claimPayment: newClaim,
    // Each provider reads its own, once the signature is right.
    receiveEvent: z.looseObject({
      id: z.string(),
      type: z.string(),
      created: z.number(),
      livemode: z.boolean(),
      data: z.looseObject({}),
    }),
    startSignIn: start,
    finishSignIn: verification,
    renewTokens: renewal,
    changeMe: members.ownChanges,
    redeemReward: me.ownRedemption,
    reportActivity: ledger.activity,
    signOut: me.signOut,
  }

  it('is described for the operations that read one', () => {
    const withBody = operations.filter(readsJson)
    expect(sorted(withBody.map(({ operationId }) => operationId))).toEqual(
      sorted(Object.keys(bodies)),
    )
  })

  it.each(Object.entries(bodies))('of %s is described as it is read', (id, schema) => {
    const { required, content } = find(id).requestBody!
    expect(differences(content['application/json']!.schema, read(schema))).toEqual([])
    expect(required).toBe(!schema.safeParse({}).success)
    for (const { value } of Object.values(content['application/json']!.examples!)) {
      expect(schema.safeParse(value).error?.issues).toBeUndefined()
    }
  })
})

describe('a query', () => {
  const queries: Record<string, z.ZodMiniType> = {
    listKeys: page,
    listVersions: page,
    findMembers: members.search,
    getBalance: ledger.balanceQuery,
    listEntries: page,
    readFeed: feed,
    listOutbox: page,
    listEvents: page,
    listPayments: page,
    startImport: options,
    exportProgram: place,
    listImports: page,
    listImportFaults: page,
    listOwnEntries: page,
    listOwnCoupons: page,
    // The one that is read without a schema: what is no key opens nothing.
    showDemo: z.object({ key: z.optional(z.string()) }),
  }

  it.each(ids)('of %s is described as it is read', (id) => {
    const described = find(id).parameters.filter((each) => each.in === 'query')
    const { properties = {} } = queries[id] ? read(queries[id]) : {}
    expect(sorted(described.map(({ name }) => name))).toEqual(sorted(Object.keys(properties)))
    for (const { name, required = false, schema } of described) {
      const { minLength, maxLength } = properties[name]!
      expect({ required, ...schema }).toMatchObject({
        required: false,
        ...(maxLength !== undefined && { minLength, maxLength }),
      })
    }
  })
})

/** Every field of a schema with its path, those of all its variants, lists and maps too. */
function* fieldsOf(schema: Schema, at = '#'): Generator<[path: string, field: Schema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield [`${at}/${name}`, field]
    yield* fieldsOf(field, `${at}/${name}`)
  }
  const { items, additionalProperties: others } = schema
  for (const each of [...variants(schema), items, others]) {
    if (typeof each === 'object') {
      yield* fieldsOf(each, `${at}/*`)
    }
  }
}

describe('the program document', () => {
  const schema = inlined(openapi.components.schemas.ProgramDocument) as Schema

  it('has a sentence for every field', () => {
    const fields = [...fieldsOf(schema)]
    expect(fields.length).toBeGreaterThan(80)
    const silent = fields.filter(([, { description }]) => !/^[A-Z`].+\.$/.test(description ?? ''))
    expect(silent.map(([path]) => path)).toEqual([])
  })

  it('fits what the app keeps and answers', () => {
    const { draft, rules } = openapi.components.examples
    expect(document.parse(draft.value)).toEqual(rules.value)
    expect(misfits(schema, rules.value)).toEqual([])
  })

  it('does not fit with a field too many, wherever it is', () => {
    const { draft } = openapi.components.examples
    const spoilt = (path: string[]) => {
      const copy = structuredClone(draft.value)
      const at = path.reduce((value: object, name) => value[name as keyof object], copy)
      Object.assign(at, { colour: { en: 'red' } })
      return copy
    }
    const places = ['', 'earning', 'earning/rules/0', 'expiry', 'tiers/levels/1', 'coupons']
    for (const path of [...places, 'rewards/gift', 'rewards/gift/limit']) {
      const value = spoilt(path.split('/').filter(Boolean))
      expect([path, misfits(schema, value).length > 0]).toEqual([path, true])
      expect([path, document.safeParse(value).success]).toEqual([path, false])
    }
  })
})
