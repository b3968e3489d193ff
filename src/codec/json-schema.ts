/**
 * Schemas of other libraries, by way of Standard JSON Schema: what JSON Schema can say about a
 * record, as the plain data that declared schemas are. What it cannot say becomes `any`.
 * Threads: any.
 */
import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import { SluiceError } from '../base/errors.ts'
import type { SchemaNode } from './schema-issues.ts'
import type { ValueKind } from './shape.ts'

type Json = Readonly<Record<string, unknown>>

const TARGET = 'draft-2020-12'
const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/** The node of a foreign schema. Throws SCHEMA_NOT_CONVERTIBLE if the library refuses. */
export function nodeOfStandardSchema(schema: StandardJSONSchemaV1): SchemaNode {
  const { jsonSchema, vendor } = schema['~standard']
  try {
    return nodeOf(jsonSchema.output({ target: TARGET }), false)
  } catch (cause) {
    throw new SluiceError(
      'SCHEMA_NOT_CONVERTIBLE',
      `the ${vendor} schema has no JSON Schema: ${cause instanceof Error ? cause.message : cause}`,
      { cause, hint: "declare the records with sluice's own schema({ ... }) instead" },
    )
  }
}

/** True for a schema that can tell its JSON Schema. */
export function isStandardJsonSchema(value: unknown): value is StandardJSONSchemaV1 {
  const props = (value as StandardJSONSchemaV1 | null | undefined)?.['~standard']
  return typeof props?.jsonSchema?.output === 'function'
}

function nodeOf(json: unknown, optional: boolean): SchemaNode {
  if (typeof json !== 'object' || json === null) return leaf('any', optional)
  const options = alternatives(json as Json)
  const present = options.filter((option) => option.type !== 'null')
  const nullable = present.length < options.length
  if (present.length !== 1) return { ...leaf('any', optional), nullable }
  return { ...single(present[0]!, optional), nullable }
}

/** A type list and an `anyOf` say the same. */
function alternatives(json: Json): readonly Json[] {
  if (Array.isArray(json.anyOf)) return json.anyOf as Json[]
  if (Array.isArray(json.type)) return json.type.map((type: unknown) => ({ ...json, type }))
  return [json]
}

function single(json: Json, optional: boolean): SchemaNode {
  switch (json.type) {
    case 'string':
      return leaf('string', optional)
    case 'boolean':
      return leaf('bool', optional)
    case 'integer':
      return leaf(isInt32(json) ? 'int32' : 'double', optional)
    case 'number':
      return leaf('double', optional)
    case 'array':
      return { ...leaf('array', optional), item: nodeOf(json.items, false) }
    case 'object':
      return objectNode(json, optional)
    default:
      return leaf('any', optional)
  }
}

function isInt32({ minimum, maximum }: Json): boolean {
  return (
    typeof minimum === 'number' &&
    typeof maximum === 'number' &&
    minimum >= INT32_MIN &&
    maximum <= INT32_MAX
  )
}

/** An object whose fields are not all named is a map, which no row can hold. */
function objectNode(json: Json, optional: boolean): SchemaNode {
  const { properties, additionalProperties } = json
  if (typeof properties !== 'object' || properties === null) return leaf('any', optional)
  if (typeof additionalProperties === 'object') return leaf('any', optional)
  const required = new Set(Array.isArray(json.required) ? (json.required as string[]) : [])
  const fields = Object.entries(properties).map(
    ([name, field]) => [name, nodeOf(field, !required.has(name))] as const,
  )
  return { ...leaf('object', optional), fields: Object.fromEntries(fields) }
}

function leaf(kind: ValueKind, optional: boolean): SchemaNode {
  return { kind, nullable: false, optional }
}
