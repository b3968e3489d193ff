import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import { expect, test } from 'vitest'
import { isStandardJsonSchema, nodeOfStandardSchema } from '../../src/codec/json-schema.ts'

/** A foreign schema with this JSON Schema. */
function foreign(json: Record<string, unknown>): StandardJSONSchemaV1 {
  const convert = () => json
  return {
    '~standard': { version: 1, vendor: 'foreign', jsonSchema: { input: convert, output: convert } },
  }
}

const leaf = (kind: string, more = {}) => ({ kind, nullable: false, optional: false, ...more })
const int32 = { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }

test.each([
  ['a string', { type: 'string' }, leaf('string')],
  ['a number', { type: 'number' }, leaf('double')],
  ['an integer of any size', { type: 'integer' }, leaf('double')],
  ['an integer of 32 bits', int32, leaf('int32')],
  ['null or a string, as a list', { type: ['string', 'null'] }, leaf('string', { nullable: true })],
  [
    'null or a number, as alternatives',
    { anyOf: [{ type: 'number' }, { type: 'null' }] },
    leaf('double', { nullable: true }),
  ],
  ['an array', { type: 'array', items: int32 }, leaf('array', { item: leaf('int32') })],
  ['a map', { type: 'object', additionalProperties: { type: 'string' } }, leaf('any')],
  ['several types', { anyOf: [{ type: 'number' }, { type: 'string' }] }, leaf('any')],
  ['what it cannot say', {}, leaf('any')],
  [
    'an object with an optional field',
    {
      type: 'object',
      properties: { a: { type: 'boolean' }, b: { type: 'string' } },
      required: ['a'],
    },
    leaf('object', { fields: { a: leaf('bool'), b: leaf('string', { optional: true }) } }),
  ],
])('%s of a foreign schema is understood', (_, json, node) => {
  expect(nodeOfStandardSchema(foreign(json))).toEqual(node)
})

test('a schema that its library cannot convert is refused with the reason', () => {
  const convert = () => {
    throw new Error('transforms cannot be represented')
  }
  const refusing: StandardJSONSchemaV1 = {
    '~standard': { version: 1, vendor: 'foreign', jsonSchema: { input: convert, output: convert } },
  }
  expect(() => nodeOfStandardSchema(refusing)).toThrow(/foreign schema.*transforms cannot be/)
})

test('only what can tell its JSON Schema counts', () => {
  expect(isStandardJsonSchema(foreign({}))).toBe(true)
  expect(isStandardJsonSchema({ '~standard': { validate: () => {} } })).toBe(false)
  expect(isStandardJsonSchema(undefined)).toBe(false)
})
