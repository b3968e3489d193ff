import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, expectTypeOf, test } from 'vitest'
import { Codecs } from '../../src/codec/codecs.ts'
import { APPENDED, MISFIT, pageViews } from '../../src/codec/page.ts'
import { checkRecord, type Infer, schema, shapeOfSchema, t } from '../../src/codec/schema.ts'

const flight = schema({
  origin: t.string,
  delay: t.int32,
  distance: t.nullable(t.double),
  at: t.date,
  tags: t.array(t.string),
  crew: schema({ captain: t.string, size: t.optional(t.int32) }),
  note: t.optional(t.string),
  raw: t.bytes,
  miles: t.bigint,
  cancelled: t.boolean,
  extra: t.any,
})
type Flight = Infer<typeof flight>

const record: Flight = {
  origin: 'ABE',
  delay: -3,
  distance: null,
  at: new Date(5),
  tags: ['a'],
  crew: { captain: 'Ann' },
  raw: new Uint8Array([1]),
  miles: 5n,
  cancelled: false,
  extra: { anything: [1] },
}

test('a schema gives the type of its records', () => {
  expectTypeOf<Flight['distance']>().toEqualTypeOf<number | null>()
  expectTypeOf<Flight['crew']>().toEqualTypeOf<{ captain: string; size?: number }>()
  expectTypeOf<Flight>().toExtend<{ note?: string; tags: string[]; miles: bigint }>()
  expectTypeOf<StandardSchemaV1.InferOutput<typeof flight>>().toEqualTypeOf<Flight>()
})

test('records of a declared shape go through a page from the first one on', () => {
  const codecs = new Codecs()
  const shape = codecs.add(shapeOfSchema(flight))
  const writer = codecs.writer(shape, false)
  const views = pageViews(new SharedArrayBuffer(4096))
  writer.begin(views, 0, 4096)
  const records = [
    record,
    { ...record, distance: 5.5, note: 'late', crew: { captain: '', size: 2 } },
  ]
  for (const each of records) expect(writer.append(each, 0)).toBe(APPENDED)
  expect(writer.append({ ...record, delay: 0.5 }, 0)).toBe(MISFIT)
  writer.finish()
  const reader = codecs.reader(shape, false)
  reader.open(views, 0)
  expect([reader.record(0), reader.record(1)]).toStrictEqual(records)
})

test('a record that does not fit is refused with field, value and expected type', () => {
  const refused = (change: object, message: string) => {
    const error = expect.objectContaining({
      code: 'RECORD_NOT_IN_SCHEMA',
      message: expect.stringContaining(message),
    })
    expect(() => checkRecord(flight, { ...record, ...change })).toThrow(error)
  }
  expect(() => checkRecord(flight, record)).not.toThrow()
  refused({ delay: 'late' }, `field 'delay' is 'late', expected int32`)
  refused({ delay: 2 ** 31 }, `field 'delay' is 2147483648, expected int32`)
  refused({ distance: '5' }, `field 'distance' is '5', expected double or null`)
  refused({ origin: undefined }, `field 'origin' is missing, expected string`)
  refused({ tags: ['a', 5] }, `field 'tags[1]' is 5, expected string`)
  refused({ tags: 'a' }, `expected array of string`)
  refused({ crew: { captain: null } }, `field 'crew.captain' is null, expected string`)
  refused({ speed: 1 }, `field 'speed' is 1, not declared`)
  expect(() => checkRecord(flight, 5)).toThrow(/the record is 5, expected object/)
})

test('a schema is a Standard Schema, with every issue and its path', () => {
  const result = flight['~standard'].validate({ ...record, delay: 'late', crew: { size: 1.5 } })
  expect(result).toMatchObject({
    issues: [{ path: ['delay'] }, { path: ['crew', 'captain'] }, { path: ['crew', 'size'] }],
  })
  expect(flight['~standard'].validate(record)).toEqual({ value: record })
})
