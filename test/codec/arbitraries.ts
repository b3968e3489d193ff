import fc from 'fast-check'

/** Any code units, lone surrogates and NUL among them. */
export const anyString = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', 'é', 'a\u0000b', '漢字', '😀', '\ud800', '\udc00x', 'x'.repeat(60)),
)

export const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, Number.NaN, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 53, 1e300, 5e-324),
)

export const anyDate = fc.oneof(fc.date(), fc.constantFrom(new Date(-1), new Date(Number.NaN)))
export const anyBytes = fc.uint8Array({ maxLength: 40 })

const scalar = fc.oneof(
  anyString,
  anyNumber,
  fc.boolean(),
  fc.constantFrom(null, undefined),
  anyDate,
  fc.bigInt(),
  anyBytes,
)

const names = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
  { weight: 1, arbitrary: fc.constantFrom('', 'toString', 'constructor', '__proto__', '0', 'ü"') },
  { weight: 1, arbitrary: anyString },
)

/** Own fields whatever their names. */
function recordOf(entries: readonly (readonly [string, unknown])[]): object {
  const record = {}
  for (const [name, value] of entries) {
    const field = { value, enumerable: true, writable: true, configurable: true }
    Object.defineProperty(record, name, field)
  }
  return record
}

/** Any value that a record may be or hold. */
export const { value: anyValue, record: anyRecord } = fc.letrec<{
  value: unknown
  record: object
  list: unknown[]
}>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: tie('record') },
    { weight: 1, arbitrary: tie('list') },
    { weight: 1, arbitrary: fc.constantFrom(new Map([['k', [1]]]), new Set([-0]), /x/g) },
  ),
  record: fc
    .uniqueArray(fc.tuple(names, tie('value')), { selector: ([name]) => name, maxLength: 5 })
    .map(recordOf),
  list: fc.array(tie('value'), { maxLength: 4 }),
}))

/** Records of one kind, as streams have them: the same fields, now and then one missing or null. */
export const similarRecords = fc
  .uniqueArray(fc.tuple(names, fc.constantFrom(...scalarKinds())), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 6,
  })
  .chain((fields) =>
    fc.array(
      fc
        .tuple(...fields.map(([name, of]) => fc.tuple(fc.constant(name), fc.option(of))))
        .chain((entries) => fc.subarray(entries, { minLength: entries.length - 1 }))
        .map(recordOf),
      { maxLength: 60 },
    ),
  )

function scalarKinds(): fc.Arbitrary<unknown>[] {
  return [anyString, anyNumber, fc.boolean(), anyDate, fc.bigInt(), anyBytes, fc.integer()]
}
